"""Where TensorFlow Lite Micro's greedy planner puts each buffer.

Source of the rules: tensorflow/tflite-micro@90b983c2, micro/memory_planner/greedy_memory_planner.cc.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heapreplace

from edgelint.deferred import dataclass

_NOWHERE = 1 << 62
"""An address beyond every buffer."""

_PATIENCE = 64
"""Gaps to look at in the tree, at least, before the placed buffers are read one by one."""

_SHARE = 6
"""As many gaps more as there are placed buffers, shifted right by this. Both numbers chosen by timing."""


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
        offsets[index] = occupied.place(buffers[index])
    head = max((offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True)), default=0)
    return Plan(tuple(offsets), max(head, 0))


def _placing_order(buffers: Sequence[Buffer]) -> list[int]:
    fixed = [index for index, buffer in enumerate(buffers) if buffer.offset is not None]
    # The runtime fills its list from the back and sorts it stably: equal sizes end up reversed.
    free = [index for index in range(len(buffers) - 1, -1, -1) if buffers[index].offset is None]
    free.sort(key=lambda index: -buffers[index].size)
    return fixed + free


class _Ranges:
    """Disjoint address ranges in rising order; ranges that touch are one."""

    __slots__ = ("ends", "starts")

    def __init__(self, start: int, end: int) -> None:
        self.starts = [start]
        self.ends = [end]

    def add(self, start: int, end: int) -> bool:
        """Whether the range from `start` to `end` is new, or at least part of it."""
        low = bisect_left(self.ends, start)
        high = bisect_right(self.starts, end)
        if low < high:
            if self.starts[low] <= start and end <= self.ends[low]:
                return False
            start = min(start, self.starts[low])
            end = max(end, self.ends[high - 1])
        self.starts[low:high] = [start]
        self.ends[low:high] = [end]
        return True

    def next_gap(self, start: int, size: int) -> tuple[int, int]:
        """The lowest address from `start` on where `size` bytes are free, and where that gap ends."""
        starts, ends = self.starts, self.ends
        place = bisect_right(ends, start)
        while place < len(starts) and starts[place] < start + size:
            start = ends[place]
            place += 1
        return start, starts[place] if place < len(starts) else _NOWHERE


def _add(unions: dict[int, _Ranges], node: int, start: int, end: int) -> bool:
    """Whether the range from `start` to `end` is new to the tree node, or at least part of it."""
    found = unions.get(node)
    if found is None:
        unions[node] = _Ranges(start, end)
        return True
    return found.add(start, end)


class _Occupancy:
    """Which addresses are taken at which time: a segment tree over the clock.

    A tree node keeps the union of the ranges that are taken throughout its time span (`whole`) and
    at some moment of it (`some`). A question then reads O(log clocks) unions instead of every
    placed buffer, so that many buffers alive together cost no more than the gaps between them.
    Where lives are so irregular that those gaps outnumber the buffers, the buffers are read instead.
    """

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        clocks = sorted({clock for buffer in buffers for clock in (buffer.first, buffer.last)})
        self._rank = {clock: rank for rank, clock in enumerate(clocks)}
        self._leaves = 1 << max(len(clocks) - 1, 0).bit_length()
        self._whole: dict[int, _Ranges] = {}
        self._least_whole = 2 * self._leaves
        """The lowest number in `_whole`; a tree node's parent has half its number."""
        self._some: dict[int, _Ranges] = {}
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
        some, whole = self._some, self._whole
        for node in cover:
            _add(whole, node, offset, end)
            self._least_whole = min(self._least_whole, node)
            # A node that has the range already passed it on to all above it.
            while node and _add(some, node, offset, end):
                node >>= 1
        return offset

    def _lowest_gap(self, buffer: Buffer, unions: list[_Ranges]) -> int:
        # By the end of the gap each union has around `candidate`: the nearest end has to move first.
        gaps = [(0, turn, union) for turn, union in enumerate(unions)]
        candidate = 0
        for _ in range(_PATIENCE + (len(self._placed) >> _SHARE)):
            if not gaps or gaps[0][0] >= candidate + buffer.size:
                return candidate
            _, turn, union = gaps[0]
            candidate, end = union.next_gap(candidate, buffer.size)
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
        some, whole = self._some, self._whole
        found = [some[node] for node in cover if node in some]
        while left != right and right >= self._least_whole:
            if left in whole:
                found.append(whole[left])
            if right in whole:
                found.append(whole[right])
            left >>= 1
            right >>= 1
        while left >= self._least_whole:
            if left in whole:
                found.append(whole[left])
            left >>= 1
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
