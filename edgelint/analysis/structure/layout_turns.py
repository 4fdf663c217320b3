"""Transpositions between channels first and channels last: how many, and what they write in a run."""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.analysis.cost.measure import NodeCost
from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Node

ORDERS = ((0, 2, 3, 1), (0, 3, 1, 2))
"""From channels first to channels last, and back."""


@dataclass(frozen=True, slots=True)
class Turns:
    """count: transpositions that move anything. moved: bytes they write. written: bytes all nodes write."""

    count: int
    moved: int
    written: int


def layout_turns(model: Model, costs: Iterable[NodeCost]) -> Turns:
    """The transpositions of `model`, whose nodes cost `costs`."""
    count = moved = written = 0
    for cost in costs:
        made = cost.output_bytes or 0
        written += made
        if _turns(model, cost.graph, cost.node):
            count += 1
            moved += made
    return Turns(count, moved, written)


def _turns(model: Model, graph: int, node: Node) -> bool:
    """Whether it changes the layout; a map of one channel or one position stays as it is."""
    perm = node.attributes.get("perm")
    if node.op != "Transpose" or not isinstance(perm, (list, tuple)) or tuple(perm) not in ORDERS:
        return False
    value = model.graphs[graph].value(node.outputs[0] if node.outputs else None)
    shape = value.shape if value is not None else None
    return shape is not None and sum(dim != 1 for dim in shape[1:]) > 1
