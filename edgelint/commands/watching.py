"""`check --watch`: what has changed on the disk since the last look."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from edgelint.deferred import dataclass

INTERVAL = 0.5
"""Seconds between two looks."""

Stamp = tuple[int, int]
"""When a file was written, in nanoseconds, and its bytes."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different: files that are new or were written again, and those that are gone."""

    written: tuple[Path, ...]
    gone: tuple[Path, ...]


def stamps(files: Iterable[Path]) -> dict[Path, Stamp]:
    """The files that are there, and when they were written."""
    found = {}
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = status.st_mtime_ns, status.st_size
    return found


def changes(
    files: Callable[[], Iterable[Path]],
    before: Mapping[Path, Stamp],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Change]:
    """Each change of `files()` since `before`, once two looks in a row see the same: it is written."""
    while True:
        sleep(INTERVAL)
        now = stamps(files())
        if now == before:
            continue
        while (later := _after(sleep, files)) != now:
            now = later
        if now != before:
            yield Change(
                tuple(path for path, stamp in now.items() if before.get(path) != stamp),
                tuple(path for path in before if path not in now),
            )
        before = now


def _after(sleep: Callable[[float], None], files: Callable[[], Iterable[Path]]) -> dict[Path, Stamp]:
    sleep(INTERVAL)
    return stamps(files())
