"""A smaller input with the same fault."""

from __future__ import annotations

import time
from collections.abc import Callable


def minimised(data: bytes, fails: Callable[[bytes], bool], seconds: float) -> bytes:
    """The smallest input found in `seconds` for which `fails`; `data` itself if it does not fail again.

    Cuts pieces out, large ones first; then makes zeros of what cannot go, which compresses and reads better.
    """
    end = time.monotonic() + seconds
    if not fails(data):
        return data
    for change in (_without, _zeroed):
        size = len(data)
        while size and time.monotonic() < end:
            place = 0
            while place < len(data) and time.monotonic() < end:
                smaller = change(data, place, size)
                if smaller != data and fails(smaller):
                    data = smaller
                    place += 0 if change is _without else size
                else:
                    place += size
            size //= 2
    return data


def _without(data: bytes, place: int, size: int) -> bytes:
    return data[:place] + data[place + size :]


def _zeroed(data: bytes, place: int, size: int) -> bytes:
    return data[:place] + bytes(len(data[place : place + size])) + data[place + size :]
