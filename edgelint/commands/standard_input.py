"""The path `-`: a model from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError

DASH = "-"

LARGEST = 2 << 30
"""Bytes after which no more is read: the most that a flatbuffer or a protobuf message can have."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read. name: what reports call it. error: why it is not there."""

    name: str
    path: Path
    error: EdgelintError | None = None


@contextmanager
def spooled(paths: Sequence[str], name: str | None) -> Iterator[Input | None]:
    """Standard input as a file for the time of the block, where `paths` ask for it.

    name: what `--stdin-filename` says. Raises a usage error for a name without `-`, and for a terminal.
    """
    if DASH not in paths:
        if name:
            raise click.UsageError("--stdin-filename names what comes by the path -, which is not given")
        yield None
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("nothing comes by standard input, as in: edgelint check - < model.tflite")
    import tempfile

    shown = name or "<stdin>"
    with tempfile.TemporaryDirectory(prefix="edgelint-") as folder:
        path = Path(folder, f"model{Path(name).suffix if name else ''}")
        try:
            copy(sys.stdin.buffer, path)
        except EdgelintError as error:
            yield Input(shown, path, EdgelintError(shown, error.problem, hint=error.hint))
        else:
            yield Input(shown, path)


def copy(stream: BinaryIO, path: Path, largest: int = LARGEST) -> None:
    """Writes all of `stream` to `path`. Raises EdgelintError past `largest` bytes, and when it cannot."""
    left = largest
    try:
        with path.open("wb") as file:
            while chunk := stream.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise EdgelintError(
                        path, f"has more than {largest:,} bytes", hint="check it as a file instead"
                    )
                file.write(chunk)
    except OSError as error:
        raise EdgelintError(path, f"cannot be read: {error.strerror or error}") from error
