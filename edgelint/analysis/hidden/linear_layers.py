"""Layers that are one matrix: dense layers and 1×1 convolutions, and two of them in a row."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.tails import DOMAINS, PRODUCTS, passes
from edgelint.analysis.hidden.activations import Paths
from edgelint.analysis.quantization.ranges import affine
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Node, Value


@dataclass(frozen=True, slots=True)
class LinearLayer:
    """A layer whose output is one matrix times its input, the same at every place.

    pointwise: whether it is a 1×1 convolution; otherwise it is a dense layer.
    fan_in, fan_out: numbers in and out per place. weights: the name of its matrix.
    """

    node: Node
    pointwise: bool
    fan_in: int
    fan_out: int
    weights: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Two linear layers of one kind with nothing between them that is not linear."""

    graph: Graph
    first: LinearLayer
    second: LinearLayer

    @property
    def is_bottleneck(self) -> bool:
        """Whether the middle is narrower than both ends: a factorisation, which one layer can't be."""
        return self.first.fan_out < min(self.first.fan_in, self.second.fan_out)


def stacks(paths: Paths) -> Iterator[Stack]:
    """Every two linear layers in a row, where the second alone reads the first, in file order."""
    for graph in paths.model.graphs:
        for node in graph.nodes:
            first = linear_layer(graph, node)
            if first is None or node.activation is not None:
                continue
            second = _following(paths, graph, first)
            if second is not None and not _is_separable(graph, node):
                yield Stack(graph, first, second)


def linear_layer(graph: Graph, node: Node) -> LinearLayer | None:
    """`node` as a linear layer with a weight matrix of its own; None for everything else."""
    if node.op not in _LAYERS or node.domain not in DOMAINS or len(node.inputs) < 2 or not node.outputs:
        return None
    if node.op == "Conv" and not _is_one_by_one(node):
        return None
    weights = _stored(graph, node.inputs[1])
    if weights is None or weights.tensor is None or len(graph.readers.get(weights.name, ())) != 1:
        return None
    shape = weights.tensor.shape
    if node.op == "Gemm" and len(shape) == 2 and not node.attributes.get("transA"):
        fans = shape[::-1] if node.attributes.get("transB") else shape
        return LinearLayer(node, False, *fans, weights.name)
    if node.op in PRODUCTS and len(shape) == 2 and len(node.inputs) == 2:
        return LinearLayer(node, False, *shape, weights.name)
    return _pointwise(node, weights, shape) if node.op == "Conv" else None


_LAYERS = frozenset({"Conv", "Gemm", *PRODUCTS}) - {"Einsum"}


def _stored(graph: Graph, name: str | None) -> Value | None:
    """The constant `name`, or the one that a DequantizeLinear makes it of."""
    place = graph.producers.get(name) if name else None
    if place is None:
        return graph.value(name)
    node = graph.nodes[place]
    return graph.value(node.inputs[0]) if node.op == "DequantizeLinear" and node.inputs else None


def _is_one_by_one(node: Node) -> bool:
    window, group = node.attributes.get("kernel_shape"), node.attributes.get("group", 1)
    return isinstance(window, (list, tuple)) and all([size == 1 for size in window]) and group == 1


def _pointwise(node: Node, weights: Value, shape: tuple[int, ...]) -> LinearLayer | None:
    layout = node.attributes.get("weight_layout")
    sizes = [size for size in shape if size != 1]
    if len(sizes) != 2:
        return None
    first, last = sizes
    fans = (first, last) if isinstance(layout, str) and layout.endswith("IO") else (last, first)
    return LinearLayer(node, True, *fans, weights.name)


def _is_separable(graph: Graph, node: Node) -> bool:
    """Whether the layer is the pointwise half of a depthwise-separable convolution, linear by design.

    Between the halves may be an activation, a normalisation, a squeeze-and-excite.
    """
    waiting, seen = [node.inputs[0]], set[int]()
    while waiting and len(seen) < _NEAR:
        name = waiting.pop(0)
        place = graph.producers.get(name) if name else None
        if place is None or place in seen:
            continue
        seen.add(place)
        before = graph.nodes[place]
        if before.op == "Conv" and before.attributes.get("group", 1) != 1:
            return True
        if before.op != "Conv" and not before.subgraphs:
            waiting += before.inputs[:2]
    return False


_NEAR = 16
"""Nodes before a pointwise convolution among which its depthwise half is looked for."""


def _following(paths: Paths, graph: Graph, first: LinearLayer) -> LinearLayer | None:
    """The linear layer of the same kind that alone reads `first`; None without one."""
    if _cuts_off(graph.value(first.node.outputs[0])):
        return None
    for node in paths.onward(graph, first.node.outputs[0] or ""):
        value = graph.value(node.outputs[0]) if node.outputs else None
        if passes(node) or paths.adds_bias(graph, node):
            if node.activation is not None or not _keeps_width(value, first) or _cuts_off(value):
                return None
            continue
        second = linear_layer(graph, node)
        alike = second is not None and second.pointwise == first.pointwise
        reads_it = second is not None and second.fan_in == first.fan_out and _is_plain(node)
        return second if alike and reads_it else None
    return None


def _is_plain(node: Node) -> bool:
    """Whether every place of the input counts once: no padding, which would add places of zeros."""
    pads = node.attributes.get("pads")
    return not (isinstance(pads, (list, tuple)) and any(pads))


def _keeps_width(value: Value | None, layer: LinearLayer) -> bool:
    """Whether a value between dense layers still has the layer's outputs in its last dim."""
    if value is None or not value.shape:
        return False
    return layer.pointwise or value.shape[-1] == layer.fan_out


def _cuts_off(value: Value | None) -> bool:
    """Whether the value's quantization has no negative numbers, which makes it a ReLU."""
    known = affine(value)
    return known is not None and known.low >= 0
