"""From paths and settings to reports and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.report import Report

EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130


class told_in_one_line:
    """Turns an EdgelintError about the call itself into one line on stderr and exit code 2."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from edgelint.errors import EdgelintError

        if isinstance(error, EdgelintError):
            raise click.UsageError(f"{error}; {error.hint}" if error.hint else str(error)) from error


def settings_of(shared: dict[str, Any], **rest: Any) -> Settings:
    """The settings that the options of a command line amount to."""
    from edgelint.checker import Settings

    return Settings(
        targets=shared["target"],
        dims=dict(shared["dim"]),
        ram=shared["ram"],
        flash=shared["flash"],
        macs=shared.get("macs"),
        reserve=shared["reserve"],
        quantize=shared["quantize"],
        **rest,
    )


def words(values: Sequence[str]) -> list[str]:
    """The words of repeated options that take lists with commas."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def reports_on(paths: Sequence[str], settings: Settings, jobs: int) -> list[Report]:
    """The reports on all files that `paths` mean, in order."""
    from edgelint.errors import EdgelintError
    from edgelint.paths import model_files
    from edgelint.report import Report

    files = list(model_files(paths))
    jobs_of = [path for path in files if isinstance(path, Path)]
    checked = iter(_check_all(jobs_of, settings, jobs))
    reports: list[Report] = []
    for entry in files:
        if isinstance(entry, EdgelintError):
            reports.append(Report(path=str(entry.path), error=entry))
        else:
            reports.extend(next(checked))
    return reports


def exit_code(reports: Sequence[Report], fail_on: str) -> int:
    """0, 1 or 2 for these reports; `fail_on` is a severity or "never"."""
    from edgelint.rule import Severity

    if any(report.failed for report in reports):
        return EXIT_FAILED
    if fail_on == "never":
        return EXIT_CLEAN
    worst = Severity(fail_on).rank
    failing = any(finding.severity.rank <= worst for report in reports for finding in report.findings)
    return EXIT_FINDINGS if failing else EXIT_CLEAN


def _check_all(files: list[Path], settings: Settings, jobs: int) -> list[list[Report]]:
    from edgelint.batch import check_files

    if len(files) < 2 or not sys.stderr.isatty() or os.environ.get("CI"):
        return list(check_files(files, settings, jobs))
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    steps = check_files(files, settings, jobs)
    return list(
        track(steps, "checking", total=len(files), console=console, transient=True, update_period=0.5)
    )
