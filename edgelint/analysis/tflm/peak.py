"""Where the arena is fullest, with what, and what would make it smaller."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.analysis.memory import Arena
from edgelint.analysis.tflm.greedy_plan import Buffer, plan
from edgelint.analysis.tflm.layout import Layout, Placed
from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Node

CONSIDERED = 8
"""Buffers at the peak, the largest first, for which the plan is made again without them."""

MAX_PLACED = 8_000
"""Buffers placed, in all these plans, before the rest is left out: a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The moment at which most bytes of an arena's head are alive. Bytes throughout.

    graph: place of the operator's graph. node: the operator.
    live: alive while it runs. alive: the buffers that make it up, the largest first, scratch included.
    scratch: the share of `live` that operators only use as working memory.
    unreached: planned, all at once, for graphs that no operator runs; can be more than `live`.
    head: planned for tensors and scratch. tail: the records that stay. bound: the fewest that any plan
    for this order of operators needs. gap: how far `head` is above it, which a plan made before
    (OfflineMemoryAllocation) may save.
    """

    graph: int
    node: Node
    live: int
    alive: tuple[Placed, ...]
    scratch: int
    unreached: int
    head: int
    tail: int
    bound: int
    gap: int


@dataclass(frozen=True, slots=True)
class Shrinking:
    """A buffer, and the bytes by which the head is smaller when planned without it.

    That is the most that shrinking it alone can save.
    """

    buffer: Placed
    saves: int


def find_peak(arena: Arena, model: Model) -> Peak | None:
    """The peak of the arena that was planned for `model`; None without a plan or operators."""
    layout = arena.layout
    moment = layout.peak if layout else None
    if layout is None or moment is None:
        return None
    alive = layout.alive(moment.clock)
    return Peak(
        graph=moment.graph,
        node=model.graphs[moment.graph].nodes[moment.node],
        live=moment.live,
        alive=alive,
        scratch=sum(buffer.size for buffer in alive if buffer.scratch),
        unreached=sum(buffer.size for buffer in layout.placed if buffer.last < 0),
        head=layout.head,
        tail=arena.tail or 0,
        bound=layout.bound,
        gap=max(layout.head - layout.bound, 0),
    )


def worth_shrinking(layout: Layout) -> tuple[Shrinking, ...]:
    """Buffers alive at the peak without which the head is smaller, the most saving first.

    Each is planned for: a tensor can be large and save nothing, when others are as large at another
    operator. () where an offline plan places the buffers, and where there are too many to plan again.
    """
    considered = min(CONSIDERED, MAX_PLACED // max(len(layout.placed), 1) - 1)
    if considered < 1:
        return ()
    buffers = [Buffer(placed.size, placed.first, placed.last) for placed in layout.placed]
    moment = layout.peak
    if moment is None or plan(buffers).head != layout.head:
        return ()
    at_peak = sorted(
        (
            place
            for place, placed in enumerate(layout.placed)
            if placed.first <= moment.clock <= placed.last and not placed.scratch
        ),
        key=lambda place: -buffers[place].size,
    )
    found = [
        Shrinking(layout.placed[place], layout.head - _head_without(buffers, place))
        for place in at_peak[:considered]
    ]
    return tuple(sorted((each for each in found if each.saves > 0), key=lambda each: -each.saves))


def _head_without(buffers: Sequence[Buffer], place: int) -> int:
    return plan([*buffers[:place], buffers[place]._replace(size=0), *buffers[place + 1 :]]).head
