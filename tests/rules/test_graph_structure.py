"""The shape of graphs, in small real files: each fault at its node, and gone when corrected."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.loaders.onnx import builder as onnx
from tests.loaders.tflite.builder import ModelBuilder
from tests.rules.written import findings, keras_file, layer, sequential

OWN = "EL520 EL521 EL522 EL523 EL524 EL525 EL526 EL527"

Write = Callable[[Path], Path]


class Lite(ModelBuilder):
    """A TFLite model that grows from one input `x`."""

    def __init__(self, shape: Sequence[int], kind: str = "FLOAT32") -> None:
        super().__init__()
        self.kind, self.shape = kind, list(shape)
        self.first = self.last = self.value("x", shape)

    def value(self, name: str, shape: Sequence[int], bytes_each: int = 0) -> int:
        data = bytes(bytes_each * int(np.prod(shape))) if bytes_each else None
        scale: dict[str, Any] = {} if self.kind == "FLOAT32" else {"scale": [0.5], "zero_point": [0]}
        return self.tensor(name, shape, self.kind, data, **scale)

    def weights(self, name: str, shape: Sequence[int]) -> int:
        return self.value(name, shape, 4 if self.kind == "FLOAT32" else 1)

    def then(
        self, kind: str, name: str, shape: Sequence[int], *more: int, table: str = "", **options: Any
    ) -> Lite:
        made = self.value(name, shape)
        self.operator(kind, [self.last, *more], [made], table, **options)
        self.last, self.shape = made, list(shape)
        return self

    def conv(
        self, name: str, channels: int, kernel: int = 3, kernel_in: int = 0, made: Sequence[int] = ()
    ) -> Lite:
        weights = self.weights(f"{name}/w", [channels, kernel, kernel, kernel_in or self.shape[3]])
        options = {"padding": 0, "strideW": 1, "strideH": 1}
        shape = made or [*self.shape[:3], channels]
        whole: dict[str, Any] = (
            {"kind": "INT32", "scale": [0.25], "zero_point": [0]} if self.kind == "INT8" else {}
        )
        bias = self.tensor(f"{name}/b", [channels], data=bytes(4 * channels), **whole)
        return self.then("CONV_2D", name, shape, weights, bias, table="Conv2DOptions", **options)

    def dense(self, name: str, units: int, weights: int | None = None, columns: int = 0) -> Lite:
        chosen = self.weights(f"{name}/w", [units, columns or self.shape[-1]]) if weights is None else weights
        made = [self.shape[0], units]
        return self.then("FULLY_CONNECTED", name, made, chosen, table="FullyConnectedOptions")

    def reshape(self, name: str, shape: Sequence[int]) -> Lite:
        return self.then("RESHAPE", name, shape, self.ints(f"{name}/s", shape), table="ReshapeOptions")

    def turn(self, name: str, order: Sequence[int]) -> Lite:
        perm = self.tensor(f"{name}/p", [4], "INT32", struct.pack("<4i", *order))
        shape = [self.shape[axis] for axis in order]
        return self.then("TRANSPOSE", name, shape, perm, table="TransposeOptions")

    def saved(self, folder: Path, *outputs: int) -> Path:
        self.ends([self.first], [*outputs, self.last])
        return self.write(folder)


def torch(
    folder: Path, nodes: Sequence[Any], shape: Sequence[Any], constants: dict[str, Sequence[int]]
) -> Path:
    """An ONNX model of `nodes` from `x` to `y`, its constants filled with zeros."""
    made = [numpy_helper.from_array(np.zeros(dims, np.float32), name) for name, dims in constants.items()]
    graph = onnx.graph(nodes, [onnx.value("x", shape)], [onnx.value("y", None)], made)
    return onnx.saved(onnx.model(graph), folder)


def op(kind: str, reads: str, makes: str, **attributes: Any) -> Any:
    return helper.make_node(kind, reads.split(), makes.split(), makes, **attributes)


def cell(folder: Path, steps: int) -> Path:
    """h = tanh(h · U), again and again."""
    model = Lite([1, 8])
    weights = model.weights("U", [8, 8])
    for step in range(steps):
        model.dense(f"p{step}", 8, weights).then("TANH", f"h{step}", [1, 8])
    return model.saved(folder)


def torch_cell(folder: Path, steps: int, gate: str = "Tanh") -> Path:
    nodes = []
    for step in range(steps):
        nodes += [op("MatMul", f"h{step} U" if step else "x U", f"p{step}")]
        nodes += [op(gate, f"p{step}", f"h{step + 1}" if step < steps - 1 else "y")]
    return torch(folder, nodes, [1, 8], {"U": [8, 8]})


IMAGE = (None, 16, 16, 8)
CONV: dict[str, Any] = {
    "filters": 16,
    "kernel_size": [9, 9],
    "padding": "same",
    "strides": [1, 1],
    "data_format": "channels_last",
}
SMALL: dict[str, Any] = {**CONV, "kernel_size": [3, 3]}
FLAT = [layer("Conv2D", "c", **SMALL), layer("Flatten", "f"), layer("Dense", "d", units=32)]
POOLED = [FLAT[0], layer("GlobalAveragePooling2D", "p", data_format="channels_last"), FLAT[2]]


def named(kind: str) -> Write:
    """Two outputs, whose names are `kind` and a number."""

    def write(folder: Path) -> Path:
        if kind == "onnx":
            nodes = [op("Relu", "x", "495"), op("Relu", "495", "y")]
            graph = onnx.graph(
                nodes, [onnx.value("x", [1, 4])], [onnx.value(n, None) for n in ("495", "496")]
            )
            nodes[1].output[0] = "496"
            graph = onnx.graph(
                nodes, [onnx.value("x", [1, 4])], [onnx.value(n, None) for n in ("495", "496")]
            )
            return onnx.saved(onnx.model(graph), folder)
        model = Lite([1, 4]).then("RELU", f"{kind}:0", [1, 4])
        first = model.last
        return model.then("TANH", f"{kind}:1", [1, 4]).saved(folder, first)

    return write


Case = tuple[Write, str, str, str, str]

FAULTS: dict[str, Case] = {
    "flatten, tflite": (
        lambda p: Lite([1, 16, 16, 8]).conv("c", 16).reshape("f", [1, 4096]).dense("d", 32).saved(p),
        "",
        "EL520",
        "d",
        "the 16×16×16 map flattened: 512 KiB",
    ),
    "flatten, onnx": (
        lambda p: torch(
            p,
            [op("Conv", "x k", "c"), op("Flatten", "c", "f"), op("Gemm", "f w", "y", transB=1)],
            [1, 8, 18, 18],
            {"k": [16, 8, 3, 3], "w": [32, 4096]},
        ),
        "",
        "EL520",
        "y",
        "the 16×16×16 map flattened: 512 KiB",
    ),
    "flatten, keras": (
        lambda p: keras_file(p, sequential(*FLAT, shape=IMAGE)),
        "",
        "EL520",
        "d",
        "the 16×16×16 map flattened",
    ),
    "lanes, vector": (
        lambda p: (
            Lite([1, 32, 32, 3], "INT8").conv("a", 24).conv("b", 16, 1).reshape("y", [1, 16384]).saved(p)
        ),
        "cortex-m55",
        "EL521",
        "b",
        "sums over 24 numbers, 16 at a time",
    ),
    "lanes, npu": (
        lambda p: (
            Lite([1, 32, 32, 3], "INT8").conv("a", 9).conv("b", 16, 1).reshape("y", [1, 16384]).saved(p)
        ),
        "ethos-u55-128",
        "EL521",
        "a",
        "makes 9 channels, 8 at a time",
    ),
    "unrolled, tflite": (lambda p: cell(p, 5), "", "EL522", "p0", "'U' is multiplied with 5 times in a row"),
    "unrolled, onnx": (lambda p: torch_cell(p, 20), "", "EL522", "p0", "'U' is multiplied with 20 times"),
    "unrolled, keras": (
        lambda p: keras_file(p, sequential(layer("LSTM", "l", units=4, unroll=True), shape=(None, 20, 8))),
        "",
        "EL522",
        "l",
        "LSTM is told to unroll its 20 steps",
    ),
    "kernel, tflite": (
        lambda p: Lite([1, 16, 16, 8]).conv("c", 8, 9).saved(p),
        "",
        "EL523",
        "c",
        "9×9 window",
    ),
    "kernel, onnx": (
        lambda p: torch(p, [op("Conv", "x k", "y")], [1, 8, 32, 32], {"k": [8, 8, 11, 11]}),
        "",
        "EL523",
        "y",
        "11×11 window over 8 channels: 7,744 weights",
    ),
    "kernel, keras": (
        lambda p: keras_file(p, sequential(layer("Conv2D", "c", **CONV), shape=IMAGE)),
        "cortex-m4",
        "EL523",
        "c",
        "9×9 window over 8 channels",
    ),
    "channels, tflite": (
        lambda p: Lite([1, 8, 8, 3]).conv("c", 4, kernel_in=5).saved(p),
        "",
        "EL524",
        "c",
        "reads 3 channels with weights for 5",
    ),
    "output channels, tflite": (
        lambda p: Lite([1, 8, 8, 3]).conv("c", 4, made=[1, 8, 8, 6]).saved(p),
        "",
        "EL524",
        "c",
        "makes 6 channels with weights for 4",
    ),
    "output size, tflite": (
        lambda p: Lite([1, 8, 8, 3]).conv("c", 4, made=[1, 9, 9, 4]).saved(p),
        "",
        "EL524",
        "c",
        "makes 9×9 of 8×8",
    ),
    "columns, tflite": (
        lambda p: Lite([1, 6]).dense("d", 4, columns=5).saved(p),
        "",
        "EL524",
        "d",
        "reads 6 numbers in rows of 5",
    ),
    "reshape, tflite": (
        lambda p: Lite([1, 6]).reshape("r", [1, 8]).saved(p),
        "",
        "EL524",
        "r",
        "makes 8 numbers of 6",
    ),
    "channels, onnx": (
        lambda p: torch(p, [op("Conv", "x k", "y")], [1, 5, 8, 8], {"k": [4, 3, 3, 3]}),
        "",
        "EL524",
        "y",
        "reads 5 channels with weights for 3",
    ),
    "order, onnx": (
        lambda p: torch(p, [op("Relu", "h", "y"), op("Tanh", "x", "h")], [1, 4], {}),
        "",
        "EL524",
        "y",
        "stands in the file before what it reads is made",
    ),
    "batch, tflite": (
        lambda p: Lite([32, 8, 8, 3]).conv("c", 4).saved(p),
        "cortex-m4",
        "EL525",
        "",
        "batch of 32",
    ),
    "batch, onnx": (
        lambda p: torch(p, [op("Conv", "x k", "y")], [16, 1, 8, 8], {"k": [4, 1, 3, 3]}),
        "cortex-m4",
        "EL525",
        "",
        "batch of 16",
    ),
    "batch, keras": (
        lambda p: keras_file(p, sequential(layer("Dense", "d", units=2), shape=(8, 4))),
        "cortex-m4",
        "EL525",
        "",
        "batch of 8",
    ),
    "layout, tflite": (
        lambda p: Lite([1, 4, 16, 16]).turn("a", (0, 2, 3, 1)).conv("c", 4).turn("b", (0, 3, 1, 2)).saved(p),
        "",
        "EL526",
        "",
        "2 transpositions between channels first and channels last write 8 KiB",
    ),
    "layout, keras": (
        lambda p: keras_file(
            p,
            sequential(
                layer("Conv2D", "c", **{**SMALL, "data_format": "channels_first"}), shape=(None, 3, 8, 8)
            ),
        ),
        "cortex-m4",
        "EL526",
        "",
        "1 layer has channels first",
    ),
    "layout, onnx": (
        lambda p: torch(p, [op("Conv", "x k", "y")], [1, 3, 8, 8], {"k": [4, 3, 3, 3]}),
        "cortex-m4",
        "EL526",
        "",
        "input 'x' of shape 1×3×8×8 becomes 1×8×8×3",
    ),
    "names, tflite": (
        named("StatefulPartitionedCall"),
        "",
        "EL527",
        "",
        "2 outputs with names that say nothing",
    ),
    "names, onnx": (named("onnx"), "", "EL527", "", "'495', '496'"),
}
"""A file with a fault; the target; the code, the node and some of the words that it is found with."""


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found(case: str, tmp_path: Path) -> None:
    write, target, code, node, words = FAULTS[case]
    found = findings(write(tmp_path), OWN, target)
    assert [(each.code, each.location.node) for each in found] == [(code, node)]
    assert words in found[0].message


SOUND: dict[str, tuple[Write, str]] = {
    "pooled, keras": (lambda p: keras_file(p, sequential(*POOLED, shape=IMAGE)), "cortex-m4"),
    "an image flattened": (lambda p: Lite([1, 28, 28, 1]).reshape("f", [1, 784]).dense("d", 64).saved(p), ""),
    "full lanes": (
        lambda p: (
            Lite([1, 32, 32, 3], "INT8").conv("a", 16).conv("b", 16, 1).reshape("y", [1, 16384]).saved(p)
        ),
        "ethos-u55-128",
    ),
    "two steps": (lambda p: cell(p, 2), ""),
    "a filter applied again and again": (lambda p: torch_cell(p, 9, "Neg"), ""),
    "a rolled layer": (
        lambda p: keras_file(p, sequential(layer("LSTM", "l", units=4, unroll=False), shape=(None, 20, 8))),
        "",
    ),
    "a small kernel": (lambda p: Lite([1, 16, 16, 8]).conv("c", 8, 7).saved(p), ""),
    "a large batch on a PC": (lambda p: Lite([32, 8, 8, 3]).conv("c", 4).saved(p), "litert-cpu"),
    "a sequence, not a batch": (lambda p: Lite([49, 40]).dense("d", 8).saved(p), "cortex-m4"),
    "grouped channels": (
        lambda p: torch(p, [op("Conv", "x k", "y", group=3)], [1, 6, 8, 8], {"k": [6, 2, 3, 3]}),
        "onnxruntime-cpu",
    ),
    "named outputs": (named("boxes"), ""),
}


@pytest.mark.parametrize("case", SOUND)
def test_a_sound_file_has_no_finding(case: str, tmp_path: Path) -> None:
    write, target = SOUND[case]
    assert findings(write(tmp_path), OWN, target) == []


@pytest.mark.parametrize("case", ["channels, tflite", "columns, tflite", "reshape, tflite"])
def test_litert_refuses_what_is_called_an_error(case: str, tmp_path: Path) -> None:
    interpreter = pytest.importorskip("tensorflow").lite.Interpreter
    with pytest.raises(RuntimeError):
        interpreter(str(FAULTS[case][0](tmp_path))).allocate_tensors()


def test_onnx_runtime_fails_at_what_is_called_an_error(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(FAULTS["channels, onnx"][0](tmp_path)))
    with pytest.raises(Exception, match="channels"):
        session.run(None, {"x": np.zeros((1, 5, 8, 8), np.float32)})


def test_a_dangling_operand_is_an_error(tmp_path: Path) -> None:
    model = Lite([1, 4])
    loose = model.value("loose", [1, 4])
    path = model.then("ADD", "y", [1, 4], loose, table="AddOptions").saved(tmp_path)
    (found,) = findings(path, "EL524")
    assert (found.severity.value, found.message) == ("error", "ADD reads 'loose', which nothing makes")


def test_a_move_that_changes_the_type_is_an_error(tmp_path: Path) -> None:
    model = Lite([1, 6])
    made = model.tensor("r", [1, 6], "INT8", scale=[0.5], zero_point=[0])
    model.operator("RESHAPE", [model.last, model.ints("s", [1, 6])], [made], "ReshapeOptions")
    model.ends([model.first], [made])
    (found,) = findings(model.write(tmp_path), "EL524")
    assert found.message == "RESHAPE makes int8 'r' of float32, which it cannot convert"
