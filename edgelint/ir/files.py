"""The one door through which model files are opened.

A file on disk is opened by the operating system, and nothing here is in its way. A file elsewhere, of
which only what is asked for is to be fetched, has a path that no file on disk has; whoever opens such
files puts a `Place` behind their folder for as long as they are read (`reachable`). What goes past this
door finds no file there, and never zeros in place of bytes that were not fetched.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, overload

if TYPE_CHECKING:
    from types import TracebackType


class Bytes(Protocol):
    """The content of an open file, to be indexed and sliced like `bytes`. Closed by a with block."""

    def __len__(self) -> int:
        """Bytes of the file."""

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytes: ...

    def rfind(self, part: bytes, start: int, /) -> int:
        """The last place of `part` at or behind `start`, -1 without one."""

    def __enter__(self) -> Any:
        """The content itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> object:
        """Closes it."""


class Place(Protocol):
    """A folder that is not on this machine's disk. Its methods raise OSError as the system's do."""

    def opened(self, path: Path) -> BinaryIO:
        """The file at `path`, which has a method `mapped` for `Bytes`."""

    def status(self, path: Path) -> os.stat_result:
        """What `os.stat` would say of it: at least its kind and size."""


_PLACES: dict[Path, Place] = {}
"""Folder to what is behind it; empty in a check of local files."""


@contextmanager
def reachable(folder: Path, place: Place) -> Iterator[None]:
    """Lets what is below `folder` be opened through `place` while the block lasts."""
    _PLACES[folder] = place
    try:
        yield
    finally:
        del _PLACES[folder]


def opened(path: Path, buffering: int = -1) -> BinaryIO:
    """The file at `path`, opened to be read. Raises OSError."""
    place = place_of(path) if _PLACES else None
    return place.opened(path) if place else open(path, "rb", buffering, opener=_regular)


def _regular(path: str, flags: int) -> int:
    """Opens a regular file and nothing else: a pipe that has taken its place by now would be waited for."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.ESPIPE, "it is no regular file", path)


def status(path: Path) -> os.stat_result:
    """Kind and size of the file at `path`. Raises OSError where there is none."""
    place = place_of(path) if _PLACES else None
    return place.status(path) if place else os.stat(path)


def size(path: Path) -> int:
    """Bytes of the file at `path`; 0 where there is none, or what is there is no file."""
    try:
        found = status(path)
    except (OSError, ValueError):
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


LARGEST_COPY = 64 << 20
"""Bytes of a file up to which it is copied. Were it mapped, and cut short by somebody while it is read, the
system would end this process with a signal."""


def mapped(file: BinaryIO) -> Any:
    """The content of an open file, for a `with`, as `Bytes`: a copy of a small one, a large one mapped."""
    elsewhere = getattr(file, "mapped", None)
    if elsewhere:
        return elsewhere()
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_COPY:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
    file.seek(0)
    return nullcontext(file.read(size))


def is_elsewhere(path: Path) -> bool:
    """Whether reading the file at `path` costs more than reading from disk."""
    return bool(_PLACES) and place_of(path) is not None


def place_of(path: Path) -> Place | None:
    """What is behind the folder that `path` is below; None for a file on disk."""
    for folder, place in _PLACES.items():
        if path.is_relative_to(folder):
            return place
    return None
