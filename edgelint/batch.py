"""Many files, on one process or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edgelint.checker import Settings, check_file
from edgelint.errors import EdgelintError
from edgelint.report import Report


def check_files(files: Sequence[Path], settings: Settings, jobs: int = 1) -> Iterator[list[Report]]:
    """The reports on each of `files`, in order; a file that makes edgelint itself fail is an error report."""
    if jobs == 1 or len(files) < 2:
        for path in files:
            yield _guarded(path, settings)
        return
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial

    with ProcessPoolExecutor(min(jobs, len(files))) as pool:
        yield from pool.map(partial(_guarded, settings=settings), files, chunksize=4)


def _guarded(path: Path, settings: Settings) -> list[Report]:
    try:
        return check_file(path, settings)
    except Exception as error:
        problem = f"made edgelint fail: {type(error).__name__}: {error}"
        hint = "this is a bug in edgelint: please report it with the model"
        return [Report(path=str(path), error=EdgelintError(path, problem, hint=hint, code="EL900"))]
