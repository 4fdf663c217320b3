"""How the numbers of a model's constants are spread, read while the picture is made."""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.errors import EdgelintError
from edgelint.ir.model import Graph, Value
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


def histograms(graph: Graph, wires: Mapping[str, int], limit: int = READ_BYTES) -> tuple[Histogram, ...]:
    """Of the largest constants of `graph`, in the order of its values.

    wires: place of each value in its sheet. limit: bytes that may be read; larger constants are left out.
    """
    constants = [
        (value, value.tensor)
        for value in graph.values.values()
        if value.tensor is not None and value.tensor.elements >= FEWEST
    ]
    constants.sort(key=lambda each: each[1].nbytes, reverse=True)
    left, found = limit, []
    for value, tensor in constants:
        # What a file declares may be far more than it stores.
        cost = max(tensor.nbytes, tensor.dtype.nbytes(tensor.elements))
        if cost > left:
            continue
        if len(found) == MOST:
            break
        left -= cost
        histogram = _histogram(value, tensor, wires[value.name])
        if histogram is not None:
            found.append(histogram)
    return tuple(sorted(found, key=lambda each: each.wire))


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
