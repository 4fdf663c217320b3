"""Where in its row each vertex is, and how far down each row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from edgelint.layout.grid import Grid
from edgelint.layout.straight import straighten, successors

BETWEEN_BOXES = 20.0
"""Pixels between neighbours in a row, half of that between two edges."""

BETWEEN_ROWS = 26.0
"""Pixels between rows, where the edges turn."""

SWEEPS = 12
"""Times that the rows are gone through; in the last two a vertex is pulled from both sides."""

STRAIGHT = 8.0
"""How much more the next of the same run pulls than other neighbours, so that runs are straight."""

INWARDS = 0.1
"""Share of the pull that goes to the middle: without it dense blocks drift sideways by more than their width.

Of 0.03 to 0.1 the last gave the narrowest drawings of thirteen real models, with as many bends.
"""


def columns(grid: Grid) -> list[float]:
    """The x of each vertex, 0 in the middle: near its neighbours, and clear of those in its row."""
    x = [0.0] * len(grid.widths)
    offsets = [_offsets(grid, row) for row in grid.rows]
    for row, offset in zip(grid.rows, offsets, strict=True):
        for vertex, from_left in zip(row, offset, strict=True):
            x[vertex] = from_left - offset[-1] / 2 if offset else 0.0
    after = successors(grid)
    before = [-1] * len(after)
    for vertex, reader in enumerate(after):
        if reader >= 0:
            before[reader] = vertex
    last = len(grid.rows) - 1
    up, down = (grid.above, before), (grid.below, after)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        sides = (up, down) if sweep >= SWEEPS - 2 else (up if downwards else down,)
        for number in range(1, last + 1) if downwards else range(last - 1, -1, -1):
            _place(grid.rows[number], offsets[number], sides, x)
    straighten(grid, x, offsets, after)
    return x


def rows(grid: Grid, heights: Sequence[float]) -> tuple[list[float], list[float]]:
    """The y of the middle of each row, and half its height."""
    found, halves, top = [], [], 0.0
    for row in grid.rows:
        height = max((heights[vertex] for vertex in row if vertex < grid.boxes), default=0.0)
        found.append(top + height / 2)
        halves.append(height / 2)
        top += height + BETWEEN_ROWS
    return found, halves


def _offsets(grid: Grid, row: Sequence[int]) -> list[float]:
    """How far right of the first vertex of a row each must be at least."""
    found = [0.0] * bool(row)
    for left, right in pairwise(row):
        gap = BETWEEN_BOXES / 2 if left >= grid.boxes and right >= grid.boxes else BETWEEN_BOXES
        found.append(found[-1] + (grid.widths[left] + grid.widths[right]) / 2 + gap)
    return found


Side = tuple[Sequence[Sequence[int]], Sequence[int]]
"""The neighbours of each vertex in the next row, and the one of them that is in the same run, or -1."""


def _place(row: Sequence[int], offsets: Sequence[float], sides: Sequence[Side], x: list[float]) -> None:
    """Moves the vertices of `row` as near to where they are pulled as their distances allow.

    Exact and linear: isotonic regression by pooling adjacent violators, on places less offsets.
    """
    pools: list[tuple[float, float, int]] = []
    for vertex, offset in zip(row, offsets, strict=True):
        wish, weight = _wish(vertex, sides, x)
        mean, members = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (other * heavy + mean * weight) / (heavy + weight)
            weight += heavy
            members += many
        pools.append((mean, weight, members))
    index = 0
    for mean, _, members in pools:
        for _ in range(members):
            x[row[index]] = mean + offsets[index]
            index += 1


def _wish(vertex: int, sides: Sequence[Side], x: Sequence[float]) -> tuple[float, float]:
    """Where the neighbours of `vertex` pull it, and how much that counts."""
    total = pull = 0.0
    strong = 1.0
    for neighbours, next_of in sides:
        following = next_of[vertex]
        for neighbour in neighbours[vertex]:
            weight = 1.0
            if neighbour == following:
                weight = strong = STRAIGHT
            total += x[neighbour] * weight
            pull += weight
    if not pull:
        return x[vertex], INWARDS
    return total / pull * (1 - INWARDS), strong
