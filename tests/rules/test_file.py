"""The file itself: metadata that promises what is not there, formats that were left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from edgelint.checker import Settings, check_file
from tests.conftest import ROOT
from tests.loaders.onnx import builder as onnx
from tests.loaders.tflite.builder import ModelBuilder
from tests.rules.written import findings, h5_file, layer, sequential

OWN = "EL91"
LABELLED = ROOT / "fixtures" / "models" / "digits_labelled.float32.tflite"

Write = Callable[[Path], Path]


def without_its_zip(folder: Path) -> Path:
    """A labelled model that a tool has rewritten: what lay behind the flatbuffer is gone."""
    content = LABELLED.read_bytes()
    path = folder / "model.tflite"
    path.write_bytes(content[: content.find(b"PK\x03\x04")])
    return path


def described(folder: Path, normalized: bool, kind: str = "FLOAT32") -> Path:
    """A model whose metadata calls its input an image, with or without its mean and deviation."""
    model = ModelBuilder()
    quantized = {} if kind == "FLOAT32" else {"scale": [0.5], "zero_point": [0]}
    x, y = (model.tensor(name, [1, 8, 8, 3], kind, **quantized) for name in "xy")  # type: ignore[arg-type]
    model.ends([x], [y])
    model.operator("RELU", [x], [y])
    entry = model.s.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", model.buffer(image_metadata(normalized))
    model.model.metadata.append(entry)
    return model.write(folder)


def image_metadata(normalized: bool) -> bytes:
    """Tables by the number of their fields in metadata_schema.fbs (1.1); 2 is an image, 1 a normalization."""
    flatbuffers = pytest.importorskip("flatbuffers")
    builder = flatbuffers.Builder(256)

    def table(fields: int, offsets: dict[int, int], kind: int = 0) -> int:
        builder.StartObject(fields)
        for place, offset in offsets.items():
            builder.PrependUOffsetTRelativeSlot(place, offset, 0)
        if kind:
            builder.PrependUint8Slot(0, kind, 0)
        return int(builder.EndObject())

    def vector(*tables: int) -> int:
        builder.StartVector(4, len(tables), 4)
        for each in reversed(tables):
            builder.PrependUOffsetTRelative(each)
        return int(builder.EndVector())

    content = table(3, {1: table(2, {})}, kind=2)
    units = {}
    if normalized:
        mean = builder.CreateNumpyVector(np.array([127.5], np.float32))
        options = table(2, {0: mean, 1: mean})
        units = {4: vector(table(2, {1: options}, kind=1))}
    tensor = table(7, {3: content, **units})
    builder.Finish(table(8, {3: vector(table(10, {2: vector(tensor)}))}), b"M001")
    return bytes(builder.Output())


def gemm(folder: Path, opset: int = 17, ir_version: int = 8, weights: bool = True) -> Path:
    """y = Relu(x), or y = x · w with w among the inputs where the IR version asks for that."""
    x, y = onnx.value("x", [1, 8]), onnx.value("y", None)
    if not weights:
        graph = onnx.graph([helper.make_node("Relu", ["x"], ["y"])], [x], [y])
    else:
        constant = numpy_helper.from_array(np.zeros((8, 3), np.float32), "w")
        inputs = [x, onnx.value("w", [8, 3])] if ir_version < 4 else [x]
        graph = onnx.graph([helper.make_node("MatMul", ["x", "w"], ["y"])], inputs, [y], [constant])
    return onnx.saved(onnx.model(graph, opset=opset, ir_version=ir_version), folder)


def keras(folder: Path, version: str) -> Path:
    return h5_file(folder, sequential(layer("Dense", "d", units=2)), version)


FAULTS: dict[str, tuple[Write, str, str, str, str]] = {
    "label file gone": (
        without_its_zip,
        "",
        "EL910",
        "warning",
        "names the file 'labels.txt', which is not packed",
    ),
    "float image not normalized": (
        lambda p: described(p, normalized=False),
        "",
        "EL910",
        "warning",
        "calls the float input 'x' an image and does not say how to normalize it",
    ),
    "hdf5 of keras 2": (lambda p: keras(p, "2.8.0"), "", "EL911", "note", "is HDF5 of Keras 2.8.0"),
    "hdf5 of keras 1": (lambda p: keras(p, "1.2.2"), "", "EL911", "warning", "Keras 3 does not read"),
    "weights as inputs": (lambda p: gemm(p, 8, 3), "", "EL911", "note", "has IR version 3"),
    "old opset": (lambda p: gemm(p, 6), "", "EL911", "note", "uses opset 6"),
    "old opset where it counts": (
        lambda p: gemm(p, 6),
        "onnxruntime-cpu",
        "EL911",
        "warning",
        "uses opset 6",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found(case: str, tmp_path: Path) -> None:
    write, target, code, severity, words = FAULTS[case]
    found = findings(write(tmp_path), OWN, target)
    assert [(each.code, each.severity.value) for each in found] == [(code, severity)]
    assert words in found[0].message


@pytest.mark.parametrize(
    "write",
    [
        lambda p: LABELLED,
        lambda p: described(p, normalized=True),
        lambda p: described(p, normalized=False, kind="INT8"),
        lambda p: keras(p, "3.8.0"),
        gemm,
        lambda p: gemm(p, 8, 3, weights=False),
    ],
)
def test_a_sound_file_has_no_finding(write: Write, tmp_path: Path) -> None:
    assert findings(write(tmp_path), OWN) == []


@pytest.mark.parametrize("name", ["truncated.tflite", "truncated.onnx", "truncated.h5", "truncated.keras"])
def test_a_file_that_was_cut_off_is_unreadable(name: str) -> None:
    (report,) = check_file(ROOT / "fixtures" / "malformed" / name, Settings())
    assert report.error is not None
    assert report.error.code == "EL901"
    assert report.error.hint
