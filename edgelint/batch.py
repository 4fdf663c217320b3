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
    paths, settings_of = zip(*work, strict=True)
    with ProcessPoolExecutor(min(jobs, len(work)), initializer=_leave_interrupts) as pool:
        try:
            yield from pool.map(_guarded, paths, settings_of, chunksize=4)
        except BaseException:
            # Nobody waits for the rest: an interrupt ends the workers in the middle of their models.
            for worker in set(active_children()) - others:
                worker.terminate()
            raise


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
