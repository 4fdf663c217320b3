"""Many files, on one process or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edgelint.bounds import keep
from edgelint.checker import Settings, check_file
from edgelint.cycles import collect
from edgelint.errors import BUG, EdgelintError, refusal
from edgelint.report import Report


def check_files(work: Iterable[tuple[Path, Settings]], jobs: int = 1) -> Iterator[list[Report]]:
    """The reports on each file, in order, as they come; a file that makes edgelint fail is an error report.

    So is one that takes its process with it, unless `jobs` is 1: it is read in this process then. The
    files are drawn from `work` as reports are taken.
    """
    if jobs == 1:
        for place, (path, settings) in enumerate(work):
            if place:
                collect()
                keep()
            yield check_guarded(settings, path)
        return
    from edgelint.workers import in_order

    yield from in_order(check_guarded, ((settings, path) for path, settings in work), jobs, _lost)


def check_guarded(settings: Settings, path: Path) -> list[Report]:
    """The reports on one file; whatever goes wrong, it is an error report."""
    try:
        return check_file(path, settings)
    except Exception as error:
        return [_failed(refusal(path, error))]


def _lost(path: Path, reason: str) -> list[Report]:
    hint = "it takes too much memory or time, or meets a bug in edgelint: please report it with the model"
    return [_failed(EdgelintError(path, reason, hint=hint, code=BUG))]


def _failed(error: EdgelintError) -> Report:
    return Report(path=str(error.path), error=error)
