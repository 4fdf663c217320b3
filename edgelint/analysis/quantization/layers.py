"""Layers with integer weights, whichever way a file writes them.

A TFLite operator reads integers and knows their scales. In an ONNX model of QDQ form, a float operator
reads what DequantizeLinear makes of integers, and QuantizeLinear reads what it makes; in QOperator
form, QLinearConv and its kin have scales among their inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node, Value

_Item = TypeVar("_Item")

STEPS = 8
"""Nodes between a layer and the quantization of its output (an activation or two)."""


@dataclass(frozen=True, slots=True)
class QuantizedLayer:
    """A convolution or matrix product whose weights are stored integers with scales.

    data, output: the quantized activations before and behind it; None where they are not quantized.
    bias: None where there is none, or where it is not an integer.
    axis: of its output channels in the weights, counted from the front. kind: "convolution",
    "depthwise" or "product".
    """

    graph: Graph
    node: Node
    kind: str
    weights: Value
    axis: int
    data: Value | None = None
    bias: Value | None = None
    output: Value | None = None

    @property
    def channels(self) -> int | None:
        """How many output channels it has; None where that is not known."""
        shape = self.weights.shape or ()
        size = shape[self.axis] if self.axis < len(shape) else None
        return size if isinstance(size, int) else None


class _Places(NamedTuple):
    """Input positions, None for no such input, and the axis of the output channels."""

    kind: str
    data: int
    weights: int
    bias: int | None
    axis: int


_TFLITE = {
    "CONV_2D": _Places("convolution", 0, 1, 2, 0),
    "CONV_3D": _Places("convolution", 0, 1, 2, 4),
    "DEPTHWISE_CONV_2D": _Places("depthwise", 0, 1, 2, 3),
    "TRANSPOSE_CONV": _Places("convolution", 2, 1, 3, 0),
    "FULLY_CONNECTED": _Places("product", 0, 1, 2, 0),
}
"""TFLite's layers by their own word."""

_ONNX = {
    "Conv": _Places("convolution", 0, 1, 2, 0),
    "ConvTranspose": _Places("convolution", 0, 1, 2, 1),
    "Gemm": _Places("product", 0, 1, 2, 1),
    "MatMul": _Places("product", 0, 1, None, -1),
    "QLinearConv": _Places("convolution", 0, 3, 8, 0),
    "QLinearMatMul": _Places("product", 0, 3, None, -1),
    "QGemm": _Places("product", 0, 3, 6, 1),
}
"""ONNX's layers by operator."""


def quantized_layers(model: Model) -> Iterator[QuantizedLayer]:
    """The layers of `model` with stored integer weights, in file order."""
    find = {"tflite": _tflite, "onnx": _onnx}.get(model.format)
    if find is None:
        return
    for graph, node in model.nodes():
        layer = find(graph, node)
        if layer is not None:
            yield layer


def integers_behind(graph: Graph, name: str | None) -> Value | None:
    """What DequantizeLinear made `name` of; None where nothing of the kind did."""
    place = graph.producers.get(name) if name else None
    if place is None or graph.nodes[place].op != "DequantizeLinear":
        return None
    return graph.value(next(iter(graph.nodes[place].inputs), None))


def _tflite(graph: Graph, node: Node) -> QuantizedLayer | None:
    places = _TFLITE.get(node.source.op)
    if places is None:
        return None
    weights = graph.value(_at(node.inputs, places.weights))
    if weights is None or not _is_integer(weights) or not weights.is_constant:
        return None
    values = graph.inputs_of(node)
    data, output = _at(values, places.data), _at(graph.outputs_of(node), 0)
    return QuantizedLayer(
        graph,
        node,
        places.kind,
        weights,
        places.axis,
        data if _is_integer(data) else None,
        _at(values, places.bias),
        output if _is_integer(output) else None,
    )


def _onnx(graph: Graph, node: Node) -> QuantizedLayer | None:
    places = _ONNX.get(node.op)
    if places is None or node.domain not in ("", "com.microsoft"):
        return None
    own = node.op.startswith("Q")
    names = node.inputs
    weights = _integers(graph, _at(names, places.weights), own)
    if weights is None or not weights.is_constant or not weights.shape:
        return None
    output = graph.value(_at(node.outputs, 0)) if own else _quantized_output(graph, node)
    transposed = places.kind == "product" and bool(node.attributes.get("transB"))
    return QuantizedLayer(
        graph,
        node,
        _kind(node, places, weights),
        weights,
        0 if transposed else places.axis % len(weights.shape),
        _integers(graph, _at(names, places.data), own),
        _integers(graph, _at(names, places.bias), own),
        output if _is_integer(output) else None,
    )


def _kind(node: Node, places: _Places, weights: Value) -> str:
    group = node.attributes.get("group", 1)
    shape = weights.shape or ()
    deep = places.kind == "convolution" and len(shape) > 1 and shape[1] == 1
    return "depthwise" if deep and isinstance(group, int) and group > 1 else places.kind


def _integers(graph: Graph, name: str | None, own: bool) -> Value | None:
    """The quantized value an operand stands for: itself, or what is dequantized to it."""
    value = graph.value(name) if own else integers_behind(graph, name)
    return value if _is_integer(value) else None


def _quantized_output(graph: Graph, node: Node) -> Value | None:
    """What QuantizeLinear makes of the node's output, behind activations; None where it is not alone."""
    name = _at(node.outputs, 0)
    for _ in range(STEPS):
        readers = graph.readers.get(name, ()) if name else ()
        if len(readers) != 1:
            return None
        reader = graph.nodes[readers[0]]
        name = _at(reader.outputs, 0)
        if reader.op == "QuantizeLinear":
            return graph.value(name)
        if reader.op not in ("Relu", "Clip"):
            return None
    return None


def _at(items: tuple[_Item | None, ...], place: int | None) -> _Item | None:
    return items[place] if place is not None and place < len(items) else None


def _is_integer(value: Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.is_integer
