"""Outlines of scopes."""

from __future__ import annotations

from edgelint.layout import layout
from edgelint.picture import NODE, Box, Outline
from edgelint.picture.scopes import outlines, scopes_of


def outlined(names: list[str], edges: list[tuple[int, int]]) -> dict[str, Outline]:
    boxes = [Box(NODE, place, "Op", name, "", (), 100, 40) for place, name in enumerate(names)]
    found = outlines(boxes, layout([(100.0, 40.0)] * len(names), edges))
    return {each.name: each for each in found}


CHAIN = [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_name_lies_in_each_of_its_scopes() -> None:
    assert scopes_of("/a/b/c;x/y") == ["a", "a/b"]
    assert scopes_of("conv1") == []


def test_boxes_of_a_scope_that_lie_together_are_outlined() -> None:
    found = outlined(["in", "block/a", "block/b", "block/c", "out"], CHAIN)
    assert list(found) == ["block"]
    block = found["block"]
    assert (block.x < 0, block.width > 100, block.height > 3 * 40) == (True, True, True)


def test_a_scope_with_a_foreign_box_in_between_is_not() -> None:
    assert outlined(["in", "block/a", "other", "block/c", "out"], CHAIN) == {}


def test_of_scopes_with_the_same_boxes_one_is_outlined() -> None:
    assert list(outlined(["in", "m/block/a", "m/block/b", "end", "out"], CHAIN)) == ["m"]


def test_a_scope_that_is_the_whole_graph_says_nothing() -> None:
    assert outlined(["m/a", "m/b", "m/c", "m/d", "m/e"], CHAIN) == {}
