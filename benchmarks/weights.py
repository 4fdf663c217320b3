"""ONNX models of convolutions whose weights may be large: `python -m benchmarks.weights KIND PATH`.

KIND is 14MB, 1GiB-inside, 1GiB-beside or 4GiB-beside: where the weights lie. Those beside are real numbers
for 1 GiB and a hole for 4 GiB; those of 1GiB-inside are a hole too: a file that takes no room.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, BinaryIO

LAYERS = 60
SMALL, SIDE = 81, 32
"""Channels of the small model: 60 weights of 3 x 3 x 81 x 81, 14.2 MB together; pixels of its image."""

BYTES = {"14MB": 0, "1GiB-inside": 1 << 30, "1GiB-beside": 1 << 30, "4GiB-beside": 4 << 30}


def write(kind: str, path: Path) -> None:
    """The model, and its data beside it if it says so."""
    channels = SMALL if kind == "14MB" else int((BYTES[kind] / (LAYERS * 9 * 4)) ** 0.5) + 1
    if kind == "14MB":
        _write_small(path)
    elif kind.endswith("inside"):
        _write_inside(path, channels)
    else:
        _write_beside(path, channels, sparse=kind.startswith("4"))


def _nodes(channels: int) -> tuple[list[Any], list[Any]]:
    """The nodes, and the declarations of input and output."""
    from onnx import TensorProto, helper

    nodes = []
    for layer in range(LAYERS):
        before = f"relu_{layer - 1}" if layer else "image"
        nodes += [
            helper.make_node("Conv", [before, f"weight_{layer}"], [f"conv_{layer}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"conv_{layer}"], [f"relu_{layer}"]),
        ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIDE, SIDE])
        for name in ("image", f"relu_{LAYERS - 1}")
    ]
    return nodes, ends


def _model(graph: Any) -> Any:
    from onnx import helper

    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _write_small(path: Path) -> None:
    import numpy
    from onnx import helper, numpy_helper, save

    random = numpy.random.default_rng(0)
    nodes, ends = _nodes(SMALL)
    weights = [
        numpy_helper.from_array(
            random.normal(0, 0.05, (SMALL, SMALL, 3, 3)).astype(numpy.float32), f"weight_{n}"
        )
        for n in range(LAYERS)
    ]
    save(_model(helper.make_graph(nodes, "convolutions", ends[:1], ends[1:], weights)), path)


def _write_beside(path: Path, channels: int, *, sparse: bool) -> None:
    import numpy
    from onnx import TensorProto, helper, save

    nodes, ends = _nodes(channels)
    size = channels * channels * 9 * 4
    data = path.with_name(path.name + ".data")
    weights = []
    for layer in range(LAYERS):
        weight = TensorProto(
            name=f"weight_{layer}",
            dims=[channels, channels, 3, 3],
            data_type=TensorProto.FLOAT,
            data_location=TensorProto.EXTERNAL,
        )
        for key, text in (("location", data.name), ("offset", layer * size), ("length", size)):
            weight.external_data.add(key=key, value=str(text))
        weights.append(weight)
    with data.open("wb") as file:
        random = numpy.random.default_rng(0)
        for _ in range(0 if sparse else LAYERS):
            file.write(random.normal(0, 0.05, size // 4).astype(numpy.float32).tobytes())
        file.truncate(LAYERS * size)
    save(_model(helper.make_graph(nodes, "convolutions", ends[:1], ends[1:], weights)), path)


def _write_inside(path: Path, channels: int) -> None:
    """By hand, as no library writes what it cannot hold: graph (7), initializer (5), raw_data (9)."""
    from onnx import TensorProto, helper

    nodes, ends = _nodes(channels)
    size = channels * channels * 9 * 4
    graph = helper.make_graph(nodes, "convolutions", ends[:1], ends[1:]).SerializeToString()
    model = _model(helper.make_graph([], "", [], []))
    model.ClearField("graph")
    heads = []
    for layer in range(LAYERS):
        declared = TensorProto(
            name=f"weight_{layer}", dims=[channels, channels, 3, 3], data_type=TensorProto.FLOAT
        ).SerializeToString()
        tensor = declared + _tag(9, size)
        heads.append(_tag(5, len(tensor) + size) + tensor)
    total = len(graph) + sum(len(head) + size for head in heads)
    with path.open("wb") as file:
        file.write(model.SerializeToString() + _tag(7, total) + graph)
        for head in heads:
            file.write(head)
            _skip(file, size)


def _skip(file: BinaryIO, size: int) -> None:
    file.seek(size - 1, 1)
    file.write(b"\0")


def _tag(field: int, length: int) -> bytes:
    """The head of a field of `length` bytes."""
    out = bytearray([field << 3 | 2])
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(out + bytes([length]))


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
