"""Where TensorFlow Lite Micro's greedy planner puts each buffer.

Source of the rules: tensorflow/tflite-micro@90b983c2, micro/memory_planner/greedy_memory_planner.cc.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heapreplace
from typing import NamedTuple

from edgelint.deferred import dataclass

_NOWHERE = 1 << 62
"""An address beyond every buffer."""

_PATIENCE = 64
"""Gaps to look at in the tree, at least, before the placed buffers are read one by one."""

_SHARE = 6
"""As many gaps more as there are placed buffers, shifted right by this. Both numbers chosen by timing."""


class Buffer(NamedTuple):
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
        offsets[index] = occupied.place(buffers[index])
    head = max((offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True)), default=0)
    return Plan(tuple(offsets), max(head, 0))


def _placing_order(buffers: Sequence[Buffer]) -> list[int]:
    fixed = [index for index, buffer in enumerate(buffers) if buffer.offset is not None]
    # The runtime fills its list from the back and sorts it stably: equal sizes end up reversed.
    free = [index for index in range(len(buffers) - 1, -1, -1) if buffers[index].offset is None]
    free.sort(key=lambda index: -buffers[index].size)
    return fixed + free


_Ranges = list[int]
"""Disjoint address ranges: start and end of the first, of the next …, rising. Ranges that touch are one."""


def _add(ranges: _Ranges, start: int, end: int) -> bool:
    """Whether the range from `start` to `end` is new, or at least part of it; adds it."""
    if len(ranges) == 2 and ranges[0] <= start and end <= ranges[1]:
        # The usual case, soon told.
        return False
    place = bisect_right(ranges, start)
    if place % 2 and end <= ranges[place]:
        return False
    low, high = bisect_left(ranges, start, 0, place), bisect_right(ranges, end, place)
    # At an even place is a start: what comes right before it is in no range.
    ranges[low:high] = [start] * (low % 2 == 0) + [end] * (high % 2 == 0)
    return True


def _next_gap(ranges: _Ranges, start: int, size: int) -> tuple[int, int]:
    """The lowest address from `start` on where `size` bytes are free, and where that gap ends."""
    place = bisect_right(ranges, start)
    if place % 2:
        start = ranges[place]
        place += 1
    while place < len(ranges):
        if ranges[place] >= start + size:
            return start, ranges[place]
        start = ranges[place + 1]
        place += 2
    return start, _NOWHERE


class _Occupancy:
    """Which addresses are taken at which time: a segment tree over the clock.

    A tree node keeps the union of the ranges that are taken throughout its time span (`whole`; not for
    leaves, where it is the other one) and at some moment of it (`some`). A question then reads
    O(log clocks) unions instead of every placed buffer, so that many buffers alive together cost no
    more than the gaps between them. Where lives are so irregular that those gaps outnumber the buffers,
    the buffers are read instead.
    """

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        clocks = sorted({buffer.first for buffer in buffers} | {buffer.last for buffer in buffers})
        self._rank = {clock: rank for rank, clock in enumerate(clocks)}
        self._leaves = 1 << max(len(clocks) - 1, 0).bit_length()
        self._whole: dict[int, _Ranges] = {}
        self._least_whole = self._leaves
        """The lowest number in `_whole`; a tree node's parent has half its number."""
        self._some: list[_Ranges | None] = [None] * (2 * self._leaves)
        self._placed: list[tuple[int, int, int, int]] = []
        self._is_sorted = True
        self._largest = max((buffer.size for buffer in buffers), default=0)

    def place(self, buffer: Buffer) -> int:
        """The address `buffer` gets: its own, or the lowest where it fits all its life; taken from now on."""
        left = self._rank[buffer.first] + self._leaves
        right = self._rank[buffer.last] + self._leaves
        cover = _cover(left, right)
        offset = buffer.offset
        if offset is None:
            offset = self._lowest_gap(buffer, self._met(left, right, cover))
        end = offset + buffer.size
        self._placed.append((offset, end, buffer.first, buffer.last))
        self._is_sorted = False
        for node in cover:
            if node < self._leaves:
                self._least_whole = min(self._least_whole, node)
                _add(self._whole.setdefault(node, []), offset, end)
            self._take(node, offset, end)
        return offset

    def _take(self, node: int, start: int, end: int) -> None:
        """Notes that a range is taken at some moment of a tree node's time, and of all above it."""
        some = self._some
        while node:
            ranges = some[node]
            if ranges is None:
                some[node] = [start, end]
            elif not _add(ranges, start, end):
                # It passed the range on when it got it.
                return
            node >>= 1

    def _lowest_gap(self, buffer: Buffer, unions: list[_Ranges]) -> int:
        if not unions or not buffer.size:
            return 0
        if len(unions) == 1:
            return _next_gap(unions[0], 0, buffer.size)[0]
        # By the end of the gap each union has around `candidate`: the nearest end has to move first.
        gaps = [(0, turn, union) for turn, union in enumerate(unions)]
        candidate = 0
        for _ in range(_PATIENCE + (len(self._placed) >> _SHARE)):
            if gaps[0][0] >= candidate + buffer.size:
                return candidate
            _, turn, union = gaps[0]
            candidate, end = _next_gap(union, candidate, buffer.size)
            heapreplace(gaps, (end, turn, union))
        return self._lowest_gap_among_placed(buffer, candidate)

    def _lowest_gap_among_placed(self, buffer: Buffer, candidate: int) -> int:
        """The lowest gap from `candidate` on, by reading all buffers that may lie there."""
        size, first, last = buffer.size, buffer.first, buffer.last
        limit = candidate + size
        if not self._is_sorted:
            self._placed.sort()
            self._is_sorted = True
        # What begins further below cannot reach up to `candidate`.
        lowest = bisect_left(self._placed, (candidate - self._largest,))
        for start, end, born, dead in self._placed[lowest:]:
            if end > candidate and born <= last and dead >= first:
                if start >= limit:
                    break
                candidate, limit = end, end + size
        return candidate

    def _met(self, left: int, right: int, cover: list[int]) -> list[_Ranges]:
        """The unions that a life from leaf `left` to leaf `right` must keep clear of."""
        found = [ranges for node in cover if (ranges := self._some[node])]
        left >>= 1
        right >>= 1
        while right >= self._least_whole:
            for node in (left, right) if left != right else (right,):
                if node in self._whole:
                    found.append(self._whole[node])
            left >>= 1
            right >>= 1
        return found


def _cover(left: int, right: int) -> list[int]:
    """The fewest tree nodes that make up the leaves from `left` to `right`."""
    found = []
    right += 1
    while left < right:
        if left & 1:
            found.append(left)
            left += 1
        if right & 1:
            right -= 1
            found.append(right)
        left >>= 1
        right >>= 1
    return found
