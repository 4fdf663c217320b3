"""Where TensorFlow Lite Micro's greedy planner puts each buffer.

Source of the rules: tensorflow/tflite-micro@90b983c2, micro/memory_planner/greedy_memory_planner.cc.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that are needed from clock `first` to clock `last`, both included; `first` is never after `last`.

    size: bytes, already rounded up to the arena's alignment.
    offset: where an offline plan wants it; None leaves that to the planner.
    """

    size: int
    first: int
    last: int
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The offset of each buffer in bytes, in the order given, and the bytes they need together."""

    offsets: tuple[int, ...]
    head: int


def plan(buffers: Sequence[Buffer]) -> Plan:
    """The plan for `buffers`, byte for byte as the runtime's.

    Fixed buffers are placed first, whatever they overlap; then the others from the largest down,
    among equal sizes the later one first, each into the lowest gap that is free all its life.
    """
    occupied = _Occupancy(buffers)
    offsets = [0] * len(buffers)
    for index in _placing_order(buffers):
        buffer = buffers[index]
        offset = occupied.lowest_gap(buffer) if buffer.offset is None else buffer.offset
        occupied.add(buffer, offset)
        offsets[index] = offset
    head = max((offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True)), default=0)
    return Plan(tuple(offsets), max(head, 0))


def liveness_bound(buffers: Sequence[Buffer]) -> int:
    """The most bytes alive at one clock: no plan without overlaps can need less."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        changes[buffer.first] = changes.get(buffer.first, 0) + buffer.size
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - buffer.size
    peak = live = 0
    for clock in sorted(changes):
        live += changes[clock]
        peak = max(peak, live)
    return peak


def _placing_order(buffers: Sequence[Buffer]) -> list[int]:
    fixed = [index for index, buffer in enumerate(buffers) if buffer.offset is not None]
    # The runtime fills its list from the back and sorts it stably: equal sizes end up reversed.
    free = [index for index in range(len(buffers) - 1, -1, -1) if buffers[index].offset is None]
    free.sort(key=lambda index: -buffers[index].size)
    return fixed + free


class _Ranges:
    """Disjoint address ranges in rising order; ranges that touch are one."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        low = bisect_left(self.ends, start)
        high = bisect_right(self.starts, end)
        if low < high:
            start = min(start, self.starts[low])
            end = max(end, self.ends[high - 1])
        self.starts[low:high] = [start]
        self.ends[low:high] = [end]


class _Occupancy:
    """Which addresses are taken at which time: a segment tree over the clock.

    A tree node keeps the union of the ranges that are taken throughout its time span (`whole`) and
    at some moment of it (`some`). A question then reads O(log clocks) unions instead of every
    placed buffer, so that many buffers alive together cost no more than the gaps between them.
    """

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        clocks = sorted({clock for buffer in buffers for clock in (buffer.first, buffer.last)})
        self._rank = {clock: rank for rank, clock in enumerate(clocks)}
        self._leaves = 1 << max(len(clocks) - 1, 0).bit_length()
        self._whole: dict[int, _Ranges] = {}
        self._some: dict[int, _Ranges] = {}

    def add(self, buffer: Buffer, offset: int) -> None:
        """Take the addresses of `buffer` at `offset` during its life."""
        cover, path = self._cover(buffer)
        for place in cover:
            self._whole.setdefault(place, _Ranges()).add(offset, offset + buffer.size)
        for place in {*cover, *path}:
            self._some.setdefault(place, _Ranges()).add(offset, offset + buffer.size)

    def lowest_gap(self, buffer: Buffer) -> int:
        """The lowest address where `buffer` fits during its whole life."""
        cover, path = self._cover(buffer)
        unions = [self._some[place] for place in cover if place in self._some]
        unions += [self._whole[place] for place in path if place in self._whole]
        taken = [pair for union in unions for pair in zip(union.starts, union.ends, strict=True)]
        if len(unions) > 1:
            taken.sort()
        candidate = 0
        for start, end in taken:
            if start - candidate >= buffer.size:
                break
            candidate = max(candidate, end)
        return candidate

    def _cover(self, buffer: Buffer) -> tuple[list[int], set[int]]:
        """The fewest tree nodes that make up the life of `buffer`, and those on the way to its ends."""
        left = self._rank[buffer.first] + self._leaves
        right = self._rank[buffer.last] + self._leaves
        path = set()
        for leaf in (left, right):
            while leaf:
                path.add(leaf)
                leaf >>= 1
        cover = []
        right += 1
        while left < right:
            if left & 1:
                cover.append(left)
                left += 1
            if right & 1:
                right -= 1
                cover.append(right)
            left >>= 1
            right >>= 1
        return cover, path
