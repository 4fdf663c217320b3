"""Straight runs: what a graph mainly consists of is drawn as upright lines, with the rest beside them."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.layout.grid import Grid

PASSES = 2
"""Times that it is done; moving one run makes room for others."""


def successors(grid: Grid) -> list[int]:
    """For each vertex the one below that goes on with its run, -1 for the last of a run.

    Where a run branches it goes on with the longest way down, and where runs meet the one that comes
    furthest goes on: so the trunk of a network is one run, and what is beside it is not.
    """
    depth, height = [0] * len(grid.widths), [0] * len(grid.widths)
    for row in grid.rows:
        for vertex in row:
            depth[vertex] = 1 + max((depth[each] for each in grid.above[vertex]), default=0)
    for row in reversed(grid.rows):
        for vertex in row:
            height[vertex] = 1 + max((height[each] for each in grid.below[vertex]), default=0)
    # Found once for each: a box may be read by all others, or read all of them.
    origins = [_furthest(grid, above, depth) for above in grid.above]
    after = [-1] * len(grid.widths)
    for vertex, below in enumerate(grid.below):
        reader = _furthest(grid, below, height)
        if reader >= 0 and origins[reader] == vertex:
            after[vertex] = reader
    return after


def _furthest(grid: Grid, neighbours: Sequence[int], length: Sequence[int]) -> int:
    """The neighbour with the longest way behind it; a box before a bend, as edges beside a run are no run."""
    return max(neighbours, key=lambda each: (each < grid.boxes, length[each]), default=-1)


def straighten(grid: Grid, x: list[float], gaps: Sequence[Sequence[float]], after: Sequence[int]) -> None:
    """Moves the vertices of `grid` sideways, within their rows' room, so that runs are straight lines.

    gaps: for each row, how far right of the first vertex each must be at least. after: `successors`.
    """
    place, room = [0] * len(x), [0.0] * len(x)
    for row, offsets in zip(grid.rows, gaps, strict=True):
        for index, vertex in enumerate(row):
            place[vertex], room[vertex] = index, offsets[index]
    found = _runs(after)
    for _ in range(PASSES):
        for run in found:
            _align(grid, run, x, place, room)
        for run in found[1:]:
            _draw_near(grid, run, x, place, room)


def _runs(after: Sequence[int]) -> list[list[int]]:
    """Each vertex in one run with those that go on from it; the longest ones first, as they show most."""
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
            runs.append(run)
    return sorted(runs, key=len, reverse=True)


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


def _draw_near(grid: Grid, run: Sequence[int], x: list[float], place: list[int], room: list[float]) -> None:
    """Moves a whole run towards what it comes from and goes to: a branch stays beside its trunk."""
    ends = [(run[0], other) for other in grid.above[run[0]]] + [
        (run[-1], other) for other in grid.below[run[-1]]
    ]
    if not ends:
        return
    shift = sum(x[other] - x[vertex] for vertex, other in ends) / len(ends)
    for vertex in run:
        least, most = _free(grid, vertex, x, place, room)
        shift = min(max(shift, least - x[vertex]), most - x[vertex])
    for vertex in run:
        x[vertex] += shift


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
