"""Processes that each do one piece of work after the other, and any of which may die of it.

`concurrent.futures` gives up a whole pool when one of its processes dies, as one does that the system ends
for want of memory, and it takes on all work at once. Here a death costs at most the piece that was at
hand, and no more than a window of work and results is held.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from edgelint.aside import keep_stdout
from edgelint.cycles import collect
from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError, failure
from edgelint.stopping import Stopped, hear

Shared = TypeVar("Shared")
Own = TypeVar("Own")
Result = TypeVar("Result")

WINDOW = 32
"""Pieces per process that are begun, or done and waiting, behind the oldest one that is not done."""

TIME_LIMIT = 600.0
"""Seconds at one piece after which a process is ended. 4 GiB of weights from a slow disk take a fifth."""

_TICK = 1.0
"""Seconds between two looks at processes that say nothing."""

_GRACE = 1.0
"""Seconds that a process has to end by itself."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What ends this process, whose others are then ended by it."""


def in_order(
    function: Callable[[Shared, Own], Result],
    work: Iterable[tuple[Shared, Own]],
    jobs: int,
    lost: Callable[[Own, str], Result],
    time_limit: float = TIME_LIMIT,
) -> Iterator[Result]:
    """`function(shared, own)` for each piece of `work` from `jobs` processes, in order, each exactly once.

    work: drawn from as results are taken, at most `WINDOW` pieces per process ahead of them. shared: what
    many pieces have in common; sent to a process where it is not that of the piece before. function:
    importable by name; arguments and results go through pickle.

    A piece whose process dies is tried once more, while nothing else runs. `lost(own, reason)` makes the
    result of one that has no other: its process died again or was at it for more than `time_limit` seconds,
    or `function` raised. The reason is a phrase that follows the piece's name. All processes end with the
    iterator: used up, closed or interrupted. Raises EdgelintError where no process can be started.
    """
    pool = _Pool(function, jobs, time_limit)
    upcoming = (_Piece(number, *each) for number, each in enumerate(work))
    suspects: list[_Piece] = []
    results: dict[int, Any] = {}
    begun = told = 0
    try:
        while True:
            while (idle := pool.idle()) is not None:
                if suspects or pool.tries_alone:
                    piece = suspects.pop(0) if suspects and not pool.busy else None
                else:
                    piece = next(upcoming, None) if begun - told < WINDOW * jobs else None
                    begun += piece is not None
                if piece is None:
                    break
                idle.take(piece)
            if not pool.busy and told not in results:
                return
            # The processes are at work while whoever takes results is.
            while told in results:
                yield results.pop(told)
                told += 1
            for outcome in pool.outcomes():
                if outcome.died and not outcome.piece.alone:
                    suspects.append(replace(outcome.piece, alone=True))
                elif outcome.reason is None:
                    results[outcome.piece.number] = outcome.result
                else:
                    results[outcome.piece.number] = lost(outcome.piece.own, outcome.reason)
    finally:
        pool.end()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of work and its place in the order. alone: whether a process has died of it."""

    number: int
    shared: Any
    own: Any
    alone: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a piece. reason: why there is no result. died: whether its process did."""

    piece: _Piece
    result: Any = None
    reason: str | None = None
    died: bool = False


class _Pool:
    """Up to `jobs` processes, or as many as the system lets it have."""

    def __init__(self, function: Callable[..., Any], jobs: int, time_limit: float) -> None:
        self.function = function
        self.jobs = jobs
        self.time_limit = time_limit
        self.workers: list[_Worker] = []

    @property
    def busy(self) -> list[_Worker]:
        """Those that have a piece at hand."""
        return [worker for worker in self.workers if worker.piece is not None]

    @property
    def tries_alone(self) -> bool:
        """Whether it is at a piece that another process died of."""
        return any(worker.piece is not None and worker.piece.alone for worker in self.workers)

    def idle(self) -> _Worker | None:
        """A process without a piece, started if need be; None where all that there can be have one.

        Raises EdgelintError where not a single one can be started.
        """
        idle = next((worker for worker in self.workers if worker.piece is None), None)
        if idle is None and len(self.workers) < self.jobs:
            try:
                idle = _Worker(self.function)
            except OSError as error:
                if not self.workers:
                    problem = f"cannot start a process: {error.strerror}"
                    raise EdgelintError("edgelint", problem, hint="try --jobs 1") from error
                self.jobs = len(self.workers)
            else:
                self.workers.append(idle)
        return idle

    def outcomes(self) -> list[_Outcome]:
        """What has become of pieces by now; waits for it, though not for longer than a tick."""
        busy = self.busy
        if not busy:
            return []
        begin = time.monotonic()
        wait([each for worker in busy for each in (worker.connection, worker.process.sentinel)], _TICK)
        # While this process is stopped, the others may be so too: that is no time at work.
        waited = min(time.monotonic() - begin, 2 * _TICK)
        found = [worker.outcome(waited, self.time_limit) for worker in busy]
        self.workers = [worker for worker in self.workers if not worker.ended]
        return [outcome for outcome in found if outcome is not None]

    def end(self) -> None:
        """Ends all processes, in the middle of their work if need be."""
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.end()


