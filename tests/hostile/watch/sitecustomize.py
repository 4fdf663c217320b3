"""Tells the test what a process of edgelint does to the world: it is read by Python before all else.

Whatever programs it starts, connections it opens and files it writes become lines in the pipe whose
number is in HOSTILE_WATCH; a forked child writes to the same one.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_STARTING = ("subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "socket.")
_CHANGING = frozenset(
    f"os.{word}" for word in ("remove", "rename", "mkdir", "rmdir", "link", "symlink", "truncate", "chmod")
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
"""Flags of which a file that is only read is opened with none."""

_pipe = int(os.environ.get("HOSTILE_WATCH", "-1"))


def is_deed(event: str) -> bool:
    """Whether an audit event, of any kind but "open", does something to the world, or talks to it."""
    return event.startswith(_STARTING) or event in _CHANGING


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if flags & WRITING and path != os.devnull:
            _tell(f"{event} {path!r}")
    elif is_deed(event):
        _tell(f"{event} {arguments!r}")


def _tell(what: str) -> None:
    os.write(_pipe, what.encode("utf-8", "backslashreplace")[:1000] + b"\n")


if _pipe >= 0:
    sys.addaudithook(_watch)
