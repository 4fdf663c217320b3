"""What one pass over a constant's stored numbers tells, in bounded memory.

A constant is read a block at a time, and each block folded into the statistics by one of two
backends that agree: plain Python for small ones, as importing NumPy takes longer than they do;
NumPy for the rest, and wherever it is loaded already.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.tensor import Tensor

BLOCK_BYTES = 2**20
"""Bytes read at a time. Of four times as many the system clears the memory anew for each, which takes longer
than to read them; of fewer NumPy's calls begin to show."""

NUMPY_IMPORT = 50_000_000
"""Nanoseconds that importing NumPy takes (measured: 45 to 60 ms); plain Python may take as long."""

NUMPY_CALLS = 80_000
"""Nanoseconds that NumPy's functions take for a constant of any size, once it is loaded."""

_PLAIN = {8: 30, 4: 40, 2: 40}
_PLAIN_FLOAT16, _PLAIN_WIDE = 220, 70
"""Nanoseconds that plain Python takes for an element, by its bits; measured on the same machine."""

MOST_CHANNELS = 2**16
"""Channels above which a constant is taken as a whole; the widest layers in use have some 10,000."""

SMALLEST_NORMAL = {
    DType.FLOAT64: 2.0**-1022,
    DType.FLOAT32: 2.0**-126,
    DType.FLOAT16: 2.0**-14,
    DType.BFLOAT16: 2.0**-126,
}
"""Floating-point types to the smallest magnitude that is no denormal (IEEE 754)."""

INTEGERS = frozenset(dtype for dtype in DType if dtype.is_integer)


class Split(NamedTuple):
    """How a constant's elements fall into channels, row by row: `outer` times, each channel's `inner` ones.

    zero_point: the stored number that stands for 0.
    """

    outer: int
    channels: int
    inner: int
    zero_point: int = 0

    @classmethod
    def along(cls, shape: Sequence[int], axis: int, through: int | None = None, zero_point: int = 0) -> Split:
        """Channels along `axis` of `shape`; along all axes up to `through` together, where that is given."""
        last = axis if through is None else through
        return cls(
            math.prod(shape[:axis]),
            math.prod(shape[axis : last + 1]),
            math.prod(shape[last + 1 :]),
            zero_point,
        )

    @classmethod
    def whole(cls, elements: int, zero_point: int = 0) -> Split:
        """One channel with all `elements`."""
        return cls(1, 1, elements, zero_point)


