"""What stored scales and zero points mean in real numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

from edgelint.ir.dtype import DType
from edgelint.ir.model import Value
from edgelint.ir.quantization import Quantization

CODES = {
    DType.INT4: (-8, 7),
    DType.UINT4: (0, 15),
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.UINT16: (0, 65535),
}
"""The codes of each type that stands for quantized reals."""

SMALLEST_NORMAL = 2.0**-126
"""The smallest float32 with full precision; smaller ones are denormal, and zero on cores that flush them."""


class Affine(NamedTuple):
    """One scale and zero point for a whole tensor, with the codes its type has."""

    scale: float
    zero_point: int
    lowest: int
    highest: int

    @property
    def low(self) -> float:
        """The smallest real number that has a code."""
        return self.scale * (self.lowest - self.zero_point)

    @property
    def high(self) -> float:
        """The largest real number that has a code."""
        return self.scale * (self.highest - self.zero_point)

    def __str__(self) -> str:
        """`scale 0.00390625 and zero point -128`."""
        return f"scale {self.scale:.6g} and zero point {self.zero_point}"


def calibrated(value: Value | None) -> Quantization | None:
    """The scales that the file stores for `value`; None for predicted, blockwise and missing ones."""
    found = value.quantization if value else None
    return found if found is not None and found.calibrated and found.scale else None


def affine(value: Value | None) -> Affine | None:
    """The scale and zero point of a value that has one of each and means something; else None."""
    found = calibrated(value)
    codes = CODES.get(value.dtype) if value and value.dtype else None
    if found is None or codes is None or len(found.scale) != 1 or len(found.zero_point) > 1:
        return None
    if not is_sound(found.scale[0]):
        return None
    return Affine(found.scale[0], found.zero_point[0] if found.zero_point else 0, *codes)


def is_sound(scale: float) -> bool:
    """Whether `scale` is a positive number with full precision."""
    return math.isfinite(scale) and scale >= SMALLEST_NORMAL


def codes_apart(one: Affine, other: Affine) -> float:
    """By how many codes of `other` a number moves, at most, when a code of `one` is taken for one of it."""
    return max(
        abs(one.scale * (code - one.zero_point) / other.scale - (code - other.zero_point))
        for code in (one.lowest, one.highest)
    )
