"""What edgelint allows itself for one model: seconds of processor time, and bytes of memory.

Counts and sizes are bounded where they are read; this is for what nobody thought of. A tick at every
tenth of a second at work looks at both, and ends what has taken too much with an error that says so. The
`edgelint` program sets it up for its process and for those it starts; the library leaves the signal and
the decision to whoever uses it. It needs signals, thus the main thread, and for memory Linux.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from edgelint.errors import EdgelintError, Ending
from edgelint.quantity import show_bytes

SECONDS = 8.0
"""Of processor time for one model on one target, those of processes forked for it included. With start
and output a file of up to `ORDINARY` bytes is done within 10 seconds."""

OUTPUT, ALL = 0.15, 1.15
"""Shares of those seconds: what the report on a model may take at least, and both together at most."""

BYTES = 640 << 20
"""Memory of this process while it has one model; with a forked one it stays below 1 GiB."""

ROOM = 256 << 20
"""Bytes more than those that this process may ask the system for, held or not, and gets no more. Between two
ticks a single step in C may take whatever a file names, and no tick can end it."""

OWN = 64 << 20
"""Bytes that this process holds before it has any model, all libraries imported."""

ORDINARY = 64 << 20
"""Bytes of a file up to which these hold; both grow in proportion for larger ones."""

SECONDS_VARIABLE, MIB_VARIABLE = "EDGELINT_MAX_SECONDS", "EDGELINT_MAX_MIB"
"""Environment variables with other figures; processes that edgelint starts find them there, too."""

EXCESS = "EL912"
"""Code of the error for what takes more."""

_HINT = f"if the model is what you meant, allow it more: {SECONDS_VARIABLE}=60 {MIB_VARIABLE}=4096"

_TICK = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def enforce() -> None:
    """Makes every `Allowance` of this process, and of those it starts, count from now on.

    Raises EdgelintError where a figure that the user has set is none.
    """
    for variable, said in figures().items():
        os.environ[variable] = said
        if not _is_figure(said):
            hint = "a number above 0, or inf for no limit"
            raise EdgelintError(Path(), f"the environment variable {variable} is {said!r}", hint=hint)


def figures() -> dict[str, str]:
    """What a model may take where that is enforced: each variable, and what it says or would say."""
    usual = {SECONDS_VARIABLE: f"{SECONDS:g}", MIB_VARIABLE: f"{BYTES >> 20}"}
    return {variable: os.environ.get(variable) or said for variable, said in usual.items()}


def excess(path: Path | str, problem: str, *, where: str = "", hint: str = "") -> EdgelintError:
    """The error for a file that is beyond what edgelint takes on."""
    return EdgelintError(path, problem, where=where, hint=hint, code=EXCESS)


class Allowance:
    """What the model in `path` may take; counts in its with blocks, all of them together.

    share: of `SECONDS`. since_start: whether what this process has done so far was for this model and
    counts, too, as far as that leaves `OUTPUT`. Leaving a block raises EdgelintError where it was ended for
    taking too much.
    """

    def __init__(self, path: Path | str, *, share: float = 1.0, since_start: bool = False) -> None:
        """None of it used as yet, but for what `since_start` says."""
        self.path = path
        from edgelint.ir.files import size

        scale = max(1.0, size(Path(path)) / ORDINARY)
        whole = _setting(SECONDS_VARIABLE) * scale
        self.seconds = whole * share
        self.bytes = _setting(MIB_VARIABLE) * 2**20 * scale
        most = whole * (share - OUTPUT)
        self._spent = min(_processor_seconds(), most) if since_start and whole < math.inf else 0.0
        self._begun = 0.0
        self._outer: Allowance | None = None
        self._cap: AbstractContextManager[None] = nullcontext()

    @property
    def seconds_left(self) -> float:
        """Processor seconds until it is used up."""
        running = _processor_seconds() - self._begun if self._begun else 0.0
        return self.seconds - self._spent - running

    def __enter__(self) -> Allowance:
        """Itself, counting."""
        global _current
        self._outer, _current = _current, self
        self._begun = _processor_seconds()
        if self._outer is None and min(self.seconds, self.bytes) < math.inf:
            _set_ticking(True)
            if self.bytes < math.inf:
                self._cap = capped(int(self.bytes) + ROOM)
                self._cap.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops counting."""
        global _current
        if self._outer is None:
            _set_ticking(False)
            self._cap.__exit__(None, None, None)
            self._cap = nullcontext()
        _current, self._outer = self._outer, None
        self._spent += _processor_seconds() - self._begun
        self._begun = 0.0
        if isinstance(error, MemoryError) and self.bytes < math.inf:
            error = _UsedUp(self._too_much)
        if isinstance(error, _UsedUp):
            # A cause of the machine's: on another one the same file may be judged.
            raise excess(self.path, str(error), hint=_HINT) from TimeoutError(str(error))

    def tick(self) -> None:
        """Raises where it, or one around it, is used up."""
        if self._outer is not None:
            self._outer.tick()
        if self.seconds_left < 0:
            raise _UsedUp(
                f"takes more than the {self.seconds:.3g} seconds of processor time that it is given"
            )
        if taken() > self.bytes:
            raise _UsedUp(self._too_much)

    @property
    def _too_much(self) -> str:
        return f"takes more than the {show_bytes(int(self.bytes))} of memory that it is given"


