"""Could the file harm whoever loads it? Each fault in a real file, and the same file without it."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from edgelint import loaders
from edgelint.analysis.files.kinds import file_kind
from edgelint.errors import EdgelintError
from tests.loaders.onnx import builder as onnx
from tests.loaders.tflite.builder import ModelBuilder
from tests.rules.written import (
    archive,
    calling_pickle,
    compiled_python,
    elf,
    findings,
    h5_file,
    keras_file,
    layer,
    mac_program,
    sequential,
    windows_program,
)

DENSE = sequential(layer("Dense", "d", units=2))
SCRIPT = b"#!/bin/sh -e\necho unasked\n" + bytes(64)
OWN = "EL704 EL705 EL706 EL707 EL708 EL709 EL71"

Fault = Callable[[Path], Path]


def tflite(
    folder: Path, change: Callable[[ModelBuilder], None] = lambda model: None, behind: bytes = b""
) -> Path:
    """y = Relu(x), changed."""
    model = ModelBuilder()
    x, y = model.tensor("x", [1, 4]), model.tensor("y", [1, 4])
    model.ends([x], [y])
    model.operator("RELU", [x], [y])
    change(model)
    path = model.write(folder)
    path.write_bytes(path.read_bytes() + behind)
    return path


def metadata(content: bytes) -> Callable[[ModelBuilder], None]:
    def change(model: ModelBuilder) -> None:
        entry = model.s.MetadataT()
        entry.name, entry.buffer = "notes", model.buffer(content)
        model.model.metadata.append(entry)

    return change


def unread(content: bytes) -> Callable[[ModelBuilder], None]:
    def change(model: ModelBuilder) -> None:
        model.buffer(content)

    return change


def weights(content: bytes) -> Callable[[ModelBuilder], None]:
    def change(model: ModelBuilder) -> None:
        model.tensor("w", [len(content)], "INT8", content)

    return change


def custom(name: str, options: bytes = b"") -> Callable[[ModelBuilder], None]:
    def change(model: ModelBuilder) -> None:
        model.operator("CUSTOM", [0], [model.tensor("z", [1, 4])], custom=name).customOptions = list(options)

    return change


def named(tensor: str) -> Callable[[ModelBuilder], None]:
    return lambda model: setattr(model.graph.tensors[1], "name", tensor)


def with_zip(name: str, content: bytes) -> bytes:
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return out.getvalue()


def onnx_relu(folder: Path, *nodes: Any, shape: Any = (1, 4), constant: bytes = b"", **more: Any) -> Path:
    """y = Relu(x) and further nodes, a constant, entries of the file."""
    found = [helper.make_node("Relu", ["x"], ["y"], "act"), *nodes]
    constants = [helper.make_tensor("w", TensorProto.UINT8, [len(constant)], constant, raw=True)]
    graph = onnx.graph(
        found, [onnx.value("x", list(shape))], [onnx.value("y", None)], constants if constant else []
    )
    opsets = [helper.make_opsetid(domain, 17) for domain in ("", "com.microsoft", "mmdeploy", "acme")]
    return onnx.saved(onnx.model(graph, opset_imports=opsets, **more), folder)


def node(kind: str, domain: str, name: str = "odd", **attributes: Any) -> Any:
    return helper.make_node(kind, ["x"], ["z"], name, domain=domain, **attributes)


def unknown_field(folder: Path, content: bytes) -> Path:
    """A file with a field that no ONNX has: number 1000, which parsers skip."""
    path = onnx_relu(folder)
    tag = bytes([0xC2, 0x3E, len(content) & 0x7F | 0x80, len(content) >> 7])
    path.write_bytes(path.read_bytes() + tag + content)
    return path


FAULTS: dict[str, tuple[Fault, str, str, str]] = {
    "elf in tflite metadata": (
        lambda p: tflite(p, metadata(elf())),
        "EL706",
        "error",
        "metadata 'notes' is an ELF",
    ),
    "pe in an unread buffer": (
        lambda p: tflite(p, unread(windows_program())),
        "EL706",
        "error",
        "which nothing reads",
    ),
    "mach-o in weights": (
        lambda p: tflite(p, weights(mac_program())),
        "EL706",
        "error",
        "constant 'w' is a macOS",
    ),
    "script behind the model": (
        lambda p: tflite(p, behind=SCRIPT),
        "EL706",
        "error",
        "behind the model is a script",
    ),
    "elf in custom options": (
        lambda p: tflite(p, custom("npu", elf())),
        "EL706",
        "warning",
        "in its custom options",
    ),
    "elf in an associated file": (
        lambda p: tflite(p, behind=with_zip("data.bin", elf())),
        "EL706",
        "error",
        "associated file 'data.bin' is an ELF",
    ),
    "elf in onnx weights": (
        lambda p: onnx_relu(p, constant=elf() * 20),
        "EL706",
        "error",
        "constant 'w' is an ELF",
    ),
    "elf in an onnx attribute": (
        lambda p: onnx_relu(p, node("EPContext", "com.microsoft", blob=elf())),
        "EL706",
        "warning",
        "in its blob",
    ),
    "elf in an unknown field": (
        lambda p: unknown_field(p, elf()),
        "EL706",
        "error",
        "which ONNX does not have",
    ),
    "pyc among keras assets": (
        lambda p: keras_file(p, DENSE, {"assets/d/a.bin": compiled_python()}),
        "EL706",
        "error",
        "compiled Python",
    ),
    "pickle among keras assets": (
        lambda p: keras_file(p, DENSE, {"assets/d/a.pkl": calling_pickle()}),
        "EL706",
        "error",
        "a pickle that imports Python code",
    ),
    "script in a zip comment": (
        lambda p: keras_file(p, DENSE, comment=SCRIPT),
        "EL706",
        "error",
        "archive's comment",
    ),
    "elf before hdf5": (
        lambda p: h5_file(p, DENSE, before=elf()),
        "EL706",
        "error",
        "before the HDF5 content",
    ),
    "elf behind hdf5": (
        lambda p: h5_file(p, DENSE, behind=elf()),
        "EL706",
        "error",
        "behind the HDF5 content",
    ),
    "zip in tflite metadata": (
        lambda p: tflite(p, metadata(archive("zip"))),
        "EL707",
        "warning",
        "a zip archive",
    ),
    "gzip in an unread buffer": (
        lambda p: tflite(p, unread(archive("gzip"))),
        "EL707",
        "warning",
        "a gzip archive",
    ),
    "tar among keras assets": (
        lambda p: keras_file(p, DENSE, {"assets/d/a": archive("tar")}),
        "EL707",
        "warning",
        "a tar archive",
    ),
    "zip in onnx weights": (
        lambda p: onnx_relu(p, constant=archive("zip")),
        "EL707",
        "warning",
        "a zip archive",
    ),
    "huge onnx input": (
        lambda p: onnx_relu(p, shape=[1 << 20, 1 << 20]),
        "EL705",
        "warning",
        "needs 4,096 GiB",
    ),
    "module of python in keras": (
        lambda p: keras_file(p, sequential(layer("system", "d", module="os"))),
        "EL708",
        "error",
        "names os.system at 'd'",
    ),
    "module of python in hdf5": (
        lambda p: h5_file(p, sequential(layer("Popen", "d", module="subprocess"))),
        "EL708",
        "error",
        "names subprocess.Popen at 'd'",
    ),
    "keras function that acts": (
        lambda p: keras_file(p, sequential(layer("get_file", "d", module="keras.utils"))),
        "EL708",
        "error",
        "does something as it is loaded",
    ),
    "somebody's own layer": (
        lambda p: keras_file(p, sequential(layer("Swish2", "d", module="acme.layers"))),
        "EL708",
        "note",
        "needs acme.layers.Swish2 at 'd'",
    ),
    "vocabulary by path": (
        lambda p: keras_file(p, sequential(layer("StringLookup", "d", vocabulary="/etc/passwd"))),
        "EL708",
        "warning",
        "opens the file '/etc/passwd' at 'd'",
    ),
    "escape in a tflite name": (
        lambda p: tflite(p, named("y\x1b[2J")),
        "EL709",
        "warning",
        "escape sequences",
    ),
    "bidi in an onnx name": (
        lambda p: onnx_relu(p, helper.make_node("Relu", ["x"], ["z"], "a\u202etxt.exe")),
        "EL709",
        "warning",
        "change how text is shown",
    ),
    "escape in a keras name": (
        lambda p: keras_file(p, sequential(layer("Dense", "d\x1b]0;owned\x07", units=2))),
        "EL709",
        "warning",
        "escape sequences",
    ),
    "python in tflite": (lambda p: tflite(p, custom("FlexPyFunc")), "EL710", "error", "runs Python code"),
    "writing in tflite": (lambda p: tflite(p, custom("FlexWriteFile")), "EL710", "error", "writes files"),
    "reading in tflite": (lambda p: tflite(p, custom("ReadFile")), "EL710", "warning", "reads files"),
    "python in onnx": (
        lambda p: onnx_relu(p, node("PythonOp", "com.microsoft")),
        "EL710",
        "error",
        "runs Python",
    ),
    "python in keras": (
        lambda p: h5_file(p, sequential(layer("TFOpLambda", "n", function="numpy_function"))),
        "EL710",
        "error",
        "TFOpLambda runs Python code",
    ),
    "foreign library": (
        lambda p: onnx_relu(p, node("NMSRotated", "mmdeploy")),
        "EL711",
        "note",
        "'mmdeploy'",
    ),
}
"""A file with a fault; the code, the severity, and some of the words that it has to be found with."""


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found(case: str, tmp_path: Path) -> None:
    write, code, severity, words = FAULTS[case]
    found = findings(write(tmp_path), OWN)
    assert [(each.code, each.severity.value) for each in found] == [(code, severity)]
    assert words in found[0].message


@pytest.mark.parametrize(
    "write",
    [
        tflite,
        lambda p: tflite(p, metadata(bytes(range(256)) * 4)),
        lambda p: tflite(p, behind=with_zip("labels.txt", b"cat\ndog\n" * 9)),
        lambda p: tflite(p, custom("MyPooling", bytes(range(200)))),
        lambda p: onnx_relu(p, node("FastGelu", "com.microsoft"), constant=bytes(range(256))),
        lambda p: keras_file(p, DENSE, {"assets/d/vocabulary.txt": b"the\nof\nand\n" * 9}),
        lambda p: keras_file(p, sequential(layer("StringLookup", "d", vocabulary=["a", "b"]))),
        lambda p: h5_file(p, DENSE),
    ],
)
def test_a_sound_file_has_no_finding(write: Fault, tmp_path: Path) -> None:
    assert findings(write(tmp_path), OWN) == []


@pytest.mark.parametrize("container", ["keras", "tflite"])
def test_a_member_that_unpacks_to_far_more_is_found(container: str, tmp_path: Path) -> None:
    zeros = bytes(2**21)
    path = (
        keras_file(tmp_path, DENSE, {"assets/zeros": zeros})
        if container == "keras"
        else tflite(tmp_path, behind=with_zip("zeros", zeros))
    )
    assert findings(path, "EL704") == []
    (found,) = findings(path, "EL704", EL704={"least_bytes": 2**20})
    assert "unpacks from" in found.message
    assert found.data["unpacked"] == 2**21


def test_sizes_that_no_packing_reaches_are_refused_with_the_same_code(tmp_path: Path) -> None:
    path = keras_file(tmp_path, DENSE)
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(EdgelintError, match="unpack without end") as caught:
        loaders.load(path)
    assert caught.value.code == "EL704"


def test_hdf5_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = h5_file(tmp_path, DENSE)
    with h5py.File(path, "a") as file:
        group = file.create_group("model_weights/d")
        group.attrs["weight_names"] = [b"kernel:0"]
        group.create_dataset("kernel:0", (4, 2), "f4", external=[("/etc/passwd", 0, 32)])
    with pytest.raises(EdgelintError, match="keeps a weight in another file") as caught:
        loaders.load(path)
    assert caught.value.code == "EL702"


def test_a_huge_keras_input_is_found_once_the_batch_is_known(tmp_path: Path) -> None:
    path = keras_file(tmp_path, sequential(layer("ReLU", "r"), shape=(None, 1 << 20, 1 << 20)))
    assert [each.code for each in findings(path, "EL705", "cortex-m4")] == ["EL705"]


def test_text_that_no_file_has_bytes_for_is_no_fault_of_the_rules(tmp_path: Path) -> None:
    """JSON can hold half of a pair of surrogates."""
    model = keras_file(tmp_path, sequential(layer("Lambda", "d", function="\ud800" * 20)))
    assert "EL900" not in {each.code for each in findings(model, OWN)}


def test_weights_never_look_like_a_file() -> None:
    """Random bytes behind each magic number that is shorter than eight bytes of proof."""
    numbers = random.Random(20260)
    magics = [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\x80\x04", b"#!/", b"PK\x03\x04"]
    magics += [b"\x1f\x8b\x08", b"", b"\0\0\r\n", b"dex\n03"]
    for _ in range(300):
        for magic in magics:
            assert file_kind(magic + numbers.randbytes(1024)) is None
    assert file_kind(b"") is None
    assert [file_kind(elf()[:length]) for length in range(52)] == [None] * 52


@pytest.mark.parametrize("stated", [b"999999\0 ", b"1 2 34\0 ", b"12345678"])
def test_a_checksum_that_is_no_octal_number_is_that_of_no_tar(stated: bytes) -> None:
    head = bytearray(512)
    head[148:156], head[257:262] = stated, b"ustar"
    assert file_kind(bytes(head)) is None
