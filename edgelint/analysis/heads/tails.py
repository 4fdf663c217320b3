"""What computes an output: the way back from it to the activation and the layer that feeds it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from edgelint.analysis.constants import is_constant
from edgelint.analysis.heads.decomposed import Parts, decomposed_activation
from edgelint.deferred import dataclass, replace
from edgelint.ir.model import Graph, Model, Node, Shape, elements_of
from edgelint.ir.operators import describe

STEPS = 32
"""Nodes that are walked back per output; real tails have fewer than twenty."""

DOMAINS = frozenset({"", "keras", "tflite", "com.microsoft", "ai.onnx.ml"})
"""Domains whose operator names mean what the tables below say."""

ACTIVATIONS = {
    "Exp": "Exp",
    "Clip": "Clip",
    "QLinearSoftmax": "Softmax",
    "QLinearSigmoid": "Sigmoid",
    "QLinearLeakyRelu": "LeakyRelu",
}
"""Operators that compute an activation, besides those the operator tables call one by its own name."""

POST_TRANSFORMS = {"SOFTMAX": "Softmax", "SOFTMAX_ZERO": "Softmax", "LOGISTIC": "Sigmoid", "PROBIT": "Probit"}
"""The ai.onnx.ml attribute `post_transform` to the activation it means; NONE means none."""

LINEAR = frozenset(
    {
        *("Gemm", "Conv", "ConvTranspose", "QLinearConv", "QGemm", "ConvInteger", "FusedConv", "FusedGemm"),
        *("SeparableConv", "LocallyConnected", "LinearClassifier", "LinearRegressor"),
    }
)
"""Layers whose output is a weighted sum of their input."""

PRODUCTS = frozenset({"MatMul", "QLinearMatMul", "Einsum"})
"""Layers like LINEAR if one factor is a weight; two activations are attention."""

AFFINE = frozenset(
    {"Add", "Sub", "Mul", "Div", "Sum", "BatchNormalization", "QLinearAdd", "QLinearMul", "Rescaling"}
)
"""Operators that scale and shift when all other inputs are constants."""

AVERAGES = frozenset(
    {
        *("GlobalAveragePool", "AveragePool", "ReduceMean", "GlobalMaxPool", "MaxPool"),
        *("QLinearGlobalAveragePool", "QLinearAveragePool"),
    }
)
"""Operators whose output lies in the range of their input."""

CHOICES = frozenset({"Slice", "Gather", "Split", "UNPACK"})
"""Operators that hand on some of their input's elements."""

JOINS = frozenset({"Concat", "QLinearConcat", "Stack", "PACK"})
"""Operators that put several values side by side: heads that one output holds together."""

SAME_SHAPE = frozenset({"Identity", "Cast", "CastLike", "Dropout", "QuantizeLinear", "DequantizeLinear"})
"""Pass-through operators that keep the shape, so that it may be known on one side only."""

NORMALISING = frozenset({"Softmax", "LogSoftmax", "Hardmax", "Sparsemax"})
"""Activations over an axis; all others work on each number alone."""


Extent = tuple[int | None, int | None]
"""An axis, counted from the front, and the size along it; None unknown."""

UNKNOWN_EXTENT: Extent = (None, None)


@dataclass(frozen=True, slots=True)
class Tail:
    """What an output is computed by.

    node: the first node behind pass-through operators; None for a graph input or constant, and
        where the way back is too long.
    graph: where the activation and the layer are, which may be a branch of an If.
    activation: canonical name, None where there is none or it is unknown (see `raw`).
    activation_node: the node that computes the activation, fused or not.
    layer: the weighted layer that feeds the activation, or that is the node itself.
    raw: whether the output is known to be a weighted sum, with no activation on it.
    axis, units: the class axis of the activation's (or layer's) output, counted from the front,
        and the size along it; None unknown.
    """

    node: Node | None = None
    graph: Graph | None = None
    activation: str | None = None
    activation_node: Node | None = None
    layer: Node | None = None
    raw: bool = False
    axis: int | None = None
    units: int | None = None


def trace(model: Model, graph: Graph, output: str) -> Tail:
    """What computes `output` of `graph`; all branches of a Concat or If must agree."""
    first: Node | None = None
    tails: list[Tail] = []
    branches = [(graph, output)]
    for _ in range(STEPS):
        if not branches:
            break
        scope, name = branches.pop()
        tail, joined = _follow(model, scope, name)
        first = first or tail.node
        branches += joined
        if not joined:
            tails.append(tail)
    if branches or not tails:
        return Tail(first)
    same = {(tail.activation, tail.raw) for tail in tails}
    if len(same) > 1:
        return Tail(first)
    if len(tails) == 1:
        return replace(tails[0], node=first)
    return replace(tails[0], node=first, units=None, axis=None)


