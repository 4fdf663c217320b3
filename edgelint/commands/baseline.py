"""`edgelint baseline`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import TASKS, shared_options
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, reports_on, say_failed, told_in_one_line
from edgelint.parameters import Word

DEFAULT = ".edgelint-baseline.json"
"""The file that is written unless `--output` names another."""


@click.command()
@shared_options
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the model is for.")
@click.option("--prune", is_flag=True, help="Only take out of the file what is found no more.")
def baseline(
    paths: tuple[str, ...],
    task: str,
    prune: bool,
    output: str | None,
    jobs: int,
    no_progress: bool,
    color: str,
    **options: Any,
) -> int:
    """Accept today's findings: `check --baseline FILE` then reports only new ones."""
    from edgelint.baseline import Baseline

    file = Path(output or DEFAULT)
    with told_in_one_line():
        settings = plan_of_call()
        old = Baseline.read(file) if prune else Baseline()
    reports = reports_on(paths, settings, jobs, progress=not no_progress)
    with told_in_one_line():
        new = old.pruned(reports) if prune else Baseline.of(reports, file.parent)
        new.write(file)
    said = f"{sum(new.counts.values())} findings accepted in {file}"
    gone = sum(old.counts.values()) - sum(new.counts.values()) if prune else 0
    click.echo(said + (f", {gone} taken out" if prune else ""))
    return EXIT_FAILED if say_failed(reports, "nothing of it is accepted") else EXIT_CLEAN
