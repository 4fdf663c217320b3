"""Filters: how the bytes of a chunk were packed (§IV.A.2.l)."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.source import Fields

_DEFLATE, _SHUFFLE, _FLETCHER32, _LZF = 1, 2, 3, 32000
_NAMES = {
    4: "szip",
    5: "n-bit",
    6: "scale-offset",
    307: "bzip2",
    32001: "Blosc",
    32004: "LZ4",
    32015: "Zstandard",
}
"""Filters that are not read here, by their registered numbers."""

_MOST = 32
"""Filters of one dataset; the HDF5 library's own limit."""


class Filter(NamedTuple):
    """A filter's registered number and the numbers it was set up with."""

    number: int
    values: tuple[int, ...]


def read_filters(fields: Fields) -> tuple[Filter, ...]:
    """The filters that chunks went through, in order."""
    version, count = fields.number(1), fields.number(1)
    if version not in (1, 2) or count > _MOST:
        raise Damaged("a list of filters has an unknown version or length", fields.offset)
    if version == 1:
        fields.skip(6)
    found = []
    for _ in range(count):
        number = fields.number(2)
        # Numbers below 256 belong to the library, whose names the second version leaves out.
        length = fields.number(2) if version == 1 or number >= 256 else 0
        fields.skip(2)
        values = fields.number(2)
        fields.skip(length)
        numbers = tuple(fields.number(4) for _ in range(values))
        fields.skip(min(4, fields.left) if version == 1 and values % 2 else 0)
        found.append(Filter(number, numbers))
    return tuple(found)


def unpacked(data: bytes, filters: tuple[Filter, ...], mask: int, size: int, element: int) -> bytes:
    """The `size` bytes of a chunk that `filters` made `data` of.

    mask: bits of the filters that this chunk was spared. element: bytes of one.
    Raises Damaged when that is not what comes out, Unreadable for a filter that is not known here.
    """
    # A checksum that was taken before the packing makes it a little more.
    most = size + 4 * len(filters)
    for place, item in reversed(list(enumerate(filters))):
        if mask >> place & 1:
            continue
        if item.number == _DEFLATE:
            data = _inflated(data, most)
        elif item.number == _SHUFFLE:
            data = _unshuffled(data, item.values[0] if item.values else element)
        elif item.number == _FLETCHER32:
            data = _checked(data)
        elif item.number == _LZF:
            data = _expanded(data, most)
        else:
            raise Unreadable(f"a chunk packed by {_NAMES.get(item.number, f'filter {item.number}')}")
    if len(data) != size:
        raise Damaged(f"a chunk unpacks to {len(data)} bytes instead of {size}")
    return data


def _inflated(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error as error:
        raise Damaged("a chunk cannot be unpacked") from error


def _unshuffled(data: bytes, element: int) -> bytes:
    """First bytes of all elements, then all second bytes, …, put back; what is over stays at the end."""
    if element <= 1 or len(data) < element:
        return data
    count = len(data) // element
    found = bytearray(data)
    for place in range(element):
        found[place : count * element : element] = data[place * count : (place + 1) * count]
    return bytes(found)


def _checked(data: bytes) -> bytes:
    if len(data) < 4:
        raise Damaged("a chunk has no checksum")
    content, stated = data[:-4], int.from_bytes(data[-4:], "little")
    if _fletcher32(content) != stated:
        raise Damaged("a chunk's checksum is wrong")
    return content


def _fletcher32(data: bytes) -> int:
    """The checksum of Fletcher over big-endian pairs of bytes, as the HDF5 library takes it."""
    import numpy as np

    words = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype(np.uint64)
    if len(data) % 2:
        words = np.append(words, np.uint64(data[-1] << 8))
    low = high = 0
    # Sums of sums over so many words stay below 2^64.
    for start in range(0, len(words), 2**20):
        part = words[start : start + 2**20]
        weights = np.arange(len(part), 0, -1, dtype=np.uint64)
        high += len(part) * low + int((part * weights).sum())
        low += int(part.sum())
    return _folded(high) << 16 | _folded(low)


def _folded(total: int) -> int:
    """A sum modulo 65535, where only zero is 0."""
    return (total - 1) % 65535 + 1 if total else 0


def _expanded(data: bytes, most: int) -> bytes:
    """What LZF (Marc Lehmann's LibLZF) made `data` of: runs of literals and references back."""
    found = bytearray()
    at, end = 0, len(data)
    while at < end:
        control = data[at]
        at += 1
        if control < 32:
            found += data[at : at + control + 1]
            at += control + 1
            continue
        length = control >> 5
        if length == 7 and at < end:
            length += data[at]
            at += 1
        if at >= end:
            raise Damaged("a chunk cannot be unpacked")
        distance = ((control & 0x1F) << 8 | data[at]) + 1
        at += 1
        length += 2
        if distance > len(found) or len(found) + length > most:
            raise Damaged("a chunk cannot be unpacked")
        start = len(found) - distance
        # The reference may reach into what it is making: such a stretch repeats.
        found += (bytes(found[start:]) * (length // distance + 1))[:length]
    if len(found) > most:
        raise Damaged("a chunk cannot be unpacked")
    return bytes(found)
