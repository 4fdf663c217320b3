"""Counting in blocks of constants, in plain Python.

What is rare shows in the bytes before any number is made of them: a float's highest byte tells
whether it can be 0, denormal, infinite, or no number at all.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeVar

from edgelint.analysis.weights.statistics import SMALLEST_NORMAL, Block, Part
from edgelint.ir.dtype import DType

_CODES = {
    DType.FLOAT64: "d", DType.FLOAT32: "f", DType.BFLOAT16: "f",
    DType.INT64: "q", DType.INT32: "i", DType.INT16: "h",
    DType.UINT64: "Q", DType.UINT32: "I", DType.UINT16: "H",
}  # fmt: skip
"""Element types to the name `array` has for them."""

Number = TypeVar("Number", int, float)

_EXPONENT_BITS = {DType.FLOAT16: 0x7C}
"""Bits of the exponent in a float's highest byte; 0x7F in all types not named."""


def part(data: bytes, dtype: DType, block: Block, zero_point: int) -> Part:
    """What is in `data`, the stored bytes of `block`."""
    if dtype.bits <= 8:
        return _octets(data, dtype, block, zero_point)
    numbers = _numbers(data, dtype)
    if dtype in SMALLEST_NORMAL:
        return _floats(data, numbers, dtype, block)
    lows, highs = _extremes(numbers, block)
    return Part(0, 0, 0, numbers.count(zero_point), lows, highs)


def _floats(data: bytes, numbers: Sequence[float], dtype: DType, block: Block) -> Part:
    width, mask = dtype.bits // 8, _EXPONENT_BITS.get(dtype, 0x7F)
    highest = data[width - 1 :: width]
    nans = infinities = denormals = zeros = 0
    if _count(highest, mask, mask):
        nans = sum(number != number for number in numbers)
        infinities = numbers.count(math.inf) + numbers.count(-math.inf)
    small = _count(highest, mask, 0)
    if small:
        zeros = numbers.count(0.0)
    if small > zeros:
        denormals = sum(0 < abs(number) < SMALLEST_NORMAL[dtype] for number in numbers)
    lows, highs = _extremes(numbers, block, finite=not nans and not infinities)
    return Part(nans, infinities, denormals, zeros, lows, highs)


def _octets(data: bytes, dtype: DType, block: Block, zero_point: int) -> Part:
    """Codes of up to 8 bits, as bytes in the order of the codes: -128 is 0."""
    lowest = -(1 << dtype.bits - 1) if dtype.label.startswith("int") else 0
    ordered = _ordered(data, dtype.bits, lowest)[: block.elements]
    lows, highs = list[int](), list[int]()
    for slices in _channels(ordered, block):
        codes = set[int]().union(*slices)
        lows.append(min(codes) + lowest)
        highs.append(max(codes) + lowest)
    zero = zero_point - lowest
    zeros = ordered.count(zero) if 0 <= zero <= 255 else 0
    return Part(0, 0, 0, zeros, lows, highs)


def _ordered(data: bytes, bits: int, lowest: int) -> bytes:
    """One byte for each code of `bits`, low bits first: the code's distance from the lowest one."""
    per_byte = 8 // bits
    unpacked = bytearray(len(data) * per_byte)
    for place in range(per_byte):
        unpacked[place::per_byte] = data.translate(_codes_at(place, bits, lowest))
    return bytes(unpacked)


@cache
def _codes_at(place: int, bits: int, lowest: int) -> bytes:
    """For each octet, the code at one of the places that it has for codes of `bits`, as in `_ordered`."""
    mask, sign = (1 << bits) - 1, -lowest
    return bytes((octet >> place * bits & mask) ^ sign for octet in range(256))


def _extremes(numbers: Sequence[float], block: Block, finite: bool = True) -> tuple[list[float], list[float]]:
    """Minimum and maximum per channel, of the finite numbers where not all are."""
    if finite and block.rows == 1:
        ends = range(block.inner, block.elements + 1, block.inner)
        stretches = [numbers[end - block.inner : end] for end in ends]
        return list(map(min, stretches)), list(map(max, stretches))
    lows, highs = [], []
    for slices in _channels(numbers, block):
        if not finite:
            slices = [[number for number in one if math.isfinite(number)] for one in slices]
        lows.append(min([min(one, default=math.inf) for one in slices]))
        highs.append(max([max(one, default=-math.inf) for one in slices]))
    return lows, highs


def _channels(numbers: Sequence[Number], block: Block) -> Iterator[list[Sequence[Number]]]:
    """For each channel of `block`, its elements in one or more slices."""
    _, rows, channels, inner = block
    for channel in range(channels):
        if inner == 1:
            yield [numbers[channel::channels]]
            continue
        starts = range(channel * inner, rows * channels * inner, channels * inner)
        yield [numbers[start : start + inner] for start in starts]


def _numbers(data: bytes, dtype: DType) -> Sequence[float]:
    if dtype is DType.FLOAT16:
        return struct.unpack(f"<{len(data) // 2}e", data)
    if dtype is DType.BFLOAT16:
        widened = bytearray(2 * len(data))
        widened[2::4], widened[3::4] = data[::2], data[1::2]
        data = bytes(widened)
    numbers = array(_CODES[dtype], data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _count(octets: bytes, mask: int, wanted: int) -> int:
    """How many of `octets` have the bits `wanted` under `mask`."""
    return sum(map(octets.count, _alike(mask, wanted)))


@cache
def _alike(mask: int, wanted: int) -> tuple[int, ...]:
    """The octets that have the bits `wanted` under `mask`."""
    return tuple(octet for octet in range(256) if octet & mask == wanted)
