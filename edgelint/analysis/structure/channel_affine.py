"""Scales and shifts of a layer's channels, as operators of their own."""

from __future__ import annotations

from edgelint.analysis.constants import is_constant
from edgelint.analysis.heads.tails import is_linear
from edgelint.analysis.structure.usage import Usage
from edgelint.ir.model import Graph, Model, Node, Value

LONGEST = 8
"""Operators in a row that are counted: a batch normalization is at most subtract, divide, scale, shift."""

_SECOND_ONLY = frozenset({"Div"})
"""Operators that scale only when the constant is their second operand."""

_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Layers whose weights can take up a scale, and whose bias a shift, but for MatMul: it has no bias."""


def scales_after(model: Model, usage: Usage, number: int, layer: Node) -> list[Node]:
    """The operators right behind `layer` that only scale and shift its channels by constants.

    [] where `layer` is no weighted sum, ends in an activation, or has other readers. The addition
    that is a MatMul's bias belongs to it and is left out.
    """
    graph = model.graphs[number]
    if layer.op not in _LAYERS or layer.domain or layer.activation or not is_linear(model, graph, layer):
        return []
    if len(layer.inputs) < 2:
        return []
    found: list[Node] = []
    node = layer
    while len(found) < LONGEST and len(node.outputs) > 0:
        reader = usage.only_reader(number, node.outputs[0])
        if reader is None or node.activation or not _is_affine(model, graph, layer, node, reader):
            break
        found.append(reader)
        node = reader
    if not found or is_constant(model, graph, layer.inputs[0]):
        return []
    return found[1:] if layer.op == "MatMul" and found[0].op == "Add" else found


def _is_affine(model: Model, graph: Graph, layer: Node, before: Node, node: Node) -> bool:
    if node.domain or len(node.inputs) < 2:
        return False
    data = before.outputs[0]
    if node.op == "BatchNormalization":
        stored = all(is_constant(model, graph, name) for name in node.inputs[1:5])
        return node.inputs[0] == data and stored and not node.attributes.get("training_mode")
    if node.op not in ("Add", "Sub", "Mul", "Div") or len(node.inputs) != 2:
        return False
    first, second = node.inputs
    if first != data and (second != data or node.op in _SECOND_ONLY):
        return False
    given, made = graph.value(data), graph.value(node.outputs[0]) if node.outputs else None
    factor = graph.value(second if first == data else first)
    if given is None or made is None or factor is None or factor.name in graph.producers:
        return False
    if given.shape is None or given.shape != made.shape or given.dtype is not made.dtype:
        return False
    return _is_per_channel(layer, given, factor)


def _is_per_channel(layer: Node, data: Value, factor: Value) -> bool:
    """Whether `factor` is a stored constant with one number for all, or one for each channel."""
    shape, tensor = data.shape or (), factor.tensor
    if tensor is None or len(tensor.shape) > len(shape):
        return False
    axis = channel_axis(layer, len(shape))
    aligned = (1,) * (len(shape) - len(tensor.shape)) + tensor.shape
    return all(dim == 1 or (place == axis and dim == shape[place]) for place, dim in enumerate(aligned))


def channel_axis(layer: Node, rank: int) -> int:
    """The axis of the channels in what `layer` makes, of `rank` dims."""
    layout = layer.attributes.get("layout")
    if layer.op in ("Gemm", "MatMul") or not isinstance(layout, str):
        return rank - 1
    return layout.index("C") if "C" in layout and len(layout) == rank else 1 if layout == "NCHW" else rank - 1
