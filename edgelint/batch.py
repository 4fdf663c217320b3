"""Many files, on one process or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edgelint.checker import Settings, check_file
from edgelint.errors import EdgelintError
from edgelint.report import Report


def check_files(work: Sequence[tuple[Path, Settings]], jobs: int = 1) -> Iterator[list[Report]]:
    """The reports on each file, in order; a file that makes edgelint itself fail is an error report."""
    if jobs == 1 or len(work) < 2:
        for path, settings in work:
            yield _guarded(path, settings)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children

    others = set(active_children())
    with ProcessPoolExecutor(min(jobs, len(work)), initializer=_leave_interrupts) as pool:
        # Not by pool.map(), which at an interrupt cancels what the pool then cannot call failed.
        starts = range(0, len(work), _TOGETHER)
        futures = [pool.submit(_guarded_all, work[start : start + _TOGETHER]) for start in starts]
        try:
            for future in futures:
                yield from future.result()
        except BaseException:
            # Nobody waits for the rest: an interrupt ends the workers in the middle of their models.
            for worker in set(active_children()) - others:
                worker.terminate()
            raise


_TOGETHER = 4
"""Files that a process is given at a time."""


def _guarded_all(work: Sequence[tuple[Path, Settings]]) -> list[list[Report]]:
    return [_guarded(path, settings) for path, settings in work]


def _leave_interrupts() -> None:
    """Leaves Ctrl-C, which a terminal sends to all processes, to the one that waits for the others."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _guarded(path: Path, settings: Settings) -> list[Report]:
    try:
        return check_file(path, settings)
    except Exception as error:
        problem = f"made edgelint fail: {type(error).__name__}: {error}"
        hint = "this is a bug in edgelint: please report it with the model"
        return [Report(path=str(path), error=EdgelintError(path, problem, hint=hint, code="EL900"))]
