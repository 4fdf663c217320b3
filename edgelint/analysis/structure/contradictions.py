"""Shapes and types of one node that cannot be true together.

Loaders refuse what no runtime loads. What is left is what loads and then fails, or is computed over the
wrong bytes: TFLite files state the shape of every tensor and nothing compares them with the operators
before a runtime prepares them; ONNX's shape inference looks neither at the channels of a Conv nor at
the elements of a Reshape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from edgelint.analysis.operands import named
from edgelint.ir.model import Graph, Model, Node, Value

Dims = tuple[int, ...]


def contradictions(model: Model) -> Iterator[tuple[Graph, Node, str]]:
    """Each node whose operands contradict one another, and how: a phrase that follows its operator."""
    checks = _TFLITE if model.format == "tflite" else _ONNX if model.format == "onnx" else {}
    if model.format == "onnx" and any(value.signature for value in model.main.values.values()):
        # A free dim was bound by edgelint: what then does not add up is no fault of the file.
        return
    for graph in model.graphs:
        for node in graph.nodes:
            check = checks.get(node.op) if node.domain == "" else None
            problem = check(graph, node) if check else None
            if problem:
                yield graph, node, problem


def _dims(value: Value | None) -> Dims | None:
    """The shape where all of it is known: a stored dim that was free once, the batch aside, is a stand-in."""
    shape = value.shape if value is not None else None
    if value is None or shape is None or 0 in shape:
        return None
    if value.signature is not None and None in value.signature[1:]:
        return None
    return shape if all([type(dim) is int for dim in shape]) else None  # type: ignore[return-value]


def _at(graph: Graph, names: tuple[str | None, ...], place: int) -> Value | None:
    return graph.value(names[place]) if place < len(names) else None


def _sides(graph: Graph, node: Node) -> tuple[Dims | None, Dims | None, Dims | None]:
    """Shapes of the data, of the weights and of the output."""
    return (*_operands(graph, node), _dims(_at(graph, node.outputs, 0)))


def _operands(graph: Graph, node: Node) -> tuple[Dims | None, Dims | None]:
    """Shapes of the data and of the weights."""
    return _dims(_at(graph, node.inputs, 0)), _dims(_at(graph, node.inputs, 1))


def _onnx_convolution(graph: Graph, node: Node) -> str | None:
    data, kernel = _operands(graph, node)
    group = node.attributes.get("group", 1)
    if (
        data is None
        or kernel is None
        or len(data) != len(kernel)
        or not isinstance(group, int)
        or len(data) < 3
    ):
        return None
    if node.attributes.get("layout", "NCHW") != "NCHW":
        return None
    return _channels(data[1], kernel[1] * group) or _groups(kernel[0], group)


def _groups(channels: int, group: int) -> str | None:
    return f"makes {channels} channels in {group} groups" if group < 1 or channels % group else None


def _channels(given: int, wanted: int) -> str | None:
    return f"reads {given} channels with weights for {wanted}" if given != wanted else None


def _tflite_convolution(graph: Graph, node: Node) -> str | None:
    data, kernel, output = _sides(graph, node)
    if data is None or kernel is None or len(data) != 4 or len(kernel) != 4:
        return None
    made = kernel[0]
    if node.source.op == "DEPTHWISE_CONV_2D":
        made = kernel[3]
        if made % data[3]:
            return f"reads {data[3]} channels with weights for {made}"
    elif data[3] % kernel[3]:
        return f"reads {data[3]} channels with weights for {kernel[3]}"
    if output is None or len(output) != 4:
        return None
    if output[3] != made:
        return f"makes {output[3]} channels with weights for {made}"
    return _window(node, data, output, kernel[1:3])


def _pool(graph: Graph, node: Node) -> str | None:
    data, _, output = _sides(graph, node)
    kernel = node.attributes.get("kernel_shape")
    if data is None or output is None or len(data) != 4 or len(output) != 4:
        return None
    if data[3] != output[3]:
        return f"reads {data[3]} channels and makes {output[3]}"
    return _window(node, data, output, kernel)


def _window(node: Node, data: Dims, output: Dims, kernel: Any) -> str | None:
    """What does not fit along height and width (TFLite's SAME and VALID padding)."""
    strides: Any = node.attributes.get("strides")
    dilations: Any = node.attributes.get("dilations") or (1, 1)
    padding = node.attributes.get("auto_pad")
    if padding not in ("SAME_UPPER", "VALID") or not all(map(_is_pair, (strides, dilations, kernel))):
        return None
    for axis in (0, 1):
        step, size, reach = strides[axis], data[axis + 1], (kernel[axis] - 1) * dilations[axis]
        right = -(-size // step) if padding == "SAME_UPPER" else -(-(size - reach) // step)
        if output[axis + 1] != right:
            return f"makes {_by(output[1:3])} of {_by(data[1:3])}, where its window and strides give {right}"
    return None


def _is_pair(sizes: Any) -> bool:
    """Whether these are two whole numbers above zero."""
    if not isinstance(sizes, (list, tuple)) or len(sizes) != 2:
        return False
    first, second = sizes
    return isinstance(first, int) and isinstance(second, int) and first > 0 and second > 0


def _by(sizes: Dims) -> str:
    return "×".join(map(str, sizes))


def _fully_connected(graph: Graph, node: Node) -> str | None:
    data, weights, output = _sides(graph, node)
    if data is None or weights is None or len(weights) != 2:
        return None
    count = math.prod(data)
    if count % weights[1]:
        return f"reads {count} numbers in rows of {weights[1]}"
    if output is not None and math.prod(output) != count // weights[1] * weights[0]:
        rows = count // weights[1]
        return f"makes {math.prod(output)} numbers, where {rows} × {weights[0]} come out"
    return None


def _reshape(graph: Graph, node: Node) -> str | None:
    data, _, output = _sides(graph, node)
    if not data or not output or math.prod(data) == math.prod(output):
        return _type(graph, node)
    return f"makes {math.prod(output):,} numbers of {math.prod(data):,}: {_by(data)} to {_by(output)}"


def _binary(graph: Graph, node: Node) -> str | None:
    one, other = _operands(graph, node)
    if one is None or other is None:
        return None
    for first, second in zip(reversed(one), reversed(other), strict=False):
        if first != second and 1 not in (first, second):
            return f"combines {_by(one)} with {_by(other)}, which do not fit"
    return None


def _concat(graph: Graph, node: Node) -> str | None:
    output = _dims(_at(graph, node.outputs, 0))
    inputs = [_dims(value) for value in graph.inputs_of(node)]
    axis = node.attributes.get("axis")
    shapes = [shape for shape in inputs if shape]
    if not output or len(shapes) != len(inputs) or not isinstance(axis, int) or not shapes:
        return None
    rank = len(output)
    if not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        return None
    axis %= rank
    total = sum(shape[axis] for shape in shapes)
    if total != output[axis]:
        return f"puts {total} together along axis {axis} and makes {output[axis]}"
    return None


def _type(graph: Graph, node: Node) -> str | None:
    """Operators that move numbers keep their type."""
    data, made = _at(graph, node.inputs, 0), _at(graph, node.outputs, 0)
    if data is None or made is None or data.dtype is None or made.dtype is None or data.dtype is made.dtype:
        return None
    return f"makes {made.dtype.label} {named(made)} of {data.dtype.label}, which it cannot convert"


Check = Callable[[Graph, Node], "str | None"]

_TFLITE: dict[str, Check] = {
    "Conv": _tflite_convolution,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "Gemm": _fully_connected,
    "Reshape": _reshape,
    "Concat": _concat,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"), _binary),
    **dict.fromkeys(("Transpose", "Squeeze", "Pad", "Slice"), _type),
}
_ONNX: dict[str, Check] = {"Conv": _onnx_convolution, "Reshape": _reshape}
