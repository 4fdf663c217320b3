"""Whether a memory plan that a file brings along still fits the model in it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from edgelint.analysis.memory import Arena
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.analysis.tflm.head import OFFLINE_PLAN, ONLINE, offline_plan
from edgelint.analysis.tflm.layout import Layout, Placed
from edgelint.analysis.tflm.prepare import CUSTOM_DOMAINS
from edgelint.deferred import dataclass, replace
from edgelint.ir.model import Model
from edgelint.ir.operators import Family, describe
from edgelint.targets import Target

LONGEST_VIEW = 16
"""Operators in a row that move elements, up to which what they make may be the same bytes."""


@dataclass(frozen=True, slots=True)
class OfflineCheck:
    """What is wrong with a file's offline memory plan.

    problem: why the runtime refuses it, a phrase; "" when it doesn't.
    clash: two tensors that are needed at the same time and share addresses; None when there are none.
    online: the arena without the plan; None when there is nothing to compare.
    """

    problem: str = ""
    clash: tuple[Placed, Placed] | None = None
    online: Arena | None = None


def check_offline_plan(model: Model, target: Target, arena: Arena) -> OfflineCheck | None:
    """What there is to say about the offline plan in `model`; None when it has none that fixes a tensor.

    arena: of `model` on `target`. Tensors of custom operators are left out of account, and so is the
    arena with such operators: their planner knows what overlaps may be.
    """
    offline = offline_plan(model)
    if offline.problem:
        return OfflineCheck(problem=offline.problem)
    if all(offset == ONLINE for offset in offline.offsets) or arena.layout is None:
        return None
    custom = _touched_by_custom(model)
    clash = next(_clashes(model, arena.layout, custom), None)
    without = {name: data for name, data in model.metadata_buffers.items() if name != OFFLINE_PLAN}
    online = None if custom else plan_arena(replace(model, metadata_buffers=without), target)
    return OfflineCheck(clash=clash, online=online)


def _touched_by_custom(model: Model) -> set[tuple[int, str]]:
    return {
        (place, name)
        for place, graph in enumerate(model.graphs)
        for node in graph.nodes
        if node.domain in CUSTOM_DOMAINS
        for name in (*node.inputs, *node.outputs)
        if name
    }


def _clashes(model: Model, layout: Layout, custom: set[tuple[int, str]]) -> Iterator[tuple[Placed, Placed]]:
    """Pairs that share addresses and more than one clock, the earlier one first.

    At a single clock an operator may read the one as it writes the other, which its kernel may allow.
    """
    ends: list[tuple[int, int]] = []
    taken: list[tuple[int, int]] = []
    longest = max((buffer.size for buffer in layout.placed), default=0)
    numbered = [
        (number, buffer)
        for number, buffer in enumerate(layout.placed)
        if buffer.first >= 0
        and buffer.last > 0
        and (buffer.graph, buffer.name) not in custom
        and not buffer.scratch
    ]
    for number, buffer in sorted(numbered, key=lambda each: each[1].first):
        # Whoever is not needed beyond the clock at which this one is made, can't clash with it.
        while ends and ends[0][0] <= buffer.first:
            gone = heappop(ends)[1]
            del taken[bisect_left(taken, (layout.placed[gone].offset, gone))]
        low = bisect_left(taken, (buffer.offset - longest, -1))
        for offset, other in _from(taken, low, buffer.offset + buffer.size):
            earlier = layout.placed[other]
            if offset + earlier.size > buffer.offset and not _is_view(model, earlier, buffer):
                yield earlier, buffer
        if buffer.last > buffer.first:
            insort(taken, (buffer.offset, number))
            heappush(ends, (buffer.last, number))


def _from(taken: Sequence[tuple[int, int]], low: int, end: int) -> Iterator[tuple[int, int]]:
    for place in range(low, len(taken)):
        if taken[place][0] >= end:
            return
        yield taken[place]


def _is_view(model: Model, earlier: Placed, later: Placed) -> bool:
    """Whether `later` may hold what `earlier` holds: between them, elements are only moved."""
    if earlier.graph != later.graph:
        return False
    graph, name = model.graphs[later.graph], later.name
    for _ in range(LONGEST_VIEW):
        node = graph.nodes[graph.producers[name]] if name in graph.producers else None
        known = describe(node.op, node.domain) if node else None
        if node is None or known is None or known.family is not Family.MOVEMENT:
            return False
        if earlier.name in node.inputs:
            return True
        name = node.inputs[0] or "" if node.inputs else ""
    return False
