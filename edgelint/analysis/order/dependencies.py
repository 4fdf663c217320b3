"""Which operators have to run before which: data first, then everything with a memory of its own."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value
from edgelint.ir.operators import Family, describe

Key = tuple[str, ...]
"""Something that operators read or change: a value, a resource, or all that is not known."""

_WORLD: Key = ("world",)

_OPAQUE = frozenset({Family.CONTROL_FLOW, Family.RANDOM})
"""Operators that may change what no edge shows: bodies assign variables, generators move on."""

_MAKES_HANDLE = frozenset({"VAR_HANDLE", "HASHTABLE"})
"""Operators that name a resource and touch nothing of it."""

_READS_RESOURCE = frozenset({"READ_VARIABLE", "HASHTABLE_FIND", "HASHTABLE_LOOKUP", "HASHTABLE_SIZE"})

_NAMES = ("container", "shared_name", "table_id")
"""Attributes that say which resource a handle is for."""


def dependencies(graph: Graph) -> list[tuple[int, ...]]:
    """For each node of `graph`, the places of those that have to run before it, all lower than its own.

    Any order that keeps them computes the same: readers follow the writer they follow in the file,
    and writers of the same tensor, variable or resource keep their order. Operators that may do what
    the graph doesn't show (control flow, random numbers, unknown custom operators) keep their order
    among themselves and towards all that touches resources. Time linear in the graph's edges.
    """
    resources = _resources(graph)
    writer: dict[Key, int] = {}
    readers: dict[Key, list[int]] = {}
    found = []
    for place, node in enumerate(graph.nodes):
        before: set[int] = set()
        reads, writes = _touched(graph, node, resources)
        for key in reads:
            if key in writer:
                before.add(writer[key])
            readers.setdefault(key, []).append(place)
        for key in writes:
            before.update(readers.pop(key, ()))
            if key in writer:
                before.add(writer[key])
            writer[key] = place
        before.discard(place)
        found.append(tuple(sorted(before)))
    return found


def _touched(graph: Graph, node: Node, resources: dict[str, Key]) -> tuple[list[Key], list[Key]]:
    """What `node` reads and what it changes."""
    reads: list[Key] = []
    writes: list[Key] = [("value", name) for name in node.outputs if name]
    for name in node.inputs:
        value = graph.value(name)
        if name and value and not value.is_constant:
            (writes if value.is_variable else reads).append(("value", name))
    known = describe(node.op, node.domain)
    handles = [resources.get(value.name, _WORLD) for value in _handles(graph, node)]
    if known is None or known.family in _OPAQUE or _WORLD in handles:
        writes.append(_WORLD)
    elif handles:
        reads.append(_WORLD)
        (reads if node.op in _READS_RESOURCE else writes).extend(handles)
    return reads, list(dict.fromkeys(writes))


def _handles(graph: Graph, node: Node) -> Iterator[Value]:
    return (value for value in graph.inputs_of(node) if value and value.dtype is DType.RESOURCE)


def _resources(graph: Graph) -> dict[str, Key]:
    """The resource behind each handle that an operator of `graph` makes and names."""
    found: dict[str, Key] = {}
    for node in graph.nodes:
        if node.op in _MAKES_HANDLE:
            words = [str(node.attributes.get(word) or "") for word in _NAMES]
            if any(words):
                found.update({name: ("resource", node.op, *words) for name in node.outputs if name})
    return found