@dataclass(frozen=True, slots=True)
class Statistics:
    """A constant's stored numbers, counted; quantized ones as codes.

    nans, infinities: always 0 for integers. denormals: floats closer to 0 than the type's smallest
    normal number, 0 not included. zeros: elements that stand for 0. minimum, maximum: of the finite
    numbers, inf and -inf where there are none. lows, highs: minimum and maximum of each channel; of the
    whole where the channels are not known, or too many.
    """

    count: int
    nans: int
    infinities: int
    denormals: int
    zeros: int
    minimum: float
    maximum: float
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    @property
    def channels(self) -> int:
        """How many channels were told apart; 1 where none were."""
        return len(self.lows)

    @property
    def magnitude(self) -> float:
        """The largest distance of a finite number from 0; 0 where there is none."""
        return max(abs(self.minimum), abs(self.maximum)) if self.minimum <= self.maximum else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether all numbers are the same finite one."""
        return self.minimum == self.maximum and not self.nans and not self.infinities


class Part(NamedTuple):
    """What a backend finds in a block. lows, highs: per channel of the block, as in `Statistics`."""

    nans: int
    infinities: int
    denormals: int
    zeros: int
    lows: Sequence[float]
    highs: Sequence[float]


class Block(NamedTuple):
    """A stretch of a constant: rows × channels × inner elements, the first channel being `first`."""

    first: int
    rows: int
    channels: int
    inner: int

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return self.rows * self.channels * self.inner


class Backend(Protocol):
    """A module that counts."""

    def part(self, data: bytes, dtype: DType, block: Block, zero_point: int) -> Part:
        """What is in `data`, the stored bytes of `block`."""


def measure(tensor: Tensor, split: Split | None = None, backend: Backend | None = None) -> Statistics | None:
    """The statistics of `tensor`, its channels as `split` says.

    None where its bytes cannot be read as numbers: strings, booleans, complex numbers, 8-bit floats,
    sparse storage, predicted content. Raises EdgelintError when they are missing or too few.
    """
    dtype = tensor.dtype
    if not is_countable(tensor):
        return None
    split = split or Split.whole(tensor.elements)
    if split.channels > MOST_CHANNELS or (dtype.bits < 8 and tensor.nbytes > BLOCK_BYTES):
        split = Split.whole(tensor.elements, split.zero_point)
    counts = backend or fitting_backend([tensor])
    most = BLOCK_BYTES * 8 // dtype.bits
    if tensor.elements <= most:
        return _of_one_block(tensor, split, counts)
    found = _Sum(split.channels)
    pieces = tensor.pieces(dtype.nbytes(block.elements) for block in blocks(split, most))
    read = 0
    for block, piece in zip(blocks(split, most), pieces, strict=False):
        found.add(block.first, counts.part(piece, dtype, block, split.zero_point))
        read += block.elements
    if read != tensor.elements:
        raise _too_few_bytes(tensor)
    return found.statistics(tensor.elements)


def _of_one_block(tensor: Tensor, split: Split, counts: Backend) -> Statistics:
    """The statistics of a small constant, of which a model may have as many as nodes."""
    block = Block(0, split.outer, split.channels, split.inner)
    piece = next(tensor.pieces([tensor.dtype.nbytes(block.elements)]), None)
    if piece is None or block.elements != tensor.elements:
        raise _too_few_bytes(tensor)
    part = counts.part(piece, tensor.dtype, block, split.zero_point)
    lows, highs = tuple(part.lows), tuple(part.highs)
    return Statistics(
        tensor.elements,
        part.nans,
        part.infinities,
        part.denormals,
        part.zeros,
        min(lows),
        max(highs),
        lows,
        highs,
    )


def _too_few_bytes(tensor: Tensor) -> EdgelintError:
    return EdgelintError(getattr(tensor.storage, "path", ""), "holds fewer bytes than a constant needs")


def is_countable(tensor: Tensor) -> bool:
    """Whether the stored bytes of `tensor` are numbers that can be counted, and at least one."""
    known = tensor.dtype in SMALLEST_NORMAL or tensor.dtype in INTEGERS
    return known and not tensor.sparse and tensor.elements > 0


def fitting_backend(tensors: Iterable[Tensor]) -> Backend:
    """The backend that is done first with `tensors`, all of them."""
    limit = NUMPY_CALLS if "numpy" in sys.modules else NUMPY_IMPORT
    return _plain() if sum(map(_plain_time, tensors)) <= limit else _numpy()


@cache
def _plain() -> Backend:
    from edgelint.analysis.weights import counts_plain

    return counts_plain


@cache
def _numpy() -> Backend:
    from edgelint.analysis.weights import counts_numpy

    return counts_numpy


def _plain_time(tensor: Tensor) -> int:
    """Nanoseconds that plain Python would take."""
    dtype = tensor.dtype
    return tensor.elements * (
        _PLAIN_FLOAT16 if dtype is DType.FLOAT16 else _PLAIN.get(dtype.bits, _PLAIN_WIDE)
    )


def blocks(split: Split, most: int) -> Iterator[Block]:
    """Blocks of up to `most` elements that make up a constant, in its stored order."""
    outer, channels, inner = split.outer, split.channels, split.inner
    if channels * inner <= most:
        rows = most // max(channels * inner, 1)
        for row in range(0, outer, rows):
            yield Block(0, min(rows, outer - row), channels, inner)
        return
    width = most // inner
    for _ in range(outer):
        for first in range(0, channels, max(width, 1)):
            if width:
                yield Block(first, 1, min(width, channels - first), inner)
                continue
            for start in range(0, inner, most):
                yield Block(first, 1, 1, min(most, inner - start))


class _Sum:
    """Parts put together."""

    def __init__(self, channels: int) -> None:
        self.lows = [math.inf] * channels
        self.highs = [-math.inf] * channels
        self.nans = self.infinities = self.denormals = self.zeros = 0

    def add(self, first: int, part: Part) -> None:
        self.nans += part.nans
        self.infinities += part.infinities
        self.denormals += part.denormals
        self.zeros += part.zeros
        there = slice(first, first + len(part.lows))
        self.lows[there] = [a if a < b else b for a, b in zip(self.lows[there], part.lows, strict=True)]
        self.highs[there] = [a if a > b else b for a, b in zip(self.highs[there], part.highs, strict=True)]

    def statistics(self, count: int) -> Statistics:
        return Statistics(
            count,
            self.nans,
            self.infinities,
            self.denormals,
            self.zeros,
            min(self.lows),
            max(self.highs),
            tuple(self.lows),
            tuple(self.highs),
        )
