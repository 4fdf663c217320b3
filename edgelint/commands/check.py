"""`edgelint check`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import CHECK_FORMATS, FAIL_ON, TASKS, format_option, shared_options
from edgelint.commands.output import write_reports
from edgelint.commands.pictures import write_page
from edgelint.commands.running import EXIT_FAILED, exit_code, reports_on, told_in_one_line
from edgelint.parameters import COUNT, OPTION, REPORT
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.baseline import Entry
    from edgelint.report import Report


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
@click.option(
    "--weights/--no-weights",
    default=None,
    help="Read all weights, or none; those of small models are read if neither is said.",
)
@click.option(
    "--baseline", type=click.Path(dir_okay=False), help="Findings to accept, from `edgelint baseline`."
)
@click.option(
    "--strict-baseline", is_flag=True, help="Exit with 2 when the baseline accepts more than is found."
)
@click.option("--allow-inline", is_flag=True, help="Let models silence findings about themselves.")
@click.option("--show-suppressed", is_flag=True, help="List what was suppressed, and by whom.")
def check(
    paths: tuple[str, ...],
    format: str,
    report: tuple[tuple[str, str], ...],
    output: str | None,
    jobs: int,
    color: str,
    strict_baseline: bool,
    show_suppressed: bool,
    **options: Any,
) -> int:
    """Judge models: files, folders or globs."""
    from edgelint.baseline import Baseline
    from edgelint.suppress import Suppressions

    with told_in_one_line():
        plan = plan_of_call()
        baseline = plan.value("baseline", paths)
        allow_inline = plan.value("allow-inline", paths)
        accepted = Baseline.read(Path(baseline)) if baseline else Baseline()
    found = reports_on(paths, plan, jobs)
    ignores = plan.ignores(report.path for report in found)
    reports = Suppressions(ignores, accepted, allow_inline).apply(found)
    for kind, file in ((format, output), *report):
        if kind == "html":
            write_page(reports, plan, file, color)
        else:
            write_reports(reports, kind, file, color, suppressed=show_suppressed)
    unused = accepted.unused(reports)
    if unused:
        _warn_of(unused, baseline or "")

    def fail_on_of(one: Report) -> str:
        return str(plan.resolved(Path(one.path)).value("fail-on"))

    return EXIT_FAILED if unused and strict_baseline else exit_code(reports, fail_on_of)


def _warn_of(unused: Mapping[Entry, int], baseline: str) -> None:
    """What the baseline accepts and nobody found, on standard error."""
    first = next(iter(unused))
    place = f"{printable(first.path)}:{printable(first.node)}" if first.node else printable(first.path)
    click.echo(
        f"edgelint: {baseline} accepts findings that are gone ({sum(unused.values())}), such as "
        f"{first.rule} of {place}; `edgelint baseline --prune` takes them out",
        err=True,
    )