def _follow(model: Model, graph: Graph, name: str) -> tuple[Tail, list[tuple[Graph, str]]]:
    """The tail of one branch, or the branches at which it divides."""
    first: Node | None = None
    scaled = chosen = same_shape = False
    shape: Shape | None = None
    for _ in range(STEPS):
        graph = _scope(model, graph, name)
        place = graph.producers.get(name)
        if place is None:
            return Tail(first), []
        node = graph.nodes[place]
        shape = _shape(graph, name) or (shape if same_shape else None)
        same_shape = node.op in SAME_SHAPE
        if passes(node):
            name = node.inputs[0] or ""
            continue
        first = first or (None if node.op in CHOICES else node)
        tail = _tail_at(model, graph, node, name, shape)
        if tail is not None:
            if chosen and tail.activation not in NORMALISING:
                tail = replace(tail, axis=None, units=None)
            return (Tail(first) if scaled and not tail.raw else replace(tail, node=first)), []
        joined = [] if scaled else list(_branches(model, graph, node, name))
        through = _through(model, graph, node) if node.domain in DOMAINS else None
        if joined or through is None:
            return Tail(first), joined
        scaled, chosen = scaled or node.op in AFFINE, chosen or node.op in CHOICES
        name = through
    return Tail(first), []


def _scope(model: Model, graph: Graph, name: str) -> Graph:
    """The graph that `name`, read in `graph`, belongs to: its own or one around it."""
    for _ in range(STEPS):
        if name in graph.values or graph.parent is None or not 0 <= graph.parent < len(model.graphs):
            break
        graph = model.graphs[graph.parent]
    return graph


def _tail_at(model: Model, graph: Graph, node: Node, output: str, shape: Shape | None) -> Tail | None:
    """The tail that ends at `node`, None when the walk goes on behind it."""
    if node.domain not in DOMAINS:
        return None
    if node.domain == "ai.onnx.ml" and node.op.endswith("Classifier") and output == node.outputs[0]:
        return Tail(node)  # the label it decides for; the scores are its other output
    activation, fed_by, axis = activation_at(graph, node) or (None, None, None)
    layer = node if is_linear(model, graph, node) else None
    if activation is None:
        if layer is None:
            return None
        axis, units = _channels(node, shape)
        return Tail(node, graph, None, None, node, True, axis, units or _by_weights(graph, node))
    layer = layer_of(model, graph, node, fed_by)
    if activation in NORMALISING:
        extent = _along_axis(model, node, shape, axis)
    elif layer is None:
        extent = _last(shape)
    else:
        extent = _channels(layer, shape if layer is node else _shape(graph, layer.outputs[0]))
    axis, units = extent
    if units is None and _keeps_last_dim(node, activation, layer):
        units = _by_weights(graph, layer)
    return Tail(node, graph, activation, node, layer, False, axis, units)


def activation_at(graph: Graph, node: Node) -> Parts | None:
    """The activation that `node` ends in, be it fused, its own, or in pieces; None for none."""
    if node.domain not in DOMAINS:
        return None
    parts = decomposed_activation(graph, node)
    if parts is not None:
        return parts
    name = node.activation or _own_activation(node)
    return None if name is None else (name, next(filter(None, node.inputs), None), None)


def _own_activation(node: Node) -> str | None:
    transform = node.attributes.get("post_transform")
    return POST_TRANSFORMS.get(transform) if isinstance(transform, str) else _named(node.op, node.domain)


@lru_cache(1024)
def _named(op: str, domain: str) -> str | None:
    """The activation that an operator is by its name; None for others."""
    known = describe(op, domain)
    return ACTIVATIONS.get(op) or (op if known is not None and known.is_activation else None)


def passes(node: Node) -> bool:
    """Whether `node` hands on its first input's numbers, in another shape, order, type or encoding."""
    known = describe(node.op, node.domain)
    return known is not None and known.is_pass_through and node.activation is None and bool(node.inputs)


def is_linear(model: Model, graph: Graph, node: Node) -> bool:
    """Whether `node`, but for a fused activation, is a weighted sum of its input."""
    if node.op in LINEAR:
        return True
    return node.op in PRODUCTS and any(is_constant(model, graph, name) for name in node.inputs)


def layer_of(model: Model, graph: Graph, node: Node, fed_by: str | None) -> Node | None:
    """The weighted layer that the activation at `node` is on: the node itself, else what feeds it."""
    return node if is_linear(model, graph, node) else _layer_before(model, graph, fed_by)


def _layer_before(model: Model, graph: Graph, name: str | None) -> Node | None:
    for _ in range(STEPS):
        place = graph.producers.get(name) if name else None
        if place is None:
            return None
        node = graph.nodes[place]
        if node.activation is not None or node.domain not in DOMAINS:
            return None
        if is_linear(model, graph, node):
            return node
        name = _through(model, graph, node)
    return None


