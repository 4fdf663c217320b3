"""The constant behind an operand that is dequantized, cast or turned before it is read."""

from __future__ import annotations

from edgelint.ir.model import Graph, Value

STEPS = 4
"""Nodes between a constant and its reader; exporters put two or three there."""

_PASSED = frozenset({"DequantizeLinear", "Transpose", "Identity", "Cast"})


def stored_behind(graph: Graph, name: str | None) -> Value | None:
    """The constant that `name` is, or is made from by such nodes alone; None where there is none."""
    for _ in range(STEPS):
        value = graph.value(name)
        if value is None or value.is_constant:
            return value
        before = graph.producers.get(value.name)
        if before is None or graph.nodes[before].op not in _PASSED:
            return None
        name = next(iter(graph.nodes[before].inputs), None)
    return None
