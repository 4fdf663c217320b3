"""Operators whose output size follows from their input's: resizing, transposed convolution, transposing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgelint.analysis.constraints.use import Check, Use, one_of, whole


def factors(use: Use) -> tuple[float, float] | None:
    """By how much a resize scales height and width, as Vela counts it; None where unknown.

    Corners aligned, the pixels between the corners count: (out - 1) / (in - 1).
    """
    sizes = [(use.dim(letter, use.input), use.dim(letter, use.output)) for letter in "HW"]
    off = 1 if use.attributes.get("align_corners") else 0
    found = []
    for before, after in sizes:
        if before is None or after is None:
            return None
        # One pixel is stretched, whatever the corners.
        found.append(after / max(before, 1) if before <= off else (after - off) / (before - off))
    return found[0], found[1]


def _factor(use: Use, asked: Any) -> str | None:
    scales = factors(use)
    if scales is None:
        return None
    shown = f"scales by {scales[0]:g}×{scales[1]:g}"
    if isinstance(asked, list):
        return None if all(scale in asked for scale in scales) else f"{shown}; {one_of(asked)}"
    if all(scale >= 1 and scale == int(scale) and not int(scale) & (int(scale) - 1) for scale in scales):
        return None
    return f"{shown}; powers of two"


def _factor_max(use: Use, asked: Any) -> str | None:
    scales = factors(use)
    if scales is None or max(scales) <= asked:
        return None
    return f"scales by {scales[0]:g}×{scales[1]:g}; at most {asked}"


def _factor_equal(use: Use, asked: Any) -> str | None:
    scales = factors(use)
    if scales is None or scales[0] == scales[1]:
        return None
    return f"scales by {scales[0]:g}×{scales[1]:g}; one factor for both"


def _flat_side(use: Use, asked: Any) -> str | None:
    """Vela's `one_of` for unequal factors: a side of one pixel that is not scaled."""
    scales = factors(use)
    if scales is None:
        return None
    for letter, scale in zip("HW", scales, strict=True):
        if use.dim(letter, use.output) == 1 and scale == 1:
            return None
    return f"scales by {scales[0]:g}×{scales[1]:g}; one factor for both"


def _output_size_max(use: Use, asked: Any) -> str | None:
    for letter in "HW":
        size = use.dim(letter, use.output)
        if size is not None and size > asked:
            return f"makes {letter} = {size}; at most {asked}"
    return None


def _output_size_min(use: Use, asked: Any) -> str | None:
    for letter in "HW":
        size = use.dim(letter, use.output)
        if size is not None and size < asked:
            return f"makes {letter} = {size}; at least {asked}"
    return None


def _transposed_size(use: Use, asked: Any) -> str | None:
    """`output_hw` of a transposed convolution: input · stride, plus what the kernel reaches beyond."""
    stride, kernel = use.strides, use.kernel
    if not stride or not kernel or len(stride) != 2 or len(kernel) != 2:
        return None
    for letter, step, size in zip("HW", stride, kernel, strict=True):
        before, after = use.dim(letter, use.input), use.dim(letter, use.output)
        if before is None or after is None:
            return None
        wanted = before * step + (max(size - step, 0) if "kernel" in asked else 0)
        if after != wanted:
            return f"makes {letter} = {after} of {before}; {wanted}"
    return None


def permutation(use: Use) -> str | None:
    """The axes' new order in letters ("NHWC" for none), leading axes left out; None where unknown."""
    order = whole(use.attributes.get("perm"))
    if not order or len(order) > 8 or sorted(order) != list(range(len(order))):
        return None
    lead = max(len(order) - 4, 0)
    if order[:lead] != tuple(range(lead)):
        return None
    letters = "NHWC"[max(4 - len(order), 0) :]
    return "NHWC"[: 4 - len(letters)] + "".join(letters[axis - lead] for axis in order[lead:])


def _permutations(use: Use, asked: Any) -> str | None:
    found = permutation(use)
    return None if found is None or found in asked else f"turns NHWC into {found}; {one_of(asked)}"


def _permuted_dims(use: Use, asked: Any) -> str | None:
    """`dims`: by permutation, what each axis may measure."""
    limits = asked.get(permutation(use) or "", {})
    sizes = _sizes(use)
    for name, most in limits.items():
        letters, _, kind = name.partition("_")
        found = sizes.get(letters)
        if name == "N_times_H_max":
            height, batch = sizes.get("H"), sizes.get("N")
            found, letters = (None if height is None or batch is None else height * batch), "N·H"
        if found is not None and (found > most if kind else found != most):
            return f"has {letters} = {found}; {'at most' if kind else 'exactly'} {most}"
    return None


def _sizes(use: Use) -> dict[str, int]:
    return dict(_letters(use))


def _letters(use: Use) -> Iterator[tuple[str, int]]:
    shape = use.input.shape if use.input else None
    for letter, size in zip("CWHN", reversed(shape or ()), strict=False):
        if isinstance(size, int):
            yield letter, size


CHECKS: dict[str, Check] = {
    "scale_factor": _factor,
    "scale_factor_max": _factor_max,
    "scale_w_equals_h": _factor_equal,
    "one_of": _flat_side,
    "output_size_max": _output_size_max,
    "output_size_min": _output_size_min,
    "output_hw": _transposed_size,
    "allowed_permutations": _permutations,
    "dims": _permuted_dims,
}
