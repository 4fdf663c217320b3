"""What depends on a model's input, and what is the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.axes import chosen_along
from edgelint.analysis.heads.stacked import applied_at
from edgelint.analysis.heads.tails import DOMAINS, NORMALISING
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.ir.operators import Family, describe

_SHAPE_READERS = frozenset({"Shape", "Size", "RANK"})
"""Operators that look at the shape of what they read, not at its numbers."""

_DECISIONS = frozenset({"ArgMax", "ArgMin"})

_STOPPING = _DECISIONS | NORMALISING
"""Operators that may give one number whatever they read, besides those with an activation fused."""

_SOURCES = frozenset({Family.RANDOM, Family.STATE, Family.CONTROL_FLOW, Family.SEQUENCE})
"""Families whose operators may give something new in every run without reading an input."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """An output that is the same in every run.

    cause: the node on its way that stops the input; None where no way leads to the input.
    value: the constant that the cause gives, None where it is not one number.
    """

    output: str
    cause: Node | None
    value: int | None


def fixed_outputs(model: Model, graph: Graph) -> Iterator[Fixed]:
    """The outputs of `graph` that are the same whatever its inputs are.

    Nodes are in execution order: what is read before it was made is taken for an input.
    """
    fixed: dict[str, Node | None] = {}
    for node in graph.nodes:
        may_stop = node.op in _STOPPING or node.activation is not None
        stops = _gives_one_number(model, graph, node) if may_stop else None
        still = True
        for name in node.inputs:
            if name and name not in fixed and not _is_stored(graph.values.get(name)):
                still = False
                break
        if stops is None and not still and not _reads_fixed_shape(graph, node):
            continue
        names = [name for name in node.inputs if name]
        if stops is None and (_is_source(node) or not (names or _reads_fixed_shape(graph, node))):
            continue
        before = next((fixed[name] for name in names if fixed.get(name) is not None), None)
        cause = node if stops is not None and not still else before
        fixed.update((name, cause) for name in node.outputs if name)
    for output in graph.outputs:
        if output in fixed or _is_stored(graph.value(output)):
            cause = fixed.get(output)
            yield Fixed(output, cause, _gives_one_number(model, graph, cause) if cause else None)


def _gives_one_number(model: Model, graph: Graph, node: Node) -> int | None:
    """The number that all outputs of `node` are, whatever it reads; None for none."""
    if node.domain not in DOMAINS or not node.outputs:
        return None
    if node.op in _DECISIONS:
        return 0 if chosen_along(graph, node)[1] == 1 else None
    if node.op not in NORMALISING and node.activation not in NORMALISING:
        return None
    applied = applied_at(model, graph, node)
    if applied is None or applied.name not in NORMALISING or applied.size != 1:
        return None
    return 0 if applied.name == "LogSoftmax" else 1


def _reads_fixed_shape(graph: Graph, node: Node) -> bool:
    value = graph.value(node.inputs[0]) if node.op in _SHAPE_READERS and node.inputs else None
    return value is not None and value.signature is None and value.elements is not None


def _is_stored(value: Value | None) -> bool:
    return value is not None and value.is_constant and not value.is_variable


def _is_source(node: Node) -> bool:
    known = describe(node.op, node.domain)
    return known is None or known.family in _SOURCES or bool(node.subgraphs)
