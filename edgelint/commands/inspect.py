"""`edgelint inspect`."""

from __future__ import annotations

from typing import Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import LIST_FORMATS, format_option, shared_options
from edgelint.commands.output import write_reports
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, reports_on, told_in_one_line
from edgelint.commands.standard_input import spooled


@click.command()
@shared_options
@format_option(LIST_FORMATS)
@click.option("--resolver", is_flag=True, help="C++ to paste: a MicroMutableOpResolver and the arena.")
@click.option("--stdin-filename", metavar="NAME", help="What reports call the model from the path -.")
def inspect(
    paths: tuple[str, ...],
    resolver: bool,
    format: str,
    output: str | None,
    jobs: int,
    no_progress: bool,
    color: str,
    stdin_filename: str | None,
    **options: Any,
) -> int:
    """Show every operator with its cost, and the totals. No rules; - is standard input."""
    with told_in_one_line():
        settings = plan_of_call(rules=False)
    with spooled(paths, stdin_filename) as stdin:
        reports = reports_on(paths, settings, jobs, stdin=stdin, progress=not no_progress)
    write_reports(reports, "resolver" if resolver else format, output, color, nodes=True)
    return EXIT_FAILED if any(report.failed for report in reports) else EXIT_CLEAN
