"""`edgelint record`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import TASKS, shared_options
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, reports_on, say_failed, told_in_one_line
from edgelint.deferred import replace
from edgelint.parameters import Word

DEFAULT = ".edgelint-record.json"
"""The file that is written unless `--output` or the configuration names another."""


@click.command()
@shared_options
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the model is for.")
@click.option("--update", is_flag=True, help="Leave what the file has about other models.")
def record(
    paths: tuple[str, ...],
    task: str,
    update: bool,
    output: str | None,
    jobs: int,
    no_progress: bool,
    color: str,
    **options: Any,
) -> int:
    """Write down what models cost: `check --record FILE --growth 2%` then tells when they grow."""
    from edgelint.record import Record

    with told_in_one_line():
        # Figures alone: what a record of before says does not matter here.
        plan = plan_of_call(rules=False)
        file = Path(output or plan.value("record", paths) or DEFAULT)
        old = Record.read(file) if update and file.exists() else Record(file)
    reports = reports_on(
        paths,
        lambda path: replace(plan(path), rules=True, select=frozenset()),
        jobs,
        progress=not no_progress,
    )
    new = Record.of(reports, file)
    with told_in_one_line():
        (old.updated(new) if update else new).write()
    models = len({model for model, _ in new.entries})
    entries = f"{len(new.entries)} {'entry' if len(new.entries) == 1 else 'entries'}"
    click.echo(f"{entries} about {models} {'model' if models == 1 else 'models'} recorded in {file}")
    return EXIT_FAILED if say_failed(reports, "nothing of it is recorded") else EXIT_CLEAN
