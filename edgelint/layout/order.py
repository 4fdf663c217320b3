"""The order within each row, with few crossings."""

from __future__ import annotations

from itertools import pairwise

from edgelint.layout.grid import Grid

SWEEPS = 8
"""Times that the rows are gone through; more hardly ever helps."""


def arrange(grid: Grid) -> int:
    """Orders the rows of `grid` by the mean place of their neighbours; how many crossings are left."""
    place = [0] * len(grid.widths)
    for row in grid.rows:
        _number(row, place)
    fewest = crossings(grid, place)
    best = [list(row) for row in grid.rows]
    for sweep in range(SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        neighbours = grid.above if downwards else grid.below
        rows = grid.rows[1:] if downwards else grid.rows[-2::-1]
        for row in rows:
            if len(row) > 1:
                row.sort(key=lambda vertex: (_mean(neighbours[vertex], place, place[vertex]), place[vertex]))
                _number(row, place)
        found = crossings(grid, place)
        if found < fewest:
            fewest, best = found, [list(row) for row in grid.rows]
    grid.rows = best
    return fewest


def _number(row: list[int], place: list[int]) -> None:
    for index, vertex in enumerate(row):
        place[vertex] = index


def _mean(neighbours: list[int], place: list[int], otherwise: int) -> float:
    return sum(place[each] for each in neighbours) / len(neighbours) if neighbours else otherwise


def crossings(grid: Grid, place: list[int]) -> int:
    """How many pairs of edge pieces between neighbouring rows cross.

    Counted with a Fenwick tree: W. Barth, M. Jünger, P. Mutzel, "Simple and Efficient Bilayer Cross
    Counting", Graph Drawing 2002.
    """
    total = 0
    for upper, row in pairwise(grid.rows):
        if len(row) < 2 and len(upper) < 2:
            continue
        ends = [end for vertex in row for end in sorted(place[each] for each in grid.above[vertex])]
        total += _inversions(ends, len(upper))
    return total


def _inversions(numbers: list[int], bound: int) -> int:
    """Pairs in the wrong order among `numbers`, all of them below `bound`."""
    tree = [0] * (bound + 1)
    found = 0
    for count, number in enumerate(numbers):
        index, not_above = number + 1, 0
        while index:
            not_above += tree[index]
            index &= index - 1
        found += count - not_above
        index = number + 1
        while index <= bound:
            tree[index] += 1
            index += index & -index
    return found
