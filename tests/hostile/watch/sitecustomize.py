"""Tells the test what a process of edgelint does to the world: it is read by Python before all else.

Whatever programs it starts, connections it opens and files it writes become lines in the pipe whose
number is in HOSTILE_WATCH; a forked child writes to the same one.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_FORBIDDEN = ("os.exec", "os.posix_spawn", "os.system", "os.startfile", "subprocess.Popen", "socket.connect")
_CHANGING = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_pipe = int(os.environ.get("HOSTILE_WATCH", "-1"))


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if flags & _WRITING and path != os.devnull:
            _tell(f"{event} {path!r}")
    elif event in _FORBIDDEN or event in _CHANGING:
        _tell(f"{event} {arguments!r}")


def _tell(what: str) -> None:
    os.write(_pipe, what.encode("utf-8", "backslashreplace")[:1000] + b"\n")


if _pipe >= 0:
    sys.addaudithook(_watch)
