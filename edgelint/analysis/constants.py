"""Small constants of a graph, read without numpy."""

from __future__ import annotations

from edgelint.errors import EdgelintError
from edgelint.ir.dtype import STRUCT_CODES, unpacked
from edgelint.ir.model import Graph, Model, Value

_LARGEST = 64
"""Elements above which a constant is not small."""

_CHAIN = 4
"""Nodes between a stored constant and its reader (dequantize, cast, transpose …) that are looked through."""


def numbers(value: Value | None) -> tuple[float, ...] | None:
    """The stored numbers of a constant of at most 64 elements; None where there is none to read."""
    tensor = value.tensor if value else None
    if tensor is None or tensor.sparse or tensor.dtype not in STRUCT_CODES:
        return None
    elements = tensor.elements
    if elements > _LARGEST:
        return None
    try:
        return unpacked(tensor.storage.read(), tensor.dtype, elements)
    except EdgelintError:
        return None


def is_constant(model: Model, graph: Graph, name: str | None) -> bool:
    """Whether `name` is the same in every run: stored, or made from stored values in a few nodes."""
    if not name:
        return False
    producers = graph.producers
    if name not in producers:
        return _is_stored(model, graph, name)
    waiting = [(name, 0)]
    for _ in range(4 * _CHAIN):
        if not waiting:
            return True
        name, depth = waiting.pop()
        place = producers.get(name)
        if place is None:
            if not _is_stored(model, graph, name):
                return False
            continue
        node = graph.nodes[place]
        if depth == _CHAIN or node.subgraphs or _is_source(node.op):
            return False
        # The first input is looked at next: it is data more often than the others are.
        waiting += [(each, depth + 1) for each in reversed(node.inputs) if each]
    return False


def _is_source(op: str) -> bool:
    return op.startswith("Random") or op in ("Multinomial", "ReadVariable", "READ_VARIABLE")


def _is_stored(model: Model, graph: Graph, name: str) -> bool:
    """Whether the value is a weight of `graph` or of one it is the body of."""
    for _ in range(len(model.graphs)):
        value = graph.values.get(name)
        if value is not None:
            if value.is_constant:
                return True
            return not (value.is_variable or name in graph.producers or name in graph.inputs)
        if graph.parent is None or not 0 <= graph.parent < len(model.graphs):
            return False
        graph = model.graphs[graph.parent]
    return False
