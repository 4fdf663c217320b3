"""Models of any size for the benchmarks, the same bytes each time.

`python -m benchmarks.graphs PATTERN NODES PATH`: a pattern says how nodes hang together, the path's suffix
in which format. Convolutions have one channel and an image of 8 x 8, so that a graph of 100,000 nodes is a
file of a few megabytes.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

SIDE = 8
"""Height and width of every activation."""


@dataclass(frozen=True)
class Step:
    """One node: `kind` is Conv, BatchNormalization, Relu, Add, Concat or Softmax; the rest are names."""

    kind: str
    inputs: tuple[str, ...]
    output: str


def chain(nodes: int) -> Iterator[Step]:
    """One Relu after the other: each but the first is superfluous, and a finding."""
    return _in_turn(nodes, ("Relu",))


def convolutions(nodes: int) -> Iterator[Step]:
    """Convolution, batch normalization, Relu, over and over."""
    return _in_turn(nodes, ("Conv", "BatchNormalization", "Relu"))


def residual(nodes: int) -> Iterator[Step]:
    """Blocks of two convolutions whose input is added to their result."""
    last = "image"
    for block in range(nodes // 5):
        before = last
        for place, kind in enumerate(("Conv", "Relu", "Conv")):
            yield Step(kind, (last,), f"n{block}_{place}")
            last = f"n{block}_{place}"
        yield Step("Add", (last, before), f"n{block}_3")
        yield Step("Relu", (f"n{block}_3",), f"n{block}_4")
        last = f"n{block}_4"


def fan(nodes: int) -> Iterator[Step]:
    """As many branches as nodes: all read the image, one concatenation reads all of them."""
    names = tuple(f"n{place}" for place in range(nodes - 1))
    for name in names:
        yield Step("Relu", ("image",), name)
    yield Step("Concat", names, "joined")


def findings(nodes: int) -> Iterator[Step]:
    """A Softmax inside after each convolution: much to say of each node."""
    return _in_turn(nodes, ("Conv", "Softmax"))


PATTERNS: dict[str, Callable[[int], Iterator[Step]]] = {
    "chain": chain,
    "convolutions": convolutions,
    "residual": residual,
    "fan": fan,
    "findings": findings,
}


def _in_turn(nodes: int, kinds: tuple[str, ...]) -> Iterator[Step]:
    last = "image"
    for place in range(nodes):
        yield Step(kinds[place % len(kinds)], (last,), f"n{place}")
        last = f"n{place}"


def write_onnx(steps: Iterator[Step], path: Path) -> None:
    """The nodes as an ONNX model; every convolution has a weight of its own."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper, save

    nodes, weights = [], []
    vectors = ("scale", "bias", "mean", "variance")
    for name in vectors:
        weights.append(numpy_helper.from_array(numpy.full(1, 0.5, numpy.float32), name))
    channels, name = 1, "image"
    for step in steps:
        inputs: list[str] = list(step.inputs)
        more: dict[str, Any] = {}
        if step.kind == "Conv":
            weight = numpy.linspace(-0.3, 0.3, 9, dtype=numpy.float32).reshape(1, 1, 3, 3)
            weights.append(numpy_helper.from_array(weight, f"{step.output}_weight"))
            inputs.append(f"{step.output}_weight")
            more = {"pads": [1, 1, 1, 1]}
        elif step.kind == "BatchNormalization":
            inputs += vectors
        elif step.kind == "Concat":
            channels, more = len(inputs), {"axis": 1}
        nodes.append(helper.make_node(step.kind, inputs, [step.output], step.output, **more))
        name = step.output
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, SIDE, SIDE])
    last = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIDE, SIDE])
    graph = helper.make_graph(nodes, "graph", [image], [last], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save(model, path)


def write_keras(steps: Iterator[Step], path: Path) -> None:
    """The nodes as a functional model of Keras 3; its weights file holds those of no layer."""
    import h5py

    layers: list[dict[str, Any]] = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"name": "image", "dtype": "float32", "batch_shape": [None, SIDE, SIDE, 1]},
            "name": "image",
            "inbound_nodes": [],
        }
    ]
    channels, name = {"image": 1}, "image"
    for step in steps:
        word, config = _LAYERS[step.kind]
        arguments = [
            {
                "class_name": "__keras_tensor__",
                "config": {
                    "shape": [None, SIDE, SIDE, channels[each]],
                    "dtype": "float32",
                    "keras_history": [each, 0, 0],
                },
            }
            for each in step.inputs
        ]
        channels[step.output] = len(step.inputs) if step.kind == "Concat" else 1
        layers.append(
            {
                "module": "keras.layers",
                "class_name": word,
                "config": {"name": step.output, "dtype": "float32", **config},
                "name": step.output,
                "inbound_nodes": [{"args": arguments if len(arguments) == 1 else [arguments], "kwargs": {}}],
            }
        )
        name = step.output
    config = {
        "name": "graph",
        "layers": layers,
        "input_layers": [["image", 0, 0]],
        "output_layers": [[name, 0, 0]],
    }
    model = {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}
    weights = BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("layers")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member, content in (
            ("metadata.json", json.dumps({"keras_version": "3.11.0"}).encode()),
            ("config.json", json.dumps(model).encode()),
            ("model.weights.h5", weights.getvalue()),
        ):
            archive.writestr(zipfile.ZipInfo(member), content)


_LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Conv": ("Conv2D", {"filters": 1, "kernel_size": [3, 3], "padding": "same", "use_bias": False}),
    "BatchNormalization": ("BatchNormalization", {"axis": -1}),
    "Relu": ("ReLU", {}),
    "Add": ("Add", {}),
    "Concat": ("Concatenate", {"axis": -1}),
    "Softmax": ("Softmax", {"axis": -1}),
}


def write_tflite(steps: Iterator[Step], path: Path) -> None:
    """The nodes as a float TFLite model, written slot by slot as the schema numbers them."""
    from flatbuffers import Builder

    builder = Builder(1 << 20)
    kinds: list[str] = []
    tensors: list[tuple[str, tuple[int, ...], int]] = [("image", (1, SIDE, SIDE, 1), 0)]
    places = {"image": 0}
    operators: list[tuple[str, list[int], int]] = []
    for step in steps:
        inputs = [places[name] for name in step.inputs]
        if step.kind == "BatchNormalization":
            # The converter has folded it; what is left of one that it cannot fold is a multiplication.
            inputs.append(_constant(tensors, f"{step.output}_scale", (1,), 1))
        if step.kind == "Conv":
            inputs.append(_constant(tensors, f"{step.output}_weight", (1, 3, 3, 1), 2))
            inputs.append(_constant(tensors, f"{step.output}_bias", (1,), 1))
        channels = len(inputs) if step.kind == "Concat" else 1
        places[step.output] = len(tensors)
        tensors.append((step.output, (1, SIDE, SIDE, channels), 0))
        if step.kind not in kinds:
            kinds.append(step.kind)
        operators.append((step.kind, inputs, places[step.output]))
    codes = [
        _table(builder, 4, {0: ("Int8", code), 2: ("Int32", 1), 3: ("Int32", code)})
        for code in (_BUILTINS[kind][0] for kind in kinds)
    ]
    buffers = [_table(builder, 1, {})]
    for floats in (1, 9):
        content = builder.CreateByteVector(bytes(4 * floats))
        buffers.append(_table(builder, 1, {0: ("Offset", content)}))
    made = []
    for name, shape, buffer in tensors:
        slots = {
            0: ("Offset", _ints(builder, shape)),
            2: ("Uint32", buffer),
            3: ("Offset", builder.CreateString(name)),
        }
        made.append(_table(builder, 8, slots))
    steps_made = []
    for kind, inputs, output in operators:
        slots = {
            0: ("Uint32", kinds.index(kind)),
            1: ("Offset", _ints(builder, inputs)),
            2: ("Offset", _ints(builder, [output])),
        }
        _, union, options = _BUILTINS[kind]
        if union:
            slots |= {3: ("Uint8", union), 4: ("Offset", _table(builder, 8, options))}
        steps_made.append(_table(builder, 9, slots))
    graph = _table(
        builder,
        5,
        {
            0: ("Offset", _offsets(builder, made)),
            1: ("Offset", _ints(builder, [0])),
            2: ("Offset", _ints(builder, [operators[-1][2]])),
            3: ("Offset", _offsets(builder, steps_made)),
        },
    )
    model = _table(
        builder,
        8,
        {
            0: ("Uint32", 3),
            1: ("Offset", _offsets(builder, codes)),
            2: ("Offset", _offsets(builder, [graph])),
            4: ("Offset", _offsets(builder, buffers)),
        },
    )
    builder.Finish(model, file_identifier=b"TFL3")
    path.write_bytes(builder.Output())


_BUILTINS: dict[str, tuple[int, int, dict[int, tuple[str, int]]]] = {
    "Conv": (3, 1, {1: ("Int32", 1), 2: ("Int32", 1), 4: ("Int32", 1), 5: ("Int32", 1)}),
    "BatchNormalization": (18, 21, {}),
    "Relu": (19, 0, {}),
    "Add": (0, 11, {}),
    "Concat": (2, 10, {0: ("Int32", 3)}),
    "Softmax": (25, 9, {0: ("Float32", 1)}),
}
"""Kind to builtin operator, the number of its options in the union, and their slots."""


def _constant(
    tensors: list[tuple[str, tuple[int, ...], int]], name: str, shape: tuple[int, ...], buffer: int
) -> int:
    tensors.append((name, shape, buffer))
    return len(tensors) - 1


def _table(builder: Any, slots: int, filled: dict[int, tuple[str, int]]) -> int:
    """The offset of a table: slot to the type of its field and what it holds."""
    builder.StartObject(slots)
    for slot, (kind, content) in filled.items():
        kind = "UOffsetTRelative" if kind == "Offset" else kind
        getattr(builder, f"Prepend{kind}Slot")(slot, content, 0)
    return int(builder.EndObject())


def _ints(builder: Any, numbers: Any) -> int:
    builder.StartVector(4, len(numbers), 4)
    for number in reversed(numbers):
        builder.PrependInt32(number)
    return int(builder.EndVector())


def _offsets(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


WRITERS: dict[str, Callable[[Iterator[Step], Path], None]] = {
    "onnx": write_onnx,
    "tflite": write_tflite,
    "keras": write_keras,
}


if __name__ == "__main__":
    pattern, count, place = sys.argv[1:]
    WRITERS[Path(place).suffix[1:]](PATTERNS[pattern](int(count)), Path(place))
