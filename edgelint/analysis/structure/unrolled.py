"""Recurrent cells that were written out step by step: the same weights multiplied again and again."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.stored import stored_behind
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Node

_PRODUCTS = frozenset({"Gemm", "MatMul", "QLinearMatMul", "QGemm", "MatMulInteger", "Conv", "Einsum"})
_GATES = frozenset({"Sigmoid", "Tanh", "HardSigmoid", "QLinearSigmoid"})
"""What bounds the state of a cell. A filter that is applied again and again (a wavelet) has none."""
_OTHERS = frozenset({"Softmax", "LayerNormalization", "Attention", "MultiHeadAttention"})
"""What repeated blocks of transformers with shared weights have, and recurrent cells don't."""

MOST_WEIGHTS = 8
"""Shared weights of one graph that are followed: each takes a pass over its nodes."""


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A cell that is written out.

    weight: the value that each step multiplies with. steps: how many do so one after another.
    first: the first of these nodes. operators: nodes from the first to the last of them.
    """

    weight: str
    steps: int
    first: Node
    operators: int


def unrolled_cells(graph: Graph, least: int) -> Iterator[Unrolled]:
    """The cells of `graph` with at least `least` steps; the gates of one cell count as one."""
    if _count(graph, _GATES) < least:
        return
    others = _count(graph, _OTHERS)
    places: dict[str, list[int]] = {}
    for place, node in enumerate(graph.nodes):
        if node.op in _PRODUCTS:
            for name in node.inputs[1:2] or ():
                weight = stored_behind(graph, name)
                if weight is not None:
                    places.setdefault(weight.name, []).append(place)
    shared = sorted(
        (found for found in places.items() if len(found[1]) >= least), key=lambda item: -len(item[1])
    )
    covered: list[tuple[int, int]] = []
    for name, nodes in shared[:MOST_WEIGHTS]:
        if any(start <= nodes[len(nodes) // 2] <= end for start, end in covered):
            continue
        steps = _longest_chain(graph, set(nodes))
        if steps >= least and others < steps:
            covered.append((nodes[0], nodes[-1]))
            yield Unrolled(name, steps, graph.nodes[nodes[0]], nodes[-1] - nodes[0] + 1)


def _count(graph: Graph, ops: frozenset[str]) -> int:
    return sum([node.op in ops or node.activation in ops for node in graph.nodes])


def _longest_chain(graph: Graph, members: set[int]) -> int:
    """The most of `members` on one way through the graph, with a gate between each and the next."""
    open_at: dict[str, int] = {}
    gated_at: dict[str, int] = {}
    longest = 0
    for place, node in enumerate(graph.nodes):
        names = [name for name in node.inputs if name]
        open_ = max((open_at.get(name, 0) for name in names), default=0)
        gated = max((gated_at.get(name, 0) for name in names), default=0)
        if place in members:
            open_ = gated + 1
            longest = max(longest, open_)
        if node.op in _GATES or node.activation in _GATES:
            gated = max(gated, open_)
        for name in node.outputs if open_ else ():
            if name:
                open_at[name], gated_at[name] = open_, gated
    return longest
