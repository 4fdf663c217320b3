"""Standard output is for reports: what the code of rule packs prints goes to standard error instead.

The `edgelint` program keeps it so for itself and the processes that it starts; the library leaves standard
output to whoever uses it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO, cast

from edgelint.printable import printable

_is_kept = False


def keep_stdout() -> None:
    """Makes every `aside` of this process count from now on."""
    global _is_kept
    _is_kept = True


@contextmanager
def aside() -> Iterator[None]:
    """A block that may run code of others: what it prints goes to standard error, where stdout is kept."""
    if not _is_kept:
        yield
        return
    with redirect_stdout(cast("TextIO", _Harmless(sys.stderr))):
        yield


class _Harmless:
    """A stream as others may have it: what steers a display is written as escapes, and no failure is told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes `text`, whose lines stay lines."""
        with suppress(OSError):
            self._stream.write("\n".join(printable(line, len(line)) for line in text.split("\n")))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes each of `lines`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Writes what is still held."""
        with suppress(OSError):
            self._stream.flush()