def way_back(model: Model, graph: Graph, name: str | None) -> list[Node]:
    """The nodes behind `name` up to a layer, an activation or a fork, the last one first."""
    way: list[Node] = []
    for _ in range(STEPS):
        place = graph.producers.get(name) if name else None
        node = graph.nodes[place] if place is not None else None
        if node is None or activation_at(graph, node) or is_linear(model, graph, node):
            break
        name = _through(model, graph, node)
        if name is None:
            break
        way.append(node)
    return way


def _through(model: Model, graph: Graph, node: Node) -> str | None:
    """The input to go on with behind a pass-through, averaging or affine node; None for others."""
    if not 0 < len(node.inputs) <= STEPS:
        return None
    if passes(node) or node.op in AVERAGES:
        return node.inputs[0]
    if node.op not in AFFINE and node.op not in CHOICES:
        return None
    live = [name for name in node.inputs if name and not is_constant(model, graph, name)]
    if node.op == "Gather" and live[:1] != [node.inputs[0]]:
        return None
    return live[0] if len(live) == 1 else None


def _branches(model: Model, graph: Graph, node: Node, output: str) -> Iterator[tuple[Graph, str]]:
    if node.domain in DOMAINS and node.op in JOINS and len(node.inputs) <= STEPS:
        for name in dict.fromkeys(node.inputs):
            if name and not is_constant(model, graph, name):
                yield graph, name
    elif node.op == "If" and output in node.outputs:
        place = node.outputs.index(output)
        for index in node.subgraphs.values():
            if 0 < index < len(model.graphs) and place < len(model.graphs[index].outputs):
                yield model.graphs[index], model.graphs[index].outputs[place]


def extent_at(model: Model, graph: Graph, node: Node, axis: int | None = None) -> Extent:
    """The axis that the softmax at `node` works along, and the size; `axis` where the node has none."""
    return _along_axis(model, node, _shape(graph, node.outputs[0]), axis)


def channels_of(graph: Graph, layer: Node) -> Extent:
    """The channel axis of a weighted layer's output, and the size along it."""
    return _channels(layer, _shape(graph, layer.outputs[0]))


def _along_axis(model: Model, node: Node, shape: Shape | None, known: int | None) -> Extent:
    """Class axis of a softmax and the size along it."""
    joint = node.op in NORMALISING and node.activation is None and flattens(model, node)
    axis = known if known is not None else node.attributes.get("axis") if node.activation is None else -1
    if axis is None:
        axis = 1 if joint else -1
    if not isinstance(axis, int) or shape is None or not -len(shape) <= axis < len(shape):
        return UNKNOWN_EXTENT
    axis %= len(shape)
    return axis, _units(shape[axis:] if joint else shape[axis : axis + 1])


def flattens(model: Model, node: Node) -> bool:
    """Whether a softmax works over all dims from its axis on, as ONNX had it before opset 13."""
    opset = node.attributes.get("opset", node.source.version) if model.format == "onnx" else None
    return isinstance(opset, int) and opset < 13


def _channels(layer: Node, shape: Shape | None) -> Extent:
    """Class axis of a layer's output, which is its channel axis, and the size along it."""
    layout = layer.attributes.get("layout")
    if not shape:
        return UNKNOWN_EXTENT
    axis = len(shape) - 1
    if isinstance(layout, str) and "C" in layout and len(layout) == len(shape):
        axis = layout.index("C")
    elif layout is None and layer.op in ("Conv", "QLinearConv", "ConvTranspose", "FusedConv", "ConvInteger"):
        axis = min(1, axis)
    return axis, _units(shape[axis : axis + 1])


def _shape(graph: Graph, name: str | None) -> Shape | None:
    value = graph.value(name)
    return value.shape if value else None


def _keeps_last_dim(node: Node, activation: str, layer: Node | None) -> bool:
    """Whether the units of `layer` are those that the activation at `node` works on or over."""
    if layer is None or node is layer or activation not in NORMALISING:
        return layer is not None
    return node.attributes.get("axis") == -1 and node.inputs[:1] == layer.outputs[:1]


def _by_weights(graph: Graph, layer: Node | None) -> int | None:
    """Units of a Gemm by its kernel, for where the shape of its output is not known."""
    if layer is None or layer.op != "Gemm" or len(layer.inputs) < 2:
        return None
    kernel = _shape(graph, layer.inputs[1])
    if kernel is None or len(kernel) != 2:
        return None
    return _units(kernel[:1] if layer.attributes.get("transB") else kernel[1:])


def _last(shape: Shape | None) -> Extent:
    """The last axis of an output with no dims but batch and classes."""
    if shape is None or not 1 <= len(shape) <= 2:
        return UNKNOWN_EXTENT
    return len(shape) - 1, _units(shape[-1:])


def _units(dims: Shape) -> int | None:
    """Outputs along `dims` together; None unknown, as a 0 is: no head was built to give nothing."""
    return elements_of(dims) or None