class unhurried:
    """Has the time of its with blocks count for nobody, where the user has `asked` for what is done there.

    seconds: how much of it, of all its blocks together; what goes beyond counts. Memory counts. One in the
    block of another changes nothing.
    """

    def __init__(self, asked: bool, seconds: float = math.inf) -> None:
        self._asked = asked
        self._left = seconds
        self._outermost = False

    def __enter__(self) -> None:
        global _stopped, _grace
        self._outermost = self._asked and _stopped is None
        if self._outermost:
            _grace = self._left
            _stopped = _processor_seconds()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        global _stopped, _uncounted
        if self._outermost and _stopped is not None:
            before, _stopped = _stopped, None
            free = min(_processor_seconds() - before, self._left)
            self._left -= free
            _uncounted += free


def seconds_left() -> float:
    """Processor seconds that the model at hand still has; endless where nobody counts."""
    return math.inf if _current is None else max(_current.seconds_left, 0.0)


def bytes_left() -> int:
    """Bytes that a process forked from this one may take on top of what this one has."""
    left = math.inf if _current is None else _current.bytes - taken()
    return int(min(max(left, 0) + ROOM, sys.maxsize // 2))


def counts() -> bool:
    """Whether a model's allowance is being counted."""
    return _current is not None and min(_current.seconds, _current.bytes) < math.inf


def memory() -> int:
    """Bytes that this process holds besides what it shares with files; 0 where that is not known."""
    _, resident, shared, *_ = _pages()
    return (resident - shared) * _PAGE


def keep() -> None:
    """Has what this process holds now, the reports on models that are done, count for none to come."""
    global _kept
    _kept = max(memory() - OWN, 0)


def taken() -> int:
    """Bytes that this process holds for the model at hand, and for itself."""
    return max(memory() - _kept, 0)


def cap(more: int) -> tuple[int, int]:
    """Lets this process ask for `more` bytes from here on and no further. The limits that it had before."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    # What RLIMIT_DATA counts: bytes that were asked for, held or not. As far as it does: more is no limit.
    limit = min(_pages()[5] * _PAGE + more, sys.maxsize)
    resource.setrlimit(
        resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
    return soft, hard


@contextmanager
def capped(more: int) -> Iterator[None]:
    """A block in which `cap` holds, while a model's allowance counts.

    For native code that takes as much as a file makes it take, and that fails in good order.
    """
    if not counts() or sys.platform != "linux":
        yield
        return
    import resource

    before = cap(more)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _pages() -> list[int]:
    """What Linux says of this process's memory (proc(5), statm); zeros elsewhere."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return [0] * 7


class _UsedUp(Ending):
    """Not to be caught by what makes the best of any Exception."""


_current: Allowance | None = None
_stopped: float | None = None
_grace = math.inf
_uncounted = 0.0
_kept = 0


def _setting(variable: str) -> float:
    """The number in an environment variable; endless without one, and where it is none."""
    try:
        return float(os.environ.get(variable, "inf"))
    except ValueError:
        return math.inf


def _is_figure(said: str) -> bool:
    """Whether it is one that something may be limited to."""
    try:
        return float(said) > 0
    except ValueError:
        return False


def _processor_seconds() -> float:
    """Those that count, of this process and of the forked ones that have ended."""
    times = os.times()
    spent = times.user + times.system + times.children_user + times.children_system - _uncounted
    return spent if _stopped is None else _stopped + max(spent - _stopped - _grace, 0.0)


def _set_ticking(wanted: bool) -> None:
    import signal

    if not hasattr(signal, "setitimer"):
        return
    with suppress(ValueError):  # not in the main thread: nothing counts
        if wanted:
            signal.signal(signal.SIGPROF, _tick)
            _keep_quiet()
        signal.setitimer(signal.ITIMER_PROF, *((_TICK, _TICK) if wanted else (0, 0)))


def _tick(number: int, frame: FrameType | None) -> None:
    if _current is not None and not _between(frame):
        _current.tick()


def _between(frame: FrameType | None) -> bool:
    """Whether a block is just being entered or left: what is raised there would end the program."""
    for _ in range(_DEEPEST_EDGE):
        if frame is None:
            return False
        if frame.f_code in _EDGES:
            return True
        frame = frame.f_back
    return False


_EDGES = {each.__code__ for kind in (Allowance, unhurried) for each in (kind.__enter__, kind.__exit__)}
_DEEPEST_EDGE = 4
"""Calls down from one of these, at most, where Python may hear of a tick."""


def _keep_quiet() -> None:
    """Leaves unsaid that a tick fell into a finalizer, where nothing can be raised: there is a next tick."""
    global _told_before
    if sys.unraisablehook is not _unraisable:
        _told_before, sys.unraisablehook = sys.unraisablehook, _unraisable


_told_before: Callable[[Any], object] = sys.__unraisablehook__
"""What is told of other things: a signal that asks to end is raised once more by who hears it."""


def _unraisable(found: Any) -> None:
    if not isinstance(found.exc_value, _UsedUp):
        _told_before(found)
