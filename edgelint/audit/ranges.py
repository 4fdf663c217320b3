"""The bytes of a file elsewhere, fetched in the ranges that are asked for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from mmap import mmap
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, overload

from edgelint.errors import EdgelintError
from edgelint.quantity import show_bytes

Range = tuple[int, int]
"""First byte, and the byte behind the last."""

Fetch = Callable[[Sequence[Range]], list[bytes]]
"""The bytes of each range, all of them; raises EdgelintError, and nothing else, where that cannot be."""

PAGE = 4096
"""Bytes that are known to be here or not."""

SMALLEST_FETCH = 4 * PAGE
"""Bytes that are fetched where fewer are asked for: the header of a tensor, and the first of its content."""

LARGEST_FETCH = 1 << 20
"""Bytes up to which a fetch doubles while reading goes on where the last one ended."""

LARGEST_REQUEST = 4 << 20
"""Bytes of one request; longer ranges are several."""

CLOSE = 4 * PAGE
"""Bytes between two wanted ranges below which they are one request."""

ROUND = 1 << 20
"""Bytes that take as long as a round trip: when the rest of a file is no longer than the round trips so far
were, it is fetched. At worst that takes twice as long as the better way would have."""

LARGEST_REST = 16 << 20
"""Bytes up to which that is done."""

AT_ONCE = 8
"""Requests whose bytes are in memory at a time."""

KEPT = 64 << 20
"""Bytes that are kept of a file; long stretches that are read beyond are fetched each time."""

MOST_KEPT = 1 << 30
"""Bytes of a file's structure: no graph comes near, and a server may never come to an end."""

LARGEST = 1 << 40
"""Bytes of a file: a size is only a claim."""


