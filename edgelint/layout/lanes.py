"""Lanes beside the grid, given to long edges as registers are to variables."""

from __future__ import annotations

from collections.abc import Mapping


def assign(spans: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """The lane of each box whose output goes beside the grid; those of overlapping rows get others.

    spans: box to its own row and that of its last reader.
    """
    busy_until: list[int] = []
    lanes = {}
    for box, (first, last) in sorted(spans.items(), key=lambda item: (item[1][0], item[0])):
        lane = next((lane for lane, row in enumerate(busy_until) if row < first), len(busy_until))
        busy_until[lane : lane + 1] = [last]
        lanes[box] = lane
    return lanes
