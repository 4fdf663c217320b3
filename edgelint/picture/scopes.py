"""Outlines of named scopes: "encoder/layer_1" round its boxes, where they lie together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from edgelint.deferred import replace
from edgelint.layout import Layout
from edgelint.picture import NODE, Box, Outline
from edgelint.picture.text import label

DEEPEST = 4
"""Levels of names that are outlined."""

FEWEST = 2
"""Boxes that make a scope worth an outline."""

MARGIN, STEP = 11.0, 2.5
"""Pixels round the boxes of the outermost level, and how much less it is from level to level."""

CORNER = 60.0
"""Pixels within which only the innermost of the scopes that begin there is named."""

LETTER = 5.5
"""Pixels a letter of a scope's name takes on average: 9 px of the system's sans-serif."""

EFFORT = 40
"""Boxes looked at per box of the graph, after which no more scopes are outlined."""


def outlines(boxes: Sequence[Box], drawing: Layout) -> tuple[Outline, ...]:
    """The scopes, by "/" in the boxes' names, in whose bounds there is no other box; the outer ones first."""
    members: dict[str, list[int]] = {}
    for number, box in enumerate(boxes):
        if box.kind == NODE:
            for scope in scopes_of(box.name):
                members.setdefault(scope, []).append(number)
    order = sorted(range(len(boxes)), key=lambda box: drawing.ranks[box])
    ranks = [drawing.ranks[box] for box in order]
    found: list[Outline] = []
    taken: set[tuple[int, ...]] = set()
    left = EFFORT * len(boxes)
    for scope, inside in members.items():
        key = tuple(inside)
        if len(inside) < FEWEST or len(inside) == len(boxes) or key in taken:
            continue
        rows = [drawing.ranks[box] for box in inside]
        beside = order[bisect_left(ranks, min(rows)) : bisect_right(ranks, max(rows))]
        left -= len(beside)
        if left < 0:
            break
        bounds = _bounds(boxes, drawing, inside, MARGIN - STEP * scope.count("/"))
        own = set(inside)
        if not any(box not in own and _meets(boxes[box], drawing.centers[box], bounds) for box in beside):
            taken.add(key)
            x, y, right, bottom = bounds
            name = label(scope, max(8, int((right - x) / LETTER)))
            found.append(Outline(name, x, y, right - x, bottom - y))
    return tuple(_named_once(found))


def _named_once(found: Sequence[Outline]) -> list[Outline]:
    """Without the names that a deeper scope's would cover; that one's begins with them anyway."""
    last = {_corner(each): each for each in found}
    return [each if last[_corner(each)] is each else replace(each, name="") for each in found]


def _corner(outline: Outline) -> tuple[int, int]:
    return int(outline.x // CORNER), int(outline.y // (2 * MARGIN))


def scopes_of(name: str) -> list[str]:
    """The scopes a name lies in, the outermost first: "a" and "a/b" for "a/b/c"."""
    parts = name.partition(";")[0].strip("/").split("/")[:-1][:DEEPEST]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


Bounds = tuple[float, float, float, float]


def _bounds(boxes: Sequence[Box], drawing: Layout, inside: Sequence[int], margin: float) -> Bounds:
    sides = [
        (
            x - boxes[box].width / 2,
            y - boxes[box].height / 2,
            x + boxes[box].width / 2,
            y + boxes[box].height / 2,
        )
        for box, (x, y) in ((box, drawing.centers[box]) for box in inside)
    ]
    return (
        min(side[0] for side in sides) - margin,
        min(side[1] for side in sides) - margin,
        max(side[2] for side in sides) + margin,
        max(side[3] for side in sides) + margin,
    )


def _meets(box: Box, center: tuple[float, float], bounds: Bounds) -> bool:
    x, y = center
    left, top, right, bottom = bounds
    across = left < x + box.width / 2 and x - box.width / 2 < right
    return across and top < y + box.height / 2 and y - box.height / 2 < bottom
