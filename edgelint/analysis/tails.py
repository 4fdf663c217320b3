"""What computes an output: the way back from it to the activation and the layer that feeds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgelint.analysis.constants import is_constant, numbers
from edgelint.analysis.decomposed import decomposed_activation
from edgelint.ir.model import Dim, Graph, Model, Node, Shape
from edgelint.ir.operators import is_pass_through

STEPS = 64
"""Nodes that are walked back per output; real tails have fewer than twenty."""

DOMAINS = frozenset({"", "keras", "tflite", "com.microsoft", "ai.onnx.ml"})
"""Domains whose operator names mean what the tables below say."""

ACTIVATIONS = {
    name: name
    for name in (
        *("Softmax", "LogSoftmax", "Hardmax", "Sparsemax", "Sigmoid", "HardSigmoid", "LogSigmoid"),
        *("Tanh", "HardTanh", "Softsign", "Relu", "Relu6", "ReluN1To1", "Relu0To1", "Clip", "ThresholdedRelu"),
        *("Softplus", "Exp", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "Swish", "HardSwish"),
        *("Mish", "Shrink", "ReLU"),
    )
} | {"QLinearSoftmax": "Softmax", "QLinearSigmoid": "Sigmoid", "QLinearLeakyRelu": "LeakyRelu"}
"""Operator to the activation it computes."""

POST_TRANSFORMS = {"SOFTMAX": "Softmax", "SOFTMAX_ZERO": "Softmax", "LOGISTIC": "Sigmoid", "PROBIT": "Probit"}
"""The ai.onnx.ml attribute `post_transform` to the activation it means; NONE means none."""

LINEAR = frozenset(
    {
        *("Gemm", "Conv", "ConvTranspose", "QLinearConv", "QGemm", "ConvInteger"),
        *("SeparableConv", "LocallyConnected", "FusedConv", "FusedGemm", "LinearClassifier", "LinearRegressor"),
    }
)
"""Layers whose output is a weighted sum of their input."""

PRODUCTS = frozenset({"MatMul", "QLinearMatMul", "Einsum"})
"""Layers like LINEAR if one factor is a weight; two activations are attention."""

AFFINE = frozenset({"Add", "Sub", "Mul", "Div", "Sum", "BatchNormalization", "QLinearAdd", "QLinearMul", "Rescaling"})
"""Operators that scale and shift when all other inputs are constants."""

AVERAGES = frozenset(
    {
        *("GlobalAveragePool", "AveragePool", "ReduceMean", "GlobalMaxPool", "MaxPool"),
        *("QLinearGlobalAveragePool", "QLinearAveragePool"),
    }
)
"""Operators whose output lies in the range of their input."""

NORMALISING = frozenset({"Softmax", "LogSoftmax", "Hardmax", "Sparsemax"})
"""Activations over an axis; all others work on each number alone."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What an output is computed by.

    node: the first node behind pass-through operators; None for a graph input or constant, and
        where the way back is too long.
    activation: canonical name, None where there is none or it is unknown (see `raw`).
    activation_node: the node that computes the activation, fused or not.
    layer: the weighted layer that feeds the activation, or that is the node itself.
    raw: whether the output is known to be a weighted sum, with no activation on it.
    axis, units: the class axis of the activation's (or layer's) output, counted from the front,
        and the size along it; None unknown.
    """

    node: Node | None = None
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
    scaled = False
    for _ in range(STEPS):
        place = graph.producers.get(name)
        if place is None:
            return Tail(first), []
        node = graph.nodes[place]
        passes = node.activation is None and node.domain in DOMAINS and is_pass_through(node)
        if not passes:
            first = first or node
        tail = None if passes else _tail_at(model, graph, node, name)
        if tail is not None:
            return (Tail(first) if scaled and not tail.raw else replace(tail, node=first)), []
        joined = [] if scaled else list(_branches(model, graph, node, name))
        if joined:
            return Tail(first), joined
        through = _through(model, graph, node) if passes or node.domain in DOMAINS else None
        if through is None:
            return Tail(first), []
        scaled = scaled or (not passes and node.op in AFFINE)
        name = through
    return Tail(first), []


def _tail_at(model: Model, graph: Graph, node: Node, output: str) -> Tail | None:
    """The tail that ends at `node`, None when the walk goes on behind it."""
    if node.domain not in DOMAINS:
        return None
    activation = node.activation or ACTIVATIONS.get(node.op)
    fed_by, axis = next((name for name in node.inputs if name), None), None
    transform = node.attributes.get("post_transform")
    if activation is None and isinstance(transform, str):
        activation = POST_TRANSFORMS.get(transform)
    if activation is None and (parts := decomposed_activation(graph, node)):
        activation, fed_by, axis = parts
    layer = node if is_linear(model, graph, node) else None
    if activation is None:
        return None if layer is None else Tail(node, layer=layer, raw=True, **_channels(graph, node, output))
    layer = layer or _layer_before(model, graph, fed_by)
    if activation in NORMALISING:
        size = _along_axis(model, graph, node, output, axis)
    else:
        size = _channels(graph, layer, output if layer is node else None) if layer else {}
        size = size or _last(graph, output)
    return Tail(node, activation, node, layer, **size)


def is_linear(model: Model, graph: Graph, node: Node) -> bool:
    """Whether `node`, but for a fused activation, is a weighted sum of its input."""
    if node.op in LINEAR:
        return True
    return node.op in PRODUCTS and any(is_constant(model, graph, name) for name in node.inputs)


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


def _through(model: Model, graph: Graph, node: Node) -> str | None:
    """The input to go on with behind a pass-through, averaging or affine node; None for others."""
    if is_pass_through(node):
        live = [name for name in node.inputs if name]
        return next((name for name in live if not is_constant(model, graph, name)), None)
    if node.op in AVERAGES:
        return node.inputs[0] if node.inputs else None
    if node.op in AFFINE:
        live = [name for name in node.inputs if name and not is_constant(model, graph, name)]
        return live[0] if len(live) == 1 else None
    return None


def _branches(model: Model, graph: Graph, node: Node, output: str) -> Iterator[tuple[Graph, str]]:
    if node.domain in DOMAINS and node.op == "Concat":
        for name in dict.fromkeys(node.inputs):
            if name and not is_constant(model, graph, name):
                yield graph, name
    elif node.op == "If" and output in node.outputs:
        place = node.outputs.index(output)
        for index in node.subgraphs.values():
            if 0 < index < len(model.graphs) and place < len(model.graphs[index].outputs):
                yield model.graphs[index], model.graphs[index].outputs[place]


def _along_axis(
    model: Model, graph: Graph, node: Node, output: str, known: int | None
) -> dict[str, int | None]:
    """Class axis of a softmax and the size along it."""
    value = graph.value(output)
    shape = value.shape if value else None
    flattens = node.op in NORMALISING and node.activation is None and _flattens(model, node)
    axis = known if known is not None else node.attributes.get("axis") if node.activation is None else -1
    if axis is None:
        axis = 1 if flattens else -1
    if not isinstance(axis, int) or shape is None or not -len(shape) <= axis < len(shape):
        return {"axis": None, "units": None}
    axis %= len(shape)
    return {"axis": axis, "units": _product(shape[axis:]) if flattens else _product(shape[axis : axis + 1])}


def _flattens(model: Model, node: Node) -> bool:
    """Whether softmax works over all dims from its axis on, as ONNX had it before opset 13."""
    opset = node.attributes.get("opset", node.source.version) if model.format == "onnx" else None
    return isinstance(opset, int) and opset < 13


def _channels(graph: Graph, layer: Node, output: str | None) -> dict[str, int | None]:
    """Class axis of a layer's output, which is its channel axis, and the size along it."""
    value = graph.value(output or next((name for name in layer.outputs if name), None))
    shape = value.shape if value else None
    layout = layer.attributes.get("layout")
    if not shape:
        return {"axis": None, "units": None}
    axis = len(shape) - 1
    if isinstance(layout, str) and "C" in layout and len(layout) == len(shape):
        axis = layout.index("C")
    elif layout is None and layer.op in ("Conv", "QLinearConv", "ConvTranspose", "FusedConv", "ConvInteger"):
        axis = min(1, axis)
    return {"axis": axis, "units": _product(shape[axis : axis + 1])}


def _last(graph: Graph, output: str) -> dict[str, int | None]:
    """The last axis of an output with no dims but batch and classes."""
    value = graph.value(output)
    shape = value.shape if value else None
    if shape is None or not 1 <= len(shape) <= 2:
        return {"axis": None, "units": None}
    return {"axis": len(shape) - 1, "units": _product(shape[-1:])}


def _product(dims: Shape) -> int | None:
    count = 1
    for dim in dims:
        if not isinstance(dim, int) or dim < 1:
            return None
        count *= dim
    return count


__all__ = ["Dim", "Tail", "is_linear", "numbers", "trace"]
