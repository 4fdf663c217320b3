"""Reports in files: written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from edgelint.errors import EdgelintError
from edgelint.loaders import is_model


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file, UTF-8, that becomes `path` at the end of the block; on any failure `path` stays as it was.

    A symbolic link is followed: its file is the one that is replaced. What is no regular file, a pipe or a
    device, is written to as it is. Raises EdgelintError when it cannot be written, and for a model, which
    edgelint never writes.
    """
    with written_together([path]) as (file,):
        yield file


@contextmanager
def written_together(paths: Sequence[Path]) -> Iterator[list[TextIO]]:
    """A file as `written_whole` has it for each path; none of them changes before all are whole."""
    for path in paths:
        _refuse_model(path)
    with ExitStack() as stack:
        drafts = [stack.enter_context(_draft(path)) for path in paths]
        yield [draft.file for draft in drafts]
        for draft in drafts:
            draft.end()
        for draft in drafts:
            draft.take_place()


def verify_place(path: Path) -> None:
    """Raises EdgelintError where `written_whole` would; what it cannot foresee is a full disk."""
    _refuse_model(path)
    with told_about(path):
        if not _is_stream(path):
            place = _followed(path)
            if not stat.S_ISDIR(place.parent.stat().st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(place.parent, os.W_OK):
                raise _denied()
            _mode(place)


def _refuse_model(path: Path) -> None:
    if is_model(_followed(path)):
        raise EdgelintError(path, "is a model, not a place for a report", hint="name another file")


def _followed(path: Path) -> Path:
    return Path(os.path.realpath(path))


@contextmanager
def told_about(path: Path) -> Iterator[None]:
    """Raises EdgelintError for an OSError in the block, which writes to `path`."""
    try:
        yield
    except OSError as error:
        raise EdgelintError(path, f"cannot be written: {error.strerror or error}") from error


def _is_stream(path: Path) -> bool:
    """Whether `path` is no file that could be replaced: a pipe, a device, or what this process has open."""
    if str(path).startswith(_OPEN):
        return True
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


_OPEN = ("/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/")
"""What the paths of files begin with that are open already."""


def _stream(path: Path) -> TextIO:
    # What is open may hold something already, as after `>> log`.
    return path.open("a", encoding="utf-8", errors="backslashreplace")


class _Draft:
    """A file that is being written. move: from where to where once it is whole; None for a stream."""

    def __init__(self, path: Path, file: TextIO, move: tuple[Path, Path] | None = None) -> None:
        self.path, self.file, self.move = path, file, move

    def end(self) -> None:
        """Writes what is still held."""
        with told_about(self.path):
            self.file.close()

    def take_place(self) -> None:
        """Replaces what was there before."""
        if self.move is not None:
            with told_about(self.path):
                os.replace(*self.move)


@contextmanager
def _draft(path: Path) -> Iterator[_Draft]:
    """What is to become `path`; where it does not, nothing of it is left."""
    with told_about(path):
        if _is_stream(path):
            with _stream(path) as file:
                yield _Draft(path, file)
            return
        place = _followed(path)
        # With a name that it has before it exists: nothing that interrupts this can leave it behind.
        temporary = place.with_name(f".edgelint-{os.urandom(8).hex()}")
        mode = _mode(place)
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                if mode is not None:
                    os.chmod(temporary, mode)
                yield _Draft(path, file, (temporary, place))
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise


def _mode(path: Path) -> int | None:
    """The permissions of the file that is to be replaced; None where there is none.

    Raises PermissionError for a file that is not to be written, which could be replaced all the same.
    """
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None
    if not os.access(path, os.W_OK):
        raise _denied()
    return mode


def _denied() -> PermissionError:
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
