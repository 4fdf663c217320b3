"""A drawing keeps its promises on any graph."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.layout import Layout, layout
from edgelint.layout.grid import LONGEST
from edgelint.layout.lanes import assign
from tests.effort import growth

Boxes = list[tuple[float, float]]
Edges = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Boxes, Edges]:
    """Up to 40 boxes of any size and edges between any of them, cycles and loops too."""
    count = draw(st.integers(1, 40))
    size = st.tuples(st.floats(10, 300), st.floats(10, 90))
    ends = st.integers(0, count - 1)
    boxes = draw(st.lists(size, min_size=count, max_size=count))
    return boxes, draw(st.lists(st.tuples(ends, ends), max_size=80))


def chain(length: int, skips: Edges = []) -> tuple[Boxes, Edges]:  # noqa: B006
    return [(100.0, 40.0)] * length, [(box, box + 1) for box in range(length - 1)] + skips


def overlaps(drawing: Layout, boxes: Boxes) -> int:
    rows: dict[int, list[tuple[float, float]]] = {}
    for (x, _), row, (width, _) in zip(drawing.centers, drawing.ranks, boxes, strict=True):
        rows.setdefault(row, []).append((x - width / 2, x + width / 2))
    return sum(
        right > left + 1e-6
        for extents in rows.values()
        for (_, right), (left, _) in pairwise(sorted(extents))
    )


def pierced(drawing: Layout, boxes: Boxes) -> int:
    """How often a line meets the inside of a box; it touches its own boxes from outside."""
    rows: dict[int, list[tuple[float, float, float, float]]] = {}
    for (x, y), row, (width, height) in zip(drawing.centers, drawing.ranks, boxes, strict=True):
        rows.setdefault(row, []).append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    found = 0
    for line in drawing.lines:
        for (x, y), (next_x, next_y) in pairwise(line):
            left, right = sorted((x, next_x))
            for sides in rows.values():
                found += any(
                    right > side[0] + 1e-6
                    and left < side[2] - 1e-6
                    and next_y > side[1] + 1e-6
                    and y < side[3] - 1e-6
                    for side in sides
                )
    return found


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_no_two_boxes_overlap(graph: tuple[Boxes, Edges]) -> None:
    drawing = layout(*graph)
    assert overlaps(drawing, graph[0]) == 0
    tops: dict[int, float] = {}
    bottoms: dict[int, float] = {}
    for (_, y), row, (_, height) in zip(drawing.centers, drawing.ranks, graph[0], strict=True):
        tops[row] = min(tops.get(row, y), y - height / 2)
        bottoms[row] = max(bottoms.get(row, y), y + height / 2)
    order = sorted(tops)
    assert all(bottoms[above] < tops[below] for above, below in pairwise(order))


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_every_line_goes_down(graph: tuple[Boxes, Edges]) -> None:
    drawing = layout(*graph)
    for (source, reader), line in zip(graph[1], drawing.lines, strict=True):
        if line:
            assert drawing.ranks[source] < drawing.ranks[reader]
            heights = [y for _, y in line]
            assert heights == sorted(heights)


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_everything_is_inside_the_picture(graph: tuple[Boxes, Edges]) -> None:
    boxes, drawing = graph[0], layout(*graph)
    for (x, y), (width, height) in zip(drawing.centers, boxes, strict=True):
        assert -1e-6 <= x - width / 2 <= x + width / 2 <= drawing.width + 1e-6
        assert -1e-6 <= y - height / 2 <= y + height / 2 <= drawing.height + 1e-6
    for line in drawing.lines:
        assert all(-1e-6 <= x <= drawing.width + 1e-6 for x, _ in line)


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_no_line_runs_through_a_box(graph: tuple[Boxes, Edges]) -> None:
    assert pierced(layout(*graph), graph[0]) == 0


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_the_same_graph_gives_the_same_drawing(graph: tuple[Boxes, Edges]) -> None:
    assert layout(*graph) == layout(*graph)


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_only_edges_that_close_a_cycle_are_left_out(graph: tuple[Boxes, Edges]) -> None:
    boxes, edges = graph
    drawing = layout(boxes, edges)
    if all(source < reader for source, reader in edges):
        assert all(drawing.lines)
    assert not any(
        line for (source, reader), line in zip(edges, drawing.lines, strict=True) if source == reader
    )


def test_a_line_starts_below_its_box_and_ends_above_the_next() -> None:
    boxes, edges = chain(2)
    drawing = layout(boxes, edges)
    assert drawing.lines[0][0] == (drawing.centers[0][0], drawing.centers[0][1] + 20)
    assert drawing.lines[0][-1] == (drawing.centers[1][0], drawing.centers[1][1] - 20)


def test_a_chain_is_a_straight_column() -> None:
    drawing = layout(*chain(50))
    assert {round(x, 6) for x, _ in drawing.centers} == {50.0}
    assert drawing.lanes == 0


def test_a_constant_is_drawn_right_above_its_reader() -> None:
    boxes, edges = chain(10)
    drawing = layout([*boxes, (60.0, 20.0)], [*edges, (10, 9)])
    assert drawing.ranks[10] == drawing.ranks[9] - 1


def test_a_variable_is_drawn_above_what_reads_it_though_it_is_assigned_below() -> None:
    boxes, edges = chain(10)
    read, assigned = (10, 11), (11, 8)
    drawing = layout([*boxes, (60.0, 20.0), (60.0, 20.0)], [*edges, read, assigned, (10, 9)])
    assert drawing.ranks[11] == drawing.ranks[8] - 1
    assert drawing.ranks[10] == drawing.ranks[11] - 1


def test_a_branch_is_straight_beside_the_trunk() -> None:
    drawing = layout(*chain(12, [(2, 9)]))
    assert len({x for x, _ in drawing.lines[-1][1:-1]}) == 1
    assert len({round(x, 6) for x, _ in drawing.centers[3:9]}) == 1


def test_a_long_edge_runs_in_a_lane_beside_the_boxes() -> None:
    drawing = layout(*chain(LONGEST + 10, [(0, LONGEST + 9)]))
    right = max(x for x, _ in drawing.centers) + 50
    assert drawing.lanes == 1
    assert drawing.lines[-1][1][0] == drawing.lines[-1][2][0] > right


def test_all_readers_of_one_tensor_share_a_lane() -> None:
    far = [(0, LONGEST + step) for step in range(5, 15)]
    assert layout(*chain(LONGEST + 20, far)).lanes == 1


def test_a_lane_is_used_again_once_it_is_free() -> None:
    assert assign({0: (0, 50), 60: (60, 120), 10: (10, 70)}) == {0: 0, 10: 1, 60: 0}


def test_nothing_is_drawn_of_nothing() -> None:
    assert layout([], []).centers == ()


@pytest.mark.parametrize("depth", [100, 2000])
def test_a_dense_block_does_not_drift_sideways(depth: int) -> None:
    edges = [(box, box + step) for box in range(depth) for step in range(1, 6) if box + step < depth]
    assert layout([(100.0, 40.0)] * depth, edges).width < 1000


def test_a_deep_random_graph_stays_narrow() -> None:
    chance = random.Random(7)
    count = 3000
    edges = [(max(0, box - chance.randint(1, 12)), box) for box in range(1, count) for _ in range(2)]
    drawing = layout([(120.0, 40.0)] * count, edges)
    assert overlaps(drawing, [(120.0, 40.0)] * count) == 0
    assert drawing.width < 6000


CROWDS: dict[str, Callable[[int], Edges]] = {
    "one that reads all": lambda count: [(box, count) for box in range(count)],
    "one that all read": lambda count: [(0, box) for box in range(1, count + 1)],
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_box_with_many_neighbours_takes_no_more_work_for_each(crowd: str) -> None:
    def drawing(count: int) -> Callable[[], object]:
        edges = CROWDS[crowd](count)
        return lambda: layout([(100.0, 40.0)] * (count + 1), edges)

    assert growth(drawing, 60, 480) < 1.5


def test_many_lanes_take_no_more_work_for_each() -> None:
    def assigning(count: int) -> Callable[[], object]:
        spans = {box: (box, 3 * count - box) for box in range(count)}
        return lambda: assign(spans)

    assert growth(assigning, 60, 480) < 1.5
