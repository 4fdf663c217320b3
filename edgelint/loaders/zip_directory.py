"""How large a ZIP says that its directory is: Python reads all of it before anything can be refused.

The layout is that of PKWARE's APPNOTE 6.3.10: §4.3.16 end record, §4.3.15 and §4.3.14 its 64-bit form.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

LONGEST_TAIL = 20 + 56 + 22 + 65_535
"""Bytes at the end of a file in which its end records lie: three of them, and a comment."""


class Directory(NamedTuple):
    """What the end record says: how many members there are, and in how many bytes they are listed."""

    members: int
    length: int


def directory(tail: bytes) -> Directory | None:
    """The directory of the ZIP whose last bytes these are; None where no end record is among them.

    tail: the last `LONGEST_TAIL` bytes of the file, or all of them.
    """
    end = tail.rfind(b"PK\x05\x06", 0, max(len(tail) - 18, 0))
    if end < 0:
        return None
    large = end - 20 - 56
    if large >= 0 and tail[end - 20 : end - 16] == b"PK\x06\x07" and tail[large : large + 4] == b"PK\x06\x06":
        return Directory(*struct.unpack_from("<QQ", tail, large + 32))
    return Directory(*struct.unpack_from("<HI", tail, end + 10))
