"""Which node of one model is which of another, through renames, and what changed in it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import field
from difflib import SequenceMatcher
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node

ALIGNED = 3000
"""Unmatched nodes a side up to which they are aligned in order, which costs their product at worst."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node and the graph it is in, with its word for a reader."""

    graph: Graph
    node: Node

    @property
    def name(self) -> str:
        """The node's name; its operator's where it has none."""
        return self.node.name or self.node.source.op


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A matched node that differs. fields: what differs to (before, after), for a reader."""

    old: Place
    new: Place
    fields: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Layers:
    """What became of the nodes.

    matched: pairs of places in the order of `Model.nodes()`. renamed: old and new name of such pairs.
    """

    matched: tuple[tuple[int, int], ...] = ()
    added: tuple[Place, ...] = ()
    removed: tuple[Place, ...] = ()
    changed: tuple[LayerChange, ...] = ()
    renamed: tuple[tuple[str, str], ...] = field(default=())

    @property
    def differ(self) -> bool:
        """Whether a node came, went or changed; a new name alone is no difference."""
        return bool(self.added or self.removed or self.changed)


def match(old: Model, new: Model, *, attributes: bool = True) -> Layers:
    """The nodes of `old` and `new` matched: by name and operator, then by what they are, in order.

    attributes: whether they count as differences; each format writes down others.
    """
    before, after = ([Place(graph, node) for graph, node in model.nodes()] for model in (old, new))
    pairs = _by_name(before, after)
    for likeness in (_signature, _kind):
        pairs |= _by_likeness(before, after, pairs, likeness)
    taken = set(pairs.values())
    couples = sorted(pairs.items())
    fields = ((before[a], after[b], _fields(before[a], after[b], attributes)) for a, b in couples)
    changes = [LayerChange(was, now, found) for was, now, found in fields if found]
    return Layers(
        matched=tuple(couples),
        added=tuple(place for index, place in enumerate(after) if index not in taken),
        removed=tuple(place for index, place in enumerate(before) if index not in pairs),
        changed=tuple(changes),
        renamed=tuple((before[a].name, after[b].name) for a, b in couples if before[a].name != after[b].name),
    )


def _by_name(before: Sequence[Place], after: Sequence[Place]) -> dict[int, int]:
    """Pairs that share operator and name, where both models have that name once."""
    places = {_key(place): index for index, place in enumerate(after)}
    many = {key for side in (before, after) for key, count in Counter(map(_key, side)).items() if count > 1}
    return {
        index: places[_key(place)]
        for index, place in enumerate(before)
        if place.node.name and _key(place) in places and _key(place) not in many
    }


def _key(place: Place) -> tuple[str, str]:
    return place.node.op, place.node.name


def _by_likeness(
    before: Sequence[Place], after: Sequence[Place], pairs: dict[int, int], like: Callable[[Place], Hashable]
) -> dict[int, int]:
    """More pairs among those not in `pairs`, which look the same to `like` and come in the same order."""
    taken = set(pairs.values())
    left = [index for index in range(len(before)) if index not in pairs]
    right = [index for index in range(len(after)) if index not in taken]
    a, b = [like(before[index]) for index in left], [like(after[index]) for index in right]
    if max(len(a), len(b)) > ALIGNED:
        return _in_turn(zip(left, a, strict=True), zip(right, b, strict=True))
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return {left[block.a + step]: right[block.b + step] for block in blocks for step in range(block.size)}


def _in_turn(left: Iterable[tuple[int, Hashable]], right: Iterable[tuple[int, Hashable]]) -> dict[int, int]:
    """The first of each kind with the first, the second with the second: linear, for very long graphs."""
    queues: dict[Hashable, deque[int]] = defaultdict(deque)
    for index, kind in right:
        queues[kind].append(index)
    return {index: queues[kind].popleft() for index, kind in left if queues[kind]}


def _signature(place: Place) -> Hashable:
    """What makes two nodes alike at a glance: operator, what comes out, and the weights' shapes."""
    outputs = tuple(value.shape if value else None for value in place.graph.outputs_of(place.node))
    return place.node.op, place.node.activation, outputs, _weights(place)


def _kind(place: Place) -> Hashable:
    return place.node.op


def _weights(place: Place) -> tuple[tuple[int, ...], ...]:
    values = place.graph.inputs_of(place.node)
    return tuple(value.tensor.shape for value in values if value is not None and value.tensor is not None)


def _fields(old: Place, new: Place, attributes: bool) -> dict[str, tuple[str, str]]:
    """What differs between two matched nodes."""
    before, after = _shown(old, attributes), _shown(new, attributes)
    return {
        name: (before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys((*before, *after))
        if before.get(name, "") != after.get(name, "")
    }


def _shown(place: Place, attributes: bool) -> dict[str, str]:
    outputs = [value for value in place.graph.outputs_of(place.node) if value is not None]
    shown = {
        "output": ", ".join(_dims(value.shape) for value in outputs),
        "dtype": ", ".join(value.dtype.label if value.dtype else "?" for value in outputs),
        "weights": ", ".join(_dims(shape) for shape in _weights(place)),
        "activation": place.node.activation or "",
    }
    if not attributes:
        return shown
    return shown | {name: _plain(value) for name, value in place.node.attributes.items() if _is_plain(value)}


def _dims(shape: Sequence[Any] | None) -> str:
    return "?" if shape is None else "×".join("?" if dim is None else str(dim) for dim in shape) or "scalar"


def _is_plain(value: object) -> bool:
    """Whether an attribute is a number, a word or a short list of them."""
    if isinstance(value, (list, tuple)):
        return len(value) <= 16 and all(isinstance(each, (int, float, str)) for each in value)
    return isinstance(value, (int, float, str))


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
