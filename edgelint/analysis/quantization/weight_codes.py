"""Which codes integer weights use, read without numpy and in bounded memory."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache

from edgelint.analysis.quantization.layers import QuantizedLayer
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Value

MOST_BYTES = 4 * 2**20
"""Bytes of weights that are read of one model; what would go beyond stays unread."""

MOST_CHANNELS = 8192
"""Output channels above which a layer (an embedding, a vocabulary) stays unread."""

_FULL = 127

MOST_BIASES = 8192
"""Elements above which a bias stays unread."""


def largest_codes(layers: Sequence[QuantizedLayer]) -> tuple[tuple[int, ...] | None, ...]:
    """For each layer, how far the codes of each output channel go from the zero point; None where unread.

    Of int8 and uint8 weights with one zero point: narrower codes are packed.
    """
    found: list[tuple[int, ...] | None] = []
    left = MOST_BYTES
    seen: dict[tuple[int, str], tuple[int, ...] | None] = {}
    for layer in layers:
        key = (id(layer.graph), layer.weights.name)
        if key not in seen:
            nbytes = layer.weights.tensor.nbytes if layer.weights.tensor else 0
            seen[key] = _per_channel(layer) if nbytes <= left else None
            left -= nbytes if seen[key] is not None else 0
        found.append(seen[key])
    return tuple(found)


def bias_codes(bias: Value) -> tuple[int, ...] | None:
    """The stored integers of a bias of int32 or int64; None for others, and for what can't be read."""
    tensor = bias.tensor
    letter = {DType.INT32: "i", DType.INT64: "q"}.get(tensor.dtype) if tensor else None
    if tensor is None or letter is None or tensor.sparse or not 0 < tensor.elements <= MOST_BIASES:
        return None
    layout = f"<{tensor.elements}{letter}"
    try:
        data = tensor.storage.read()
    except EdgelintError:
        return None
    return struct.unpack(layout, data) if len(data) == struct.calcsize(layout) else None


def _per_channel(layer: QuantizedLayer) -> tuple[int, ...] | None:
    tensor, channels = layer.weights.tensor, layer.channels
    quantization = layer.weights.quantization
    if tensor is None or tensor.dtype not in (DType.INT8, DType.UINT8) or tensor.sparse or not quantization:
        return None
    zero_points = set(quantization.zero_point)
    if len(zero_points) > 1:
        return None
    if not channels or channels > MOST_CHANNELS or tensor.elements == 0:
        return None
    try:
        data = tensor.storage.read()
    except EdgelintError:
        return None
    if len(data) != tensor.elements:
        return None
    inner = math.prod(tensor.shape[layer.axis + 1 :])
    away = data.translate(_distances(tensor.dtype, next(iter(zero_points), 0)))
    return tuple(max(map(_largest, runs)) for runs in _runs(away, channels, inner))


@lru_cache(512)
def _distances(dtype: DType, zero_point: int) -> bytes:
    """For each byte, how far the code it stores is from the zero point."""
    codes = (byte - 256 if dtype is DType.INT8 and byte > 127 else byte for byte in range(256))
    return bytes(min(abs(code - zero_point), 255) for code in codes)


def _largest(run: bytes) -> int:
    """The largest byte. Most channels have one at 127, which is found faster than the largest of all."""
    return _FULL if _FULL in run and run.isascii() else max(run)


def _runs(data: bytes, channels: int, inner: int) -> Iterator[Iterator[bytes]]:
    """The bytes of each channel, whose elements lie `inner` by `inner` together."""
    stretch = inner * channels
    for channel in range(channels):
        if inner == 1:
            yield iter((data[channel::channels],))
        else:
            starts = range(channel * inner, len(data), stretch)
            yield (data[start : start + inner] for start in starts)