class Ranges:
    """A file of `size` bytes that looks whole, as `edgelint.ir.files.Bytes` has it.

    What was fetched is kept in a temporary file without a name, which is gone with the process.
    fetched: bytes so far. buffer: the file mapped; right only where `need` was called before.
    """

    def __init__(self, size: int, fetch: Fetch, store: IO[bytes] | None = None) -> None:
        """A file of which only what is in `store` is here yet. OSError where there is no room for it."""
        if size > LARGEST:
            raise OSError(f"a file of {size} bytes is too large to be true")
        self._size, self._fetch = size, fetch
        self._store = store or TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._store.truncate(size)
        self.buffer: Any = mmap(self._store.fileno(), size) if size else b""
        self._here = bytearray(-(-size // PAGE))
        self._kept = self._rounds = 0
        self._fetched = range(0)
        """Pages of the last fetch, and how many the next one takes if it goes on there."""
        self._stride = SMALLEST_FETCH // PAGE

    @classmethod
    def whole(cls, store: IO[bytes], size: int) -> Ranges:
        """The file of `size` bytes that was fetched into `store`, and is closed with it."""
        found = cls(size, _nothing, store)
        found._here = bytearray(b"\1" * len(found._here))
        return found

    def __len__(self) -> int:
        """Bytes of the file."""
        return self._size

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytes: ...
    def __getitem__(self, place: int | slice) -> int | bytes:
        """A byte, or those of a slice without a step."""
        if isinstance(place, slice):
            start, stop, _ = place.indices(self._size)
            return self.read(start, stop)
        if not self._here[place // PAGE]:
            self.need(place, place + 1)
        found: int = self.buffer[place]
        return found

    def __enter__(self) -> Ranges:
        """The file itself; it stays open behind the block, for the next one who reads it."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing: `close` is for whoever made it."""

    def close(self) -> None:
        """Gives up what was fetched."""
        if self._size:
            self.buffer.close()
        self._store.close()

    def rfind(self, part: bytes, start: int, /) -> int:
        """The last place of `part` at or behind `start`, -1 without one."""
        self.need(start, self._size)
        found: int = self.buffer.rfind(part, start)
        return found

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`, which lie in the file."""
        if stop - start > SMALLEST_FETCH and self._kept + stop - start > KEPT and not self._has(start, stop):
            return b"".join(self._fetch(_cut(start, stop)))
        self.need(start, stop)
        found: bytes = self.buffer[start:stop]
        return found

    def digest(self) -> str:
        """The SHA-256 of a file that is here whole; "" for one that is not."""
        if not self._has(0, self._size):
            return ""
        found = hashlib.sha256()
        for start in range(0, self._size, LARGEST_REQUEST):
            found.update(self.buffer[start : start + LARGEST_REQUEST])
        return found.hexdigest()

    def need(self, start: int, stop: int) -> None:
        """Fetches what is not here of the bytes from `start` to `stop`, and what is likely to be next."""
        if stop <= start or self._has(start, stop):
            return
        if self._size - self._kept <= min(self._rounds * ROUND, LARGEST_REST):
            self.need_all([(0, self._size)])
            return
        first, behind = start // PAGE, -(-stop // PAGE)
        first = self._here.find(0, first)
        last = self._fetched
        if last and (last.stop <= first <= last.stop + 1 or last.start - 1 <= behind <= last.start):
            self._stride = min(2 * self._stride, LARGEST_FETCH // PAGE)
        else:
            self._stride = SMALLEST_FETCH // PAGE
        if last and last.start - 1 <= behind <= last.start:
            first = max(min(first, behind - self._stride), 0)
        else:
            behind = max(behind, first + self._stride)
        behind = self._here.rfind(0, first, behind) + 1
        self._fetched = range(first, behind)
        self._fill([(first, behind)])

    def need_all(self, wanted: Iterable[Range]) -> None:
        """Fetches what is not here of several ranges at once; what lies outside the file is left out."""
        pages = sorted((max(start, 0) // PAGE, -(-min(stop, self._size) // PAGE)) for start, stop in wanted)
        joined: list[Range] = []
        for first, behind in (run for each in pages for run in self._missing(*each)):
            if joined and first <= joined[-1][1] + CLOSE // PAGE:
                joined[-1] = joined[-1][0], max(joined[-1][1], behind)
            else:
                joined.append((first, behind))
        self._fill(joined)

    def put(self, start: int, data: bytes) -> None:
        """Keeps bytes that came unasked; those of pages that are not whole are not counted as here."""
        if not data:
            return
        end = start + len(data)
        self.buffer[start:end] = data
        first = -(-start // PAGE)
        behind = len(self._here) if end == self._size else end // PAGE
        self._here[first:behind] = b"\1" * max(behind - first, 0)

    def _has(self, start: int, stop: int) -> bool:
        return self._here.find(0, start // PAGE, -(-stop // PAGE)) < 0

    def _missing(self, first: int, behind: int) -> Iterator[Range]:
        """The runs of pages that are not here."""
        while (first := self._here.find(0, first, behind)) >= 0:
            found = self._here.find(1, first, behind)
            yield first, found if found > 0 else behind
            first = found if found > 0 else behind

    def _fill(self, pages: Iterable[Range]) -> None:
        wanted: list[Range] = []
        for first, behind in pages:
            wanted.extend(_cut(first * PAGE, min(behind * PAGE, self._size)))
        self._rounds += 1
        for at in range(0, len(wanted), AT_ONCE):
            some = wanted[at : at + AT_ONCE]
            for (start, _), data in zip(some, self._fetch(some), strict=True):
                self.put(start, data)
            self._kept += sum(stop - start for start, stop in some)
            if self._kept > MOST_KEPT:
                raise EdgelintError(Path(), f"has more than {show_bytes(MOST_KEPT)} of structure to be read")


def _nothing(ranges: Sequence[Range]) -> list[bytes]:
    """For a file of which everything is here."""
    raise AssertionError(ranges)


def _cut(start: int, stop: int) -> list[Range]:
    return [(at, min(at + LARGEST_REQUEST, stop)) for at in range(start, stop, LARGEST_REQUEST)]


class RangedFile(io.RawIOBase):
    """`Ranges` as an open file."""

    def __init__(self, ranges: Ranges) -> None:
        """The file, at its start."""
        self._ranges, self._at = ranges, 0

    def mapped(self) -> Ranges:
        """The content, to be indexed and sliced."""
        return self._ranges

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be moved in: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._ranges)}[whence]
        if base + offset < 0:
            raise OSError(22, "Invalid argument")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes."""
        left = max(len(self._ranges) - self._at, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        data = self._ranges.read(self._at, self._at + wanted)
        self._at += wanted
        return data

    def readinto(self, buffer: Any) -> int:
        """How many bytes were put into `buffer`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
