"""How the numbers of a model's constants are spread, read while the picture is made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.errors import EdgelintError
from edgelint.ir.model import Model, Value
from edgelint.ir.tensor import Tensor
from edgelint.picture import Histogram

if TYPE_CHECKING:
    import numpy as np

BINS = 24
"""Bars of a histogram."""

MOST = 300
"""Constants that are read; the largest ones, as biases and shapes tell little."""

READ_BYTES = 32 * 2**20
"""Bytes that are read in all."""

PART = 2**18
"""Elements that are widened to float64 at a time."""

FEWEST = 2
"""Elements from which on numbers have a spread."""


def histograms(model: Model, limit: int = READ_BYTES) -> list[tuple[Histogram, ...]]:
    """For each graph of `model`, those of its constants that are among the model's largest, in their order.

    limit: bytes that may be read in all; constants beyond it are left out.
    """
    constants = [
        (number, wire, value, value.tensor)
        for number, graph in enumerate(model.graphs)
        for wire, value in enumerate(graph.values.values())
        if value.tensor is not None and value.tensor.elements >= FEWEST
    ]
    constants.sort(key=lambda each: each[3].nbytes, reverse=True)
    found: list[list[Histogram]] = [[] for _ in model.graphs]
    left, tried = limit, 0
    for number, wire, value, tensor in constants:
        # What a file declares may be far more than it stores.
        cost = max(tensor.nbytes, tensor.dtype.nbytes(tensor.elements))
        if cost > left:
            continue
        if tried == MOST:
            break
        left, tried = left - cost, tried + 1
        histogram = _histogram(value, tensor, wire)
        if histogram is not None:
            found[number].append(histogram)
    return [tuple(sorted(each, key=lambda one: one.wire)) for each in found]


def _histogram(value: Value, tensor: Tensor, wire: int) -> Histogram | None:
    """None where its bytes are missing, or are no numbers."""
    try:
        numbers = tensor.numpy()
    except EdgelintError:
        return None
    return _counted(numbers.reshape(-1), wire, _zero(value)) if numbers.dtype.kind in "iuf" else None


def _counted(numbers: np.ndarray, wire: int, stored_zero: float) -> Histogram:
    """In two passes over parts, so that no copy of all numbers is made: range and mean, then the rest."""
    import numpy as np

    least, most, total, count = math.inf, -math.inf, 0.0, 0
    with np.errstate(all="ignore"):
        for part in _finite_parts(numbers):
            least, most = min(least, float(part.min())), max(most, float(part.max()))
            total += float(part.sum())
            count += part.size
        strange = int(numbers.size - count)
        if not count:
            return Histogram(wire, 0.0, 0.0, 0.0, 0.0, 0, strange, ())
        mean, squares, zeros = total / count, 0.0, 0
        bars = BINS if least < most and math.isfinite(most - least) else 0
        counts = np.zeros(bars, np.int64)
        for part in _finite_parts(numbers):
            squares += float(np.square(part - mean).sum())
            zeros += int(np.count_nonzero(part == stored_zero))
            if bars:
                counts += np.histogram(part, bars, (least, most))[0]
    deviation = math.sqrt(squares / count)
    if not (math.isfinite(mean) and math.isfinite(deviation)):
        mean = deviation = 0.0
    return Histogram(wire, least, most, mean, deviation, zeros, strange, tuple(counts.tolist()))


def _finite_parts(numbers: np.ndarray) -> Iterator[np.ndarray]:
    """The numbers without NaN and infinities, as float64, some at a time."""
    import numpy as np

    for start in range(0, numbers.size, PART):
        part = numbers[start : start + PART].astype(np.float64)
        finite = part[np.isfinite(part)]
        if finite.size:
            yield finite


def _zero(value: Value) -> float:
    """The stored number that stands for 0."""
    found = value.quantization
    return float(found.zero_point[0]) if found is not None and found.zero_point else 0.0
