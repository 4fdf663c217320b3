"""Lanes beside the grid, given to long edges as registers are to variables."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush


def assign(spans: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """The lane of each box whose output goes beside the grid; those of overlapping rows get others.

    spans: box to its own row and that of its last reader.
    """
    busy: list[tuple[int, int]] = []
    free: list[int] = []
    lanes: dict[int, int] = {}
    for box, (first, last) in sorted(spans.items(), key=lambda item: (item[1][0], item[0])):
        while busy and busy[0][0] < first:
            heappush(free, heappop(busy)[1])
        # Where none is free, those in use are the first ones.
        lanes[box] = heappop(free) if free else len(busy)
        heappush(busy, (last, lanes[box]))
    return lanes
