"""What the shapes of outputs look like: rows, maps, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from edgelint.ir.model import Shape

_BOX = 4
"""Numbers that a box takes: two corners, or a centre and a size."""

_FEW = 16
"""Places below which rows of four numbers are not taken for boxes."""


def is_vector(shape: Shape | None) -> bool:
    """Whether at most one dim besides the batch's is above 1."""
    return shape is not None and sum(dim != 1 for dim in shape[1:]) <= 1


def is_map(shape: Shape | None) -> bool:
    """Whether it is an image or volume: two or more dims besides batch and channels above 1."""
    return shape is not None and len(shape) >= 4 and sum(dim != 1 for dim in shape[1:]) >= 2


def is_same(shape: Shape | None, given: Shape | None) -> bool:
    """Whether output and input agree in all dims but the batch's, and hold more than one number."""
    if shape is None or given is None or len(shape) != len(given) or len(shape) < 2:
        return False
    known = all(isinstance(dim, int) for dim in shape[1:])
    return known and shape[1:] == given[1:] and any(dim != 1 for dim in shape[1:])


def is_mask(shape: Shape | None, given: Shape | None) -> bool:
    """Whether it has the height and width of the input image, and channels of its own number, not 3."""
    if shape is None or given is None or len(shape) != 4 or len(given) != 4:
        return False
    if not all(isinstance(dim, int) and dim > 0 for dim in (*shape[1:], *given[1:])):
        return False
    for height, width, channels in ((1, 2, 3), (2, 3, 1)):
        sides = shape[height] == given[height] and shape[width] == given[width]
        if (
            sides
            and shape[channels] not in (1, 3, given[channels])
            and 1 not in (shape[height], shape[width])
        ):
            return True
    return False


def are_boxes(shapes: Sequence[Shape | None]) -> bool:
    """Whether one output holds a box, and another one scores, for each of many places.

    Boxes and scores are rows of one length: 1 × N × 4 beside 1 × N × C or 1 × N.
    """
    known = [shape for shape in shapes if shape is not None]
    counts = {shape[1] for shape in known if len(shape) == 3 and shape[2] == _BOX}
    rows = [shape for shape in known if len(shape) in (2, 3) and shape[1] in counts]
    return len(rows) > len([shape for shape in rows if shape[2:] == (_BOX,)]) and all(
        isinstance(count, int) and count >= _FEW for count in counts
    )


def are_pyramid(shapes: Sequence[Shape | None]) -> bool:
    """Whether all outputs are maps of one depth, each half the height and width of the one before."""
    maps = [shape for shape in shapes if shape is not None and len(shape) == 4]
    if len(maps) < 2 or len(maps) < len(shapes):
        return False
    for first, second, depth in ((1, 2, 3), (2, 3, 1)):
        sides = sorted({(shape[first], shape[second]) for shape in maps if _is_known(shape)}, reverse=True)
        if len({shape[depth] for shape in maps}) == 1 and len(sides) == len(maps):
            return all(_is_half(small, large) for large, small in pairwise(sides))
    return False


def places_of_boxes(shape: Shape | None, classes: int) -> int | None:
    """How many places a single output describes, by a box, a score or none, and a score per class.

    So the YOLO family has it: 1 × (4 + classes) × N, or 1 × N × (5 + classes). None for other shapes.
    """
    if shape is None or len(shape) != 3:
        return None
    for size, places in (shape[1:], shape[:0:-1]):
        if size in (_BOX + classes, _BOX + 1 + classes) and isinstance(places, int) and places >= _FEW:
            return places
    return None


def _is_known(shape: Shape) -> bool:
    return all(isinstance(dim, int) for dim in shape[1:])


def _is_half(small: Sequence[object], large: Sequence[object]) -> bool:
    return all(
        isinstance(less, int) and isinstance(more, int) and more in (2 * less, 2 * less - 1)
        for less, more in zip(small, large, strict=True)
    )
