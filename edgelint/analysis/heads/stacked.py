"""Activations, and decisions between classes, that come straight after another activation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edgelint.analysis.axes import carried
from edgelint.analysis.heads.tails import NORMALISING, STEPS, activation_at, extent_at, layer_of, passes
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node

if TYPE_CHECKING:
    from edgelint.analysis.hidden.activations import Activated


@dataclass(frozen=True, slots=True)
class Applied:
    """An activation where it is applied.

    name: canonical. node: what computes it, fused or not. fed_by: what it is applied to; None where
    that is no value of the graph, as for a fused one. axis: the one it works along, counted from the
    front, for those that do; size: how long that is; None unknown. Before ONNX opset 13 a softmax
    works over all dims from its axis on, and `size` is their product.
    """

    graph: Graph
    node: Node
    name: str
    fed_by: str | None
    axis: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two activations with nothing between them that changes a number.

    same_axis: whether both work along one axis; False too where that is not known.
    """

    first: Applied
    second: Applied
    same_axis: bool


def largest_share(units: int) -> float:
    """The most that a softmax over `units` numbers from 0 to 1 gives one of them: e / (e + units - 1)."""
    return math.e / (math.e + units - 1)


SQUASHERS = frozenset({"Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid"})
"""Activations that turn scores into probabilities, or their logarithms."""


def pairs(model: Model, activations: Iterable[Activated]) -> Iterator[Pair]:
    """Each of SQUASHERS among the activations of `model` that reads another one, in their order."""
    for each in activations:
        second = applied_at(model, each.graph, each.node) if each.kind in SQUASHERS else None
        if second is not None and second.fed_by is not None:
            found = feeding(model, each.graph, second.fed_by)
            if found is not None:
                first, way = found
                moved = carried(each.graph, way, first.axis)
                yield Pair(first, second, moved is not None and moved == second.axis)


def applied_at(model: Model, graph: Graph, node: Node) -> Applied | None:
    """The activation that `node` ends in, None for none."""
    found = activation_at(graph, node)
    if found is None or not node.outputs:
        return None
    name, fed_by, axis = found
    along = extent_at(model, graph, node, axis) if name in NORMALISING else (None, None)
    return Applied(graph, node, name, None if node.activation else fed_by, *along)


def feeding(model: Model, graph: Graph, name: str | None) -> tuple[Applied, list[Node]] | None:
    """The activation that makes `name`, and the nodes behind it that change no number; None without one."""
    way: list[Node] = []
    for _ in range(STEPS):
        place = graph.producers.get(name) if name else None
        if place is None:
            return None
        node = graph.nodes[place]
        if passes(node):
            way.append(node)
            name = node.inputs[0]
            continue
        found = applied_at(model, graph, node) if name == node.outputs[0] else None
        return None if found is None else (found, way[::-1])
    return None


def is_on_layer(model: Model, graph: Graph, applied: Applied) -> bool:
    """Whether the activation is the one of a weighted layer: fused, or behind it with no other between."""
    return layer_of(model, graph, applied.node, applied.fed_by) is not None
