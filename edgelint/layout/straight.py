"""Straight runs: vertices that follow each other get the same x wherever their rows leave room for it."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.layout.grid import Grid

PASSES = 2
"""Times that it is done; moving one run makes room for others."""


def straighten(grid: Grid, x: list[float], gaps: Sequence[Sequence[float]]) -> None:
    """Moves the vertices of `grid` sideways, within their rows' room, so that runs are straight lines.

    gaps: for each row, how far right of the first vertex each must be at least.
    """
    place, room = [0] * len(x), [0.0] * len(x)
    for row, offsets in zip(grid.rows, gaps, strict=True):
        for index, vertex in enumerate(row):
            place[vertex], room[vertex] = index, offsets[index]
    found = _runs(grid)
    for _ in range(PASSES):
        for run in found:
            _align(grid, run, x, place, room)


def _runs(grid: Grid) -> list[list[int]]:
    """Each vertex in one run with those that go on from it; the longest ones first, as they show most."""
    after = [-1] * len(grid.widths)
    for vertex, below in enumerate(grid.below):
        reader = _main(grid, below)
        if reader >= 0 and _main(grid, grid.above[reader]) == vertex:
            after[vertex] = reader
    followed = bytearray(len(after))
    for reader in after:
        if reader >= 0:
            followed[reader] = 1
    runs = []
    for vertex, taken in enumerate(followed):
        if not taken:
            run = [vertex]
            while after[run[-1]] >= 0:
                run.append(after[run[-1]])
            if len(run) > 1:
                runs.append(run)
    return sorted(runs, key=len, reverse=True)


def _main(grid: Grid, neighbours: Sequence[int]) -> int:
    """The neighbour that a vertex is in line with: its only one, or the only one that is a box."""
    if len(neighbours) == 1:
        return neighbours[0]
    boxes = [each for each in neighbours if each < grid.boxes]
    return boxes[0] if len(boxes) == 1 else -1


def _align(grid: Grid, run: Sequence[int], x: list[float], place: list[int], room: list[float]) -> None:
    """Gives as many vertices in succession as can have it the same x, then goes on with the next."""
    low, high, start, total = float("-inf"), float("inf"), 0, 0.0
    for index, vertex in enumerate(run):
        least, most = _free(grid, vertex, x, place, room)
        if max(low, least) > min(high, most):
            _set(run[start:index], x, total, low, high)
            low, high, start, total = least, most, index, 0.0
        else:
            low, high = max(low, least), min(high, most)
        total += x[vertex]
    _set(run[start:], x, total, low, high)


def _set(run: Sequence[int], x: list[float], total: float, low: float, high: float) -> None:
    middle = min(max(total / len(run), low), high)
    for vertex in run:
        x[vertex] = middle


def _free(
    grid: Grid, vertex: int, x: Sequence[float], place: Sequence[int], room: Sequence[float]
) -> tuple[float, float]:
    """How far left and right a vertex may go; where it is always lies between."""
    row, index = grid.rows[grid.ranks[vertex]], place[vertex]
    least, most = float("-inf"), float("inf")
    if index:
        left = row[index - 1]
        least = min(x[left] + room[vertex] - room[left], x[vertex])
    if index + 1 < len(row):
        right = row[index + 1]
        most = max(x[right] - (room[right] - room[vertex]), x[vertex])
    return least, most
