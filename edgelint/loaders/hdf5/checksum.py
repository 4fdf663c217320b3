"""The checksum of the newer structures: lookup3 by Bob Jenkins (public domain, 2006)."""

from __future__ import annotations

import struct

from edgelint.loaders.hdf5.errors import Damaged

_START = 0xDEADBEEF
_MASK = 0xFFFFFFFF


def verify(data: bytes, offset: int) -> None:
    """Raises Damaged unless the last four bytes of the structure `data` are the checksum of the rest."""
    if len(data) < 4 or lookup3(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise Damaged("a checksum is wrong", offset)


def lookup3(data: bytes) -> int:
    """The hash of `data`, 32 bits, from 0 (`hashlittle` of lookup3.c)."""
    a = b = c = (_START + len(data)) & _MASK
    # The last block, of 1 to 12 bytes, is mixed in another way.
    whole = max(len(data) - 1, 0) // 12 * 12
    for x, y, z in struct.iter_unpack("<3I", data[:whole]):
        a, b, c = a + x & _MASK, b + y & _MASK, c + z & _MASK
        a = (a - c & _MASK) ^ (c << 4 & _MASK | c >> 28)
        c = c + b & _MASK
        b = (b - a & _MASK) ^ (a << 6 & _MASK | a >> 26)
        a = a + c & _MASK
        c = (c - b & _MASK) ^ (b << 8 & _MASK | b >> 24)
        b = b + a & _MASK
        a = (a - c & _MASK) ^ (c << 16 & _MASK | c >> 16)
        c = c + b & _MASK
        b = (b - a & _MASK) ^ (a << 19 & _MASK | a >> 13)
        a = a + c & _MASK
        c = (c - b & _MASK) ^ (b << 4 & _MASK | b >> 28)
        b = b + a & _MASK
    if whole == len(data):
        return c
    x, y, z = struct.unpack("<3I", data[whole:].ljust(12, b"\0"))
    return _final(a + x & _MASK, b + y & _MASK, c + z & _MASK)


def _final(a: int, b: int, c: int) -> int:
    c = (c ^ b) - (b << 14 & _MASK | b >> 18) & _MASK
    a = (a ^ c) - (c << 11 & _MASK | c >> 21) & _MASK
    b = (b ^ a) - (a << 25 & _MASK | a >> 7) & _MASK
    c = (c ^ b) - (b << 16 & _MASK | b >> 16) & _MASK
    a = (a ^ c) - (c << 4 & _MASK | c >> 28) & _MASK
    b = (b ^ a) - (a << 14 & _MASK | a >> 18) & _MASK
    return (c ^ b) - (b << 24 & _MASK | b >> 8) & _MASK
