"""A drawing of a graph from top to bottom: boxes in, places and edge lines out.

Pure and deterministic; knows nothing of models. Made for neural networks: mostly in series, very deep,
with few long edges. The method is Sugiyama's (ranks, order within a rank, coordinates), with two changes:
an edge across many ranks leaves the grid for a lane at the right, which all readers of one tensor share, so
that a mask read by every layer of a transformer costs one line instead of thousands of bends; and each rank
is pulled a little towards the middle, so that dense blocks don't drift sideways. All steps are linear in
boxes and bends but for the sorting.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.deferred import dataclass
from edgelint.layout.coordinates import columns, rows
from edgelint.layout.grid import Grid
from edgelint.layout.lanes import assign
from edgelint.layout.order import arrange
from edgelint.layout.ranks import rank

Point = tuple[float, float]

LANE_MARGIN = 30.0
"""Pixels between the boxes and the first lane."""

LANE_WIDTH = 8.0
"""Pixels from lane to lane."""

LANE_TURN = 10.0
"""Pixels below and above a box at which a line turns into its lane."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in pixels; y grows downwards, x = 0 is the left border.

    centers: of each box. lines: the corners of each edge from the bottom of its box to the top of the next;
    empty for an edge that would close a cycle. ranks: the row of each box. lanes: how many there are.
    """

    centers: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]
    ranks: tuple[int, ...]
    width: float
    height: float
    lanes: int = 0


def layout(boxes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Layout:
    """The drawing of `boxes` (width, height) with `edges` from box to box, by their numbers.

    An edge that closes a cycle is left out, so any list of edges is drawn.
    """
    if not boxes:
        return Layout((), (), (), 0.0, 0.0)
    ranks, forward = rank(len(boxes), edges)
    grid = Grid.of([width for width, _ in boxes], ranks, edges, forward)
    arrange(grid)
    x = columns(grid)
    y, half = rows(grid, [height for _, height in boxes])
    left = min(place - width / 2 for place, width in zip(x, grid.widths, strict=True))
    right = max(place + width / 2 for place, width in zip(x, grid.widths, strict=True))
    x = [place - left for place in x]
    lane_of = assign(
        {box: (ranks[box], max(ranks[edges[each][1]] for each in long)) for box, long in grid.long.items()}
    )
    lanes = max(lane_of.values(), default=-1) + 1
    first = right - left + LANE_MARGIN
    lines: list[tuple[Point, ...]] = []
    for number, (source, reader) in enumerate(edges):
        start = (x[source], y[ranks[source]] + boxes[source][1] / 2)
        end = (x[reader], y[ranks[reader]] - boxes[reader][1] / 2)
        if not forward[number]:
            lines.append(())
        elif number in grid.bends:
            way = [source, *grid.bends[number], reader]
            # Straight through each row, so that a line turns between rows and crosses no box.
            upper = [(x[each], y[grid.ranks[each]] - half[grid.ranks[each]]) for each in way[1:]]
            lower = [(x[each], y[grid.ranks[each]] + half[grid.ranks[each]]) for each in way[:-1]]
            lines.append(
                _corners([start, *(point for pair in zip(lower, upper, strict=True) for point in pair), end])
            )
        else:
            lane = first + LANE_WIDTH * lane_of[source]
            bottom = y[ranks[source]] + half[ranks[source]]
            top = y[ranks[reader]] - half[ranks[reader]]
            turns = [(start[0], bottom), (lane, bottom + LANE_TURN), (lane, top - LANE_TURN), (end[0], top)]
            lines.append(_corners([start, *turns, end]))
    deepest = max(y[row] + height / 2 for row, (_, height) in zip(ranks, boxes, strict=True))
    return Layout(
        centers=tuple((x[box], y[ranks[box]]) for box in range(len(boxes))),
        lines=tuple(lines),
        ranks=tuple(ranks),
        width=right - left + (LANE_MARGIN + LANE_WIDTH * lanes if lanes else 0),
        height=deepest,
        lanes=lanes,
    )


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """`points` without those between two others on the same upright, or on the same spot."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
