"""Counting in blocks of constants, with NumPy."""

from __future__ import annotations

import numpy as np

from edgelint.analysis.weights.statistics import SMALLEST_NORMAL, Block, Part
from edgelint.ir.decode import elements
from edgelint.ir.dtype import DType


def part(data: bytes, dtype: DType, block: Block, zero_point: int) -> Part:
    """What is in `data`, the stored bytes of `block`."""
    numbers = elements(data, dtype, block.elements)
    if numbers is None:
        raise TypeError(f"no numbers in {dtype}")
    shaped = numbers.reshape(block.rows, block.channels, block.inner)
    if dtype in SMALLEST_NORMAL:
        # NumPy compares halves one by one in software.
        wide = shaped.astype(np.float32) if dtype is DType.FLOAT16 else shaped
        return _floats(wide, SMALLEST_NORMAL[dtype])
    lows, highs = _extremes(shaped)
    return Part(0, 0, 0, int(np.count_nonzero(shaped == zero_point)), lows.tolist(), highs.tolist())


def _floats(shaped: np.ndarray, smallest_normal: float) -> Part:
    nans = infinities = denormals = zeros = 0
    with np.errstate(all="ignore"):
        lows, highs = _extremes(shaped)
    if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
        nans = int(np.count_nonzero(np.isnan(shaped)))
        infinities = int(np.count_nonzero(np.isinf(shaped)))
        finite = np.isfinite(shaped)
        lows = np.where(finite, shaped, np.inf).min(axis=(0, 2))
        highs = np.where(finite, shaped, -np.inf).max(axis=(0, 2))
        shaped = shaped[finite]
    magnitudes = np.abs(shaped)
    if magnitudes.size and magnitudes.min() < smallest_normal:
        zeros = magnitudes.size - int(np.count_nonzero(magnitudes))
        denormals = int(np.count_nonzero(magnitudes < smallest_normal)) - zeros
    return Part(nans, infinities, denormals, zeros, lows.tolist(), highs.tolist())


def _extremes(shaped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minimum and maximum per channel, one axis folded after the other, which is faster than both at once."""
    if shaped.shape[2] > 1:
        return shaped.min(axis=2).min(axis=0), shaped.max(axis=2).max(axis=0)
    flat = shaped[:, :, 0]
    return flat.min(axis=0), flat.max(axis=0)
