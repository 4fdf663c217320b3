"""Work in a process of its own, which is forked from this one and may die of it."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from edgelint import bounds

PATIENCE = 60.0
"""Seconds that a process which may work for less than that is waited for, on a busy machine."""

_CHUNK = 1 << 20
_SHORTEST = 0.001


class ChildTimeout(Exception):
    """The process has taken longer than it may, or has more to say than is taken."""


def send(descriptor: int, data: bytes) -> None:
    """Writes all of `data` to a pipe. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


class Child:
    """A forked process at work. Whoever makes one ends it: by `reply`, or by `end`."""

    def __init__(self, work: Callable[[], bytes], seconds: float, more_bytes: int) -> None:
        """Begins `work`; what it prints goes nowhere. Raises OSError where there can be no process.

        seconds: the processor time that it may take. more_bytes: memory beyond what this process has.
        """
        self._reading, writing = os.pipe()
        try:
            self._process = _forked()
        except OSError:
            os.close(self._reading)
            os.close(writing)
            raise
        if not self._process:
            os.close(self._reading)
            _live(work, writing, seconds, more_bytes)
        os.close(writing)

    def reply(self, most: int) -> bytes:
        """What `work` returned, as far as it came; up to `most` bytes. Raises ChildTimeout."""
        try:
            found = self._read_all(time.monotonic() + PATIENCE, most)
        except BaseException:
            self.end()
            raise
        status = self._put_away()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            raise ChildTimeout
        return found

    def end(self) -> None:
        """Ends it where it is, if it is."""
        if self._process:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._put_away()

    def _put_away(self) -> int:
        """Waits for its end. How it ended."""
        os.close(self._reading)
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        return status

    def _read_all(self, deadline: float, most: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._reading], [], [], left)[0]:
                raise ChildTimeout
            part = os.read(self._reading, _CHUNK)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > most:
                raise ChildTimeout


def _forked() -> int:
    with warnings.catch_warnings():
        # The child only does its work and writes: it takes no lock that another thread may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _live(work: Callable[[], bytes], writing: int, seconds: float, more_bytes: int) -> NoReturn:
    """The child's life: it never returns, and runs none of the parent's clean-up."""
    try:
        import resource

        faulthandler.disable()
        # Not by a handler: native code would not let it run.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, max(min(seconds, 1e6), _SHORTEST))
        bounds.cap(more_bytes)
        # It writes no core file when it dies of that.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        send(writing, work())
    finally:
        os._exit(0)
