"""What became of a node between two models that are drawn one beside the other."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.comparison.layers import Layers
from edgelint.deferred import dataclass
from edgelint.ir.model import Model
from edgelint.printable import printable

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """kind: one of the above, or "". fields: what differs, before and after."""

    kind: str = ""
    fields: tuple[tuple[str, str, str], ...] = ()


def changes(layers: Layers) -> tuple[dict[int, Change], dict[int, Change]]:
    """By `id` of the nodes of the old model, and of the new one."""
    old = {id(place.node): Change(REMOVED) for place in layers.removed}
    new = {id(place.node): Change(ADDED) for place in layers.added}
    for each in layers.changed:
        fields = tuple(
            (printable(name, 60), printable(before, 300), printable(after, 300))
            for name, (before, after) in each.fields.items()
        )
        change = Change(CHANGED, fields)
        old[id(each.old.node)] = new[id(each.new.node)] = change
    return old, new


def pairs(layers: Layers, old: Model, new: Model) -> list[tuple[int, int, int, int]]:
    """Graph and node of the old model with graph and node of the new one, for each that was matched."""
    before, after = _places(old), _places(new)
    return [(*before[a], *after[b]) for a, b in layers.matched]


def _places(model: Model) -> Sequence[tuple[int, int]]:
    """In the order of `Model.nodes()`."""
    return [(number, node) for number, graph in enumerate(model.graphs) for node in range(len(graph.nodes))]
