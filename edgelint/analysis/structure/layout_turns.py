"""Transpositions between channels first and channels last: how many, and what they write in a run."""

from __future__ import annotations

from edgelint.analysis.cost.measure import Cost
from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Node

ORDERS = ((0, 2, 3, 1), (0, 3, 1, 2))
"""From channels first to channels last, and back."""


@dataclass(frozen=True, slots=True)
class Turns:
    """count: transpositions that move anything. moved: bytes they write.

    written: bytes that all nodes write; 0 where nothing is transposed.
    """

    count: int
    moved: int
    written: int


def layout_turns(model: Model, cost: Cost) -> Turns:
    """The transpositions of `model`, which costs `cost`."""
    turning = {
        id(node)
        for place, graph in enumerate(model.graphs)
        for node in graph.nodes
        if _turns(model, place, node)
    }
    if not turning:
        return Turns(0, 0, 0)
    moved = sum(each.output_bytes or 0 for each in cost.nodes if id(each.node) in turning)
    return Turns(len(turning), moved, sum(each.output_bytes or 0 for each in cost.nodes))


def _turns(model: Model, graph: int, node: Node) -> bool:
    """Whether it changes the layout; a map of one channel or one position stays as it is."""
    if node.op != "Transpose":
        return False
    perm = node.attributes.get("perm")
    if not isinstance(perm, (list, tuple)) or tuple(perm) not in ORDERS:
        return False
    value = model.graphs[graph].value(node.outputs[0] if node.outputs else None)
    shape = value.shape if value is not None else None
    return shape is not None and sum(dim != 1 for dim in shape[1:]) > 1
