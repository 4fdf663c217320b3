"""What lies where in the arena, and when: the plan in the model's own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from heapq import nlargest
from itertools import accumulate
from typing import NamedTuple

from edgelint.analysis.tflm.lifetimes import NEVER, Step
from edgelint.deferred import dataclass


class Placed(NamedTuple):
    """A planned buffer: bytes at an offset in the arena's head, from one clock to another.

    name: the value's, or the operator's whose scratch it is. graph: the place of its graph.
    size: bytes, rounded up to 16. scratch: whether an operator asked for it as working memory.
    """

    graph: int
    name: str
    size: int
    offset: int
    first: int
    last: int
    scratch: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """The time one operator runs: places of its graph and node, the clock, and the bytes alive then."""

    graph: int
    node: int
    clock: int
    live: int


@dataclass(frozen=True)
class Layout:
    """The planned head of an arena.

    placed: every buffer, tensors in file order and then scratch in the order it was asked for.
    steps: the operators in the order the planner walks them.
    head: bytes the plan needs.
    """

    placed: Sequence[Placed]
    steps: Sequence[Step]
    head: int

    @cached_property
    def timeline(self) -> tuple[Moment, ...]:
        """The bytes alive while each operator runs, in execution order."""
        return tuple(map(self._moment, self.steps))

    def occupancy(self) -> Iterator[tuple[Moment, tuple[Placed, ...]]]:
        """Each operator in the order of its clock with the buffers alive then, the oldest first."""
        waiting = sorted(self.placed, key=lambda buffer: buffer.first, reverse=True)
        alive: list[Placed] = []
        for moment in sorted(self.timeline, key=lambda moment: moment.clock):
            while waiting and waiting[-1].first <= moment.clock:
                alive.append(waiting.pop())
            alive = [buffer for buffer in alive if buffer.last >= moment.clock]
            yield moment, tuple(alive)

    @cached_property
    def peak(self) -> Moment | None:
        """The first operator at which most bytes are alive; None without operators."""
        return next(iter(self.fullest(1)), None)

    def fullest(self, count: int) -> list[Moment]:
        """The operators at which most bytes are alive, up to `count`; the fullest first, then the earlier."""
        live = self._live
        return [*map(self._moment, nlargest(count, self.steps, key=lambda step: live[step.end - NEVER]))]

    @cached_property
    def bound(self) -> int:
        """The most bytes alive at one clock: what a perfect plan would need."""
        return max(self._live)

    def alive(self, clock: int) -> tuple[Placed, ...]:
        """The buffers alive at `clock`, the largest first."""
        found = [buffer for buffer in self.placed if buffer.first <= clock <= buffer.last]
        return tuple(sorted(found, key=lambda buffer: -buffer.size))

    def _moment(self, step: Step) -> Moment:
        return Moment(step.graph, step.node, step.end, self._live[step.end - NEVER])

    @cached_property
    def _live(self) -> list[int]:
        """The bytes alive at each clock, from `NEVER` to the one after the last."""
        last = max([NEVER, *[buffer.last for buffer in self.placed], *[step.end for step in self.steps]])
        changes = [0] * (last + 2 - NEVER)
        for buffer in self.placed:
            changes[buffer.first - NEVER] += buffer.size
            changes[buffer.last + 1 - NEVER] -= buffer.size
        return list(accumulate(changes))
