"""How the numbers of a model's constants are spread, read while the picture is made."""

from __future__ import annotations

from edgelint.errors import EdgelintError
from edgelint.ir.model import Model, Value
from edgelint.ir.tensor import Tensor
from edgelint.picture import Histogram

BINS = 24
"""Bars of a histogram."""

MOST = 300
"""Constants that are read; the largest ones, as biases and shapes tell little."""

READ_BYTES = 32 * 2**20
"""Bytes that are read in all."""

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
    if numbers.dtype.kind not in "iuf":
        return None
    import numpy as np

    flat = numbers.reshape(-1).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return Histogram(wire, 0.0, 0.0, 0.0, 0.0, 0, int(flat.size), ())
    least, most = float(finite.min()), float(finite.max())
    with np.errstate(all="ignore"):
        mean, deviation = float(finite.mean()), float(finite.std())
    counts: tuple[int, ...] = ()
    if least < most and np.isfinite(most - least):
        counts = tuple(np.histogram(finite, BINS, (least, most))[0].tolist())
    stored_zero = _zero(value)
    zeros = int(np.count_nonzero(finite == stored_zero))
    spread = (mean, deviation) if np.isfinite([mean, deviation]).all() else (0.0, 0.0)
    return Histogram(wire, least, most, *spread, zeros, int(flat.size - finite.size), counts)


def _zero(value: Value) -> float:
    """The stored number that stands for 0."""
    found = value.quantization
    return float(found.zero_point[0]) if found is not None and found.zero_point else 0.0
