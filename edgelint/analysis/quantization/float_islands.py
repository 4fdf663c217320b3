"""Stretches of float operators inside a network of integers."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Node, Value

_IN, _OUT = "DEQUANTIZE", "QUANTIZE"


@dataclass(frozen=True, slots=True)
class Island:
    """Float operators that hang together, and that read or give integers through conversions.

    places: of the operators in `Graph.nodes`, in order. entries, exits: how many DEQUANTIZE lead to
    them and how many QUANTIZE away; 0 where they begin at an input, or end at an output, of the graph.
    """

    places: tuple[int, ...]
    entries: int
    exits: int


def float_islands(graph: Graph) -> Iterator[Island]:
    """The islands of `graph`, by their first operator. Linear in its edges."""
    groups = _Groups(len(graph.nodes))
    inner = [_is_inner(graph, node) for node in graph.nodes]
    entries: dict[int, set[int]] = {}
    exits: dict[int, set[int]] = {}
    for name, producer in graph.producers.items():
        for reader in graph.readers.get(name, ()):
            if inner[producer] and inner[reader]:
                groups.join(producer, reader)
    for name, producer in graph.producers.items():
        for reader in graph.readers.get(name, ()):
            if inner[reader] and _converts(graph, producer, _IN):
                entries.setdefault(groups.of(reader), set()).add(producer)
            if inner[producer] and _converts(graph, reader, _OUT):
                exits.setdefault(groups.of(producer), set()).add(reader)
    members: dict[int, list[int]] = {}
    for place in range(len(graph.nodes)):
        if inner[place]:
            members.setdefault(groups.of(place), []).append(place)
    for group, places in members.items():
        if group in entries or group in exits:
            yield Island(tuple(places), len(entries.get(group, ())), len(exits.get(group, ())))


class _Groups:
    """Which nodes hang together (union by path halving)."""

    def __init__(self, count: int) -> None:
        self.above = list(range(count))

    def of(self, place: int) -> int:
        """The node that stands for the group of `place`."""
        while self.above[place] != place:
            self.above[place] = self.above[self.above[place]]
            place = self.above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        low, high = sorted((self.of(one), self.of(other)))
        self.above[high] = low


def _is_inner(graph: Graph, node: Node) -> bool:
    """Whether it computes floats from floats."""
    if node.source.op in (_IN, _OUT) or not node.outputs:
        return False
    return _is_float(graph.value(node.outputs[0])) and any(map(_is_float, graph.inputs_of(node)))


def _converts(graph: Graph, place: int, word: str) -> bool:
    """Whether the node at `place` is a `word` of an activation, not of a stored constant."""
    node = graph.nodes[place]
    if node.source.op != word or not node.inputs or not node.outputs:
        return False
    read, made = graph.value(node.inputs[0]), graph.value(node.outputs[0])
    if read is None or made is None or read.is_constant:
        return False
    return _is_float(read) != _is_float(made)


def _is_float(value: Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.is_float
