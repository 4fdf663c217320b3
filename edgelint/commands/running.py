"""From paths and settings to reports and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgelint.aside import aside
from edgelint.commands.standard_input import DASH, Input

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.errors import EdgelintError
    from edgelint.report import Report

EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130

LONGEST_SENTENCE = 2000
"""Characters of an error after which it is cut."""


def say(line: str) -> None:
    """Writes a line beside the report, on standard error, if that takes it."""
    with suppress(OSError):
        click.echo(line, err=True)


class told_in_one_line:
    """Turns an EdgelintError about the call itself into one line on stderr and exit code 2.

    of_model: whether it may be about a model, whose errors have codes.
    """

    def __init__(self, *, of_model: bool = False) -> None:
        self.of_model = of_model

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from edgelint.errors import EdgelintError
        from edgelint.printable import printable

        if isinstance(error, EdgelintError):
            # How to call edgelint is no help with what a file says.
            about_call = error.path == Path()
            coded = self.of_model and not about_call
            said = f"{error.path}: {error.code}: {error.sentence}" if coded else str(error)
            sentence = printable(f"{said}; {error.hint}" if error.hint else said, LONGEST_SENTENCE)
            raise (click.UsageError if about_call else click.ClickException)(sentence) from error


def reports_on(
    paths: Sequence[str],
    settings: Callable[[Path], Settings],
    jobs: int,
    *,
    stdin: Input | None = None,
    allow_empty: bool = False,
    progress: bool = True,
) -> list[Report]:
    """The reports on all files that `paths` mean, in order; `settings` says how to check each.

    stdin: what the path `-` means, whose report comes first. allow_empty: whether folders and globs may
    mean no file. A configuration that means nothing ends the command with one line.
    """
    from edgelint.bounds import keep
    from edgelint.deferred import replace
    from edgelint.errors import EdgelintError
    from edgelint.report import Report

    entries = list(_entries(paths, stdin, allow_empty))
    with told_in_one_line():
        work = [(each.path, settings(Path(each.name))) for each in entries if isinstance(each, Input)]
        # Around the allowances of models: what ends in the middle of a rule cannot leave stdout astray.
        with aside():
            checked = iter(_check_all(work, jobs, progress))
    reports: list[Report] = []
    for entry in entries:
        if isinstance(entry, EdgelintError):
            reports.append(Report(path=str(entry.path), error=entry))
        else:
            reports.extend(replace(report, path=entry.name) for report in next(checked))
    if len(entries) > 1:
        keep()
    return reports


def say_failed(reports: Sequence[Report], result: str) -> bool:
    """Says of each report that failed why it did, and the `result`. Whether there was any."""
    from edgelint.printable import printable

    lines = [f"{printable(each.path, 1000)}: {_reason(each)}; {result}" for each in reports if each.failed]
    for line in dict.fromkeys(lines):
        say(f"edgelint: {line}")
    return bool(lines)


def _reason(report: Report) -> str:
    """Code and sentence of what made it fail."""
    from edgelint.printable import printable
    from edgelint.rule import registry

    if report.error is not None:
        return f"{report.error.code}: {printable(report.error.sentence, 400)}"
    finding = next(each for each in report.findings if registry()[each.code].unreadable)
    return f"{finding.code}: {printable(finding.message, 600)}"


def _entries(paths: Sequence[str], stdin: Input | None, allow_empty: bool) -> Iterator[Input | EdgelintError]:
    from edgelint.paths import model_files

    if stdin is not None:
        yield stdin.error or stdin
    for entry in model_files(path for path in paths if stdin is None or path != DASH):
        if isinstance(entry, Path):
            yield Input(str(entry), entry)
        elif not allow_empty:
            yield entry


def exit_code(reports: Sequence[Report], fail_on: Callable[[Report], str]) -> int:
    """0, 1 or 2 for these reports; `fail_on` gives a severity or "never" for each."""
    if any(report.failed for report in reports):
        return EXIT_FAILED
    failing = any(_fails(report, fail_on(report)) for report in reports)
    return EXIT_FINDINGS if failing else EXIT_CLEAN


def _fails(report: Report, fail_on: str) -> bool:
    from edgelint.rule import Severity

    if fail_on == "never":
        return False
    limit = Severity(fail_on).rank
    return any(finding.severity.rank <= limit for finding in report.findings)


def _check_one(path: Path, settings: Settings) -> list[list[Report]]:
    """The only model there is: what is loaded for it serves no other."""
    from edgelint.analysis.weights.ahead import counting_ahead
    from edgelint.batch import check_files
    from edgelint.checker import reads_weights

    pays = settings.weights is not False and reads_weights(settings)
    with counting_ahead(path) if pays else nullcontext():
        return list(check_files([(path, settings)]))


def _check_all(work: list[tuple[Path, Settings]], jobs: int, progress: bool) -> list[list[Report]]:
    from edgelint.batch import check_files

    if len(work) == 1:
        return _check_one(*work[0])
    steps = check_files(work, max(1, min(jobs, len(work))))
    if not progress or not sys.stderr.isatty() or os.environ.get("CI"):
        return list(steps)
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return list(track(steps, "checking", total=len(work), console=console, transient=True, update_period=0.5))