class _Worker:
    """A process, what it has at hand, and for how many seconds that is waited for."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.piece: _Piece | None = None
        self.waited = 0.0
        self.shared: Any = None
        self.ended = False
        self.connection, other_end = Pipe()
        self.process = Process(
            target=_serve, args=(function, other_end, self.connection), name="edgelint worker", daemon=True
        )
        with signals_held(), other_end:
            self.process.start()

    def take(self, piece: _Piece) -> None:
        """Hands `piece` to the process."""
        new = piece.shared is not self.shared or self.shared is None
        self.piece, self.waited, self.shared = piece, 0.0, piece.shared
        # One that died meanwhile is found out by its silence.
        with suppress(OSError):
            self.connection.send((piece.own, piece.shared) if new else (piece.own,))

    def outcome(self, waited: float, time_limit: float) -> _Outcome | None:
        """What became of its piece, where that is known; `waited`: seconds since the last time."""
        assert self.piece is not None
        piece = self.piece
        self.waited += waited
        try:
            if self.connection.poll():
                result, reason = self.connection.recv()
                self.piece = None
                return _Outcome(piece, result, reason)
            if self.process.is_alive():
                if self.waited <= time_limit:
                    return None
                self.end()
                return _Outcome(piece, reason=f"takes longer than {time_limit:g} seconds")
        except (EOFError, OSError):
            pass
        except Exception as error:
            self.piece = None
            return _Outcome(piece, reason=f"gives what cannot be passed on: {failure(error)}")
        # What it dies of is known once it is dead.
        self.process.join(_GRACE)
        self.end()
        return _Outcome(piece, reason=f"ends the process that reads it ({self._death()})", died=True)

    def end(self) -> None:
        """Ends the process."""
        self.ended = True
        self.process.terminate()
        self.connection.close()
        self.process.join(_GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _death(self) -> str:
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@contextmanager
def signals_held(signals: Sequence[int] = _SIGNALS) -> Iterator[None]:
    """Keeps signals waiting while a process is started, which begins with the handlers of this one.

    Threads and programs that are started meanwhile leave them alone for good.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(function: Callable[..., Any], connection: Connection, other_end: Connection) -> None:
    """A process's life: it takes pieces until the one that started it ends it, or is gone."""
    with suppress(Stopped):
        # Ctrl-C goes from a terminal to all processes; the one that waits for the others ends them.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        hear(["SIGTERM"])
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        # As long as any process has it open, that one's end would not be noticed here.
        other_end.close()
        # What came along is for the process that it comes from to put away: a store's session, closed
        # here, would wait for a loop that runs there only.
        gc.freeze()
        keep_stdout()
        _take_pieces(function, connection)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # It has nothing to put away, and what others would do at exit is for the process that it comes from.
    os._exit(0)


def _take_pieces(function: Callable[..., Any], connection: Connection) -> None:
    shared: Any = None
    # No more pieces come, or nobody is there for a result.
    with suppress(EOFError, OSError):
        while True:
            own, *new = connection.recv()
            shared = new[0] if new else shared
            collect()
            _reply(connection, function, shared, own)


def _reply(connection: Connection, function: Callable[..., Any], shared: Any, own: Any) -> None:
    """Sends the result of `function`, or why there is none."""
    result, reason = None, None
    try:
        result = function(shared, own)
    except Stopped:
        raise
    except BaseException as error:
        # Ctrl-C is not heard here: whatever this is, it comes of the piece.
        reason = f"makes edgelint fail: {failure(error)}"
    try:
        connection.send((result, reason))
    except OSError:
        raise
    except Exception as error:
        connection.send((None, f"gives what cannot be passed on: {failure(error)}"))
