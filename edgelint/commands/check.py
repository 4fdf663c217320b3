"""`edgelint check`."""

from __future__ import annotations

from typing import Any

import click

from edgelint.commands.judging import Call, code_of, judge, tell
from edgelint.commands.options import CHECK_FORMATS, FAIL_ON, TASKS, format_option, shared_options
from edgelint.commands.standard_input import spooled
from edgelint.parameters import COUNT, OPTION, PERCENT, REPORT, RULES, SIZE, Word

STATISTICS_FORMATS = ("text", "json")


@click.command()
@shared_options
@format_option(CHECK_FORMATS)
@click.option(
    "--report",
    multiple=True,
    type=REPORT,
    help="Another report in a file, such as sarif=out.sarif; repeatable.",
)
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the model is for.")
@click.option(
    "--select",
    multiple=True,
    type=RULES,
    metavar="CODES",
    help="Only these rules: codes, prefixes (EL4) or names.",
)
@click.option("--ignore", multiple=True, type=RULES, metavar="CODES", help="Not these rules.")
@click.option(
    "--option", multiple=True, type=OPTION, help="Threshold of a rule; repeatable. See `edgelint rule`."
)
@click.option("--fail-on", type=Word(FAIL_ON), default="error", show_default=True)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found, if all could be read.")
@click.option(
    "--macs", type=COUNT, help="Multiply-accumulates an inference may take on a target, such as 10M."
)
@click.option("--parameters", type=COUNT, help="Parameters a model may have, such as 50k.")
@click.option("--arena", type=SIZE, help="Size of the tensor arena, where it is less than the RAM.")
@click.option("--growth", type=PERCENT, help="Growth beyond the --record that is allowed, such as 2%.")
@click.option(
    "--record", type=click.Path(dir_okay=False), help="What models cost before, from `edgelint record`."
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
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of listing them.")
@click.option("-q", "--quiet", is_flag=True, help="Warnings and errors only, without figures and totals.")
@click.option("-v", "--verbose", is_flag=True, help="Every finding with its evidence, and every operator.")
@click.option("--watch", is_flag=True, help="Check again whenever a model changes, until Ctrl-C.")
@click.option(
    "--allow-empty",
    is_flag=True,
    is_eager=True,
    help="Folders and globs may hold no model.",
)
@click.option("--stdin-filename", metavar="NAME", help="What reports call the model from the path -.")
def check(
    paths: tuple[str, ...],
    format: str,
    report: tuple[tuple[str, str], ...],
    output: str | None,
    jobs: int,
    color: str,
    no_progress: bool,
    strict_baseline: bool,
    show_suppressed: bool,
    exit_zero: bool,
    statistics: bool,
    quiet: bool,
    verbose: bool,
    watch: bool,
    allow_empty: bool,
    stdin_filename: str | None,
    **options: Any,
) -> int:
    """Judge models: files, folders or globs; - is standard input."""
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if statistics and format not in STATISTICS_FORMATS:
        raise click.UsageError(f"--statistics has no --format {format}; it has text and json")
    call = Call(
        outputs=((format, output), *report),
        color=color,
        jobs=jobs,
        progress=not (no_progress or quiet),
        allow_empty=allow_empty,
        strict_baseline=strict_baseline,
        exit_zero=exit_zero,
        suppressed=show_suppressed,
        quiet=quiet,
        verbose=verbose,
        statistics=statistics,
    )
    if watch:
        from edgelint.commands.rechecking import watch_models

        return watch_models(call, paths)
    with spooled(paths, stdin_filename) as stdin:
        judged = judge(call, paths, stdin)
        tell(call, judged)
        return code_of(call, judged)
