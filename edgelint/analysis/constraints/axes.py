"""Along which axes an operator may work, and how they measure."""

from __future__ import annotations

import math
from typing import Any

from edgelint.analysis.constraints.relations import sizes_of
from edgelint.analysis.constraints.shapes import axes_of
from edgelint.analysis.constraints.use import Check, Use, whole


def _dims_before(use: Use, asked: Any) -> str | None:
    """`dims_before_axis`: the product of the dims in front of the axis it gathers along."""
    shape, axis = sizes_of(use.input), use.attributes.get("axis", 0)
    if not shape or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    before = math.prod(shape[: axis % len(shape)])
    return f"gathers along axis {axis} with {before} in front of it; {asked}" if before != asked else None


def _reduction_axes(use: Use, asked: Any) -> str | None:
    axes = axes_of(use)
    return f"reduces {len(axes)} axes; at most {asked}" if axes is not None and len(axes) > asked else None


def _reduced_axes(use: Use, asked: Any) -> str | None:
    """`axes`: along which letters it may reduce; what is said in words is not checked."""
    axes = axes_of(use)
    if not isinstance(asked, list) or axes is None:
        return None
    allowed = {use.axis(AXES[letter]) for letter in asked}
    wrong = next((axis for axis in axes if axis not in allowed), None)
    return None if wrong is None or None in allowed else f"reduces axis {wrong}; {' and '.join(asked)} only"


def _named_axis(use: Use, asked: Any) -> str | None:
    """`axes_in`: along which of the last axes it may work, by TIDL's names."""
    rank = len(use.input.shape) if use.input and use.input.shape is not None else None
    axis = use.attributes.get("axis", -1)
    places = {"width": -2, "height": -3} if use.channels_last else {"width": -1, "height": -2}
    if not isinstance(axis, int) or not rank or not -rank <= axis < rank or set(asked) - set(places):
        return None
    if axis % rank - rank in {places[name] for name in asked}:
        return None
    return f"works along axis {axis}; {' or '.join(asked)}"


AXES = {"x": "W", "y": "H", "z": "C"}
"""The Edge TPU's names of axes."""


def _only_axes(word: str) -> Check:
    """The check that a shape changes along some axes only: letters, or "last two only"."""

    def check(use: Use, asked: Any) -> str | None:
        before, after = sizes_of(use.input), sizes_of(use.output)
        if before is None or after is None or len(before) != len(after):
            return None
        last = {len(before) - 2, len(before) - 1}
        allowed = last if isinstance(asked, str) else {use.axis(letter) for letter in asked}
        changed = [axis for axis in range(len(before)) if before[axis] != after[axis]]
        wrong = next((axis for axis in changed if axis not in allowed), None)
        if wrong is None or None in allowed:
            return None
        listed = "the last two" if isinstance(asked, str) else " and ".join(asked)
        return f"{word} axis {wrong}; {listed} only"

    return check


def _least_width(use: Use, asked: Any) -> str | None:
    """`input_width_min`: "max(pad left, pad right)"."""
    pads, width = whole(use.attributes.get("pads")), use.dim("W", use.input)
    if not pads or len(pads) != 4 or width is None:
        return None
    most = max(pads[1], pads[3])
    return f"has W = {width} with padding {most}; at least {most}" if width < most else None


def _depth_of_mean(use: Use, asked: Any) -> str | None:
    """`z_multiple_of`: of the channels."""
    size = use.dim("C", use.input)
    return (
        f"reduces {size} channels; a multiple of {asked}"
        if size is not None and asked and size % asked
        else None
    )


def _static_axis(use: Use, asked: Any) -> str | None:
    axis, shape = use.attributes.get("axis", -1), use.input.shape if use.input else None
    if not asked or shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    return None if isinstance(shape[axis], int) else f"works along the open axis {axis}; a fixed one"


def _pad_count(use: Use, asked: Any) -> str | None:
    """`pad_values`: how many numbers state the padding, two per axis."""
    pads = whole(use.attributes.get("pads"))
    return f"is padded along {len(pads) // 2} axes; {asked // 2}" if pads and len(pads) != asked else None


CHECKS: dict[str, Check] = {
    "dims_before_axis": _dims_before,
    "max_reduction_axes": _reduction_axes,
    "axes": _reduced_axes,
    "axes_in": _named_axis,
    "padded_axes": _only_axes("pads"),
    "resized_axes": _only_axes("resizes"),
    "pad_values": _pad_count,
    "input_width_min": _least_width,
    "z_multiple_of": _depth_of_mean,
    "static_axis_dim": _static_axis,
}
