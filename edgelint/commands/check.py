"""`edgelint check`."""

from __future__ import annotations

from typing import Any

import click

from edgelint.commands.options import CHECK_FORMATS, FAIL_ON, TASKS, format_option, shared_options
from edgelint.commands.output import write_reports
from edgelint.commands.running import exit_code, reports_on, settings_of, told_in_one_line, words
from edgelint.parameters import COUNT, OPTION, REPORT


@click.command()
@shared_options
@format_option(CHECK_FORMATS)
@click.option(
    "--report",
    multiple=True,
    type=REPORT,
    help="Another report in a file, such as sarif=out.sarif; repeatable.",
)
@click.option(
    "--task", type=click.Choice(TASKS), default="auto", show_default=True, help="What the model is for."
)
@click.option(
    "--select", multiple=True, metavar="CODES", help="Only these rules: codes, prefixes (EL4) or names."
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules.")
@click.option(
    "--option", multiple=True, type=OPTION, help="Threshold of a rule; repeatable. See `edgelint rule`."
)
@click.option("--fail-on", type=click.Choice(FAIL_ON), default="error", show_default=True)
@click.option(
    "--macs", type=COUNT, help="Multiply-accumulates an inference may take on a target, such as 10M."
)
def check(
    paths: tuple[str, ...],
    task: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    option: tuple[tuple[str, str, object], ...],
    fail_on: str,
    format: str,
    report: tuple[tuple[str, str], ...],
    output: str | None,
    jobs: int,
    color: str,
    **options: Any,
) -> int:
    """Judge models: files, folders or globs."""
    from edgelint.rule import select as codes_of
    from edgelint.thresholds import gather

    with told_in_one_line():
        settings = settings_of(
            options,
            task=task,
            select=codes_of(words(select)) if select else None,
            ignore=codes_of(words(ignore)),
            options=gather(option),
        )
    reports = reports_on(paths, settings, jobs)
    write_reports(reports, format, output, color, nodes=False)
    for kind, file in report:
        write_reports(reports, kind, file, color, nodes=False)
    return exit_code(reports, fail_on)
