"""`edgelint audit`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import FAIL_ON, TASKS, configuration_options, target_options
from edgelint.commands.output import written
from edgelint.commands.running import EXIT_CLEAN, EXIT_FINDINGS, say, told_in_one_line
from edgelint.deferred import replace
from edgelint.errors import EdgelintError
from edgelint.parameters import OPTION, RULES, Word
from edgelint.printable import printable
from edgelint.quantity import show_bytes, show_number

if TYPE_CHECKING:
    from edgelint.audit.cache import Cache
    from edgelint.audit.run import Audit
    from edgelint.audit.sources import Item
    from edgelint.audit.work import Plan
    from edgelint.checker import Settings
    from edgelint.targets import Target

ENGINES = ("local", "dask", "ray")
FORMATS = ("text", "markdown", "html")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@target_options
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the models are for.")
@click.option("--select", multiple=True, type=RULES, metavar="CODES", help="Only these rules.")
@click.option("--ignore", multiple=True, type=RULES, metavar="CODES", help="Not these rules.")
@click.option("--option", multiple=True, type=OPTION, help="Threshold of a rule; repeatable.")
@click.option(
    "--weights/--no-weights",
    default=None,
    help="Read all weights, or none; those of small models are read if neither is said.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Table to write, a row per model and target: .parquet, .jsonl or .csv.",
)
@click.option(
    "--findings",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Table of findings; by default beside --output, as report.findings.parquet.",
)
@click.option(
    "--format", "format", type=Word(FORMATS), default="text", show_default=True, help="Of the summary."
)
@click.option(
    "--summary", type=click.Path(dir_okay=False), help="File for the summary instead of standard output."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
@click.option(
    "--engine",
    type=Word(ENGINES),
    default="local",
    show_default=True,
    help="Who does the work: processes here, or a cluster.",
)
@click.option("--address", default="", help="Of the cluster; without it one is started on this machine.")
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results, in place of the one of the system.",
)
@click.option("--no-cache", is_flag=True, help="Keep no results, and use none.")
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Take what an audit before has found, or judge all models again.",
)
@click.option("--fail-on", type=Word(FAIL_ON), help="Exit with 1 for findings from this severity on.")
@click.option("-q", "--quiet", is_flag=True, help="The tables only: no summary, no progress.")
@click.option("--no-progress", is_flag=True, help="No progress bar, which only a terminal shows.")
@click.option("--color", type=Word(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@configuration_options
def audit(
    sources: tuple[str, ...],
    output: Path,
    findings: Path | None,
    format: str,
    summary: str | None,
    jobs: int,
    engine: str,
    address: str,
    cache_folder: Path | None,
    no_cache: bool,
    resume: bool,
    fail_on: str | None,
    quiet: bool,
    no_progress: bool,
    color: str,
    **options: Any,
) -> int:
    """Judge whole zoos: files, folders, globs and URLs, for many targets, into a table.

    A model that cannot be read is a row with its error. Results are kept: an audit that was interrupted, or
    that has new models or targets, does only what is left.
    """
    from edgelint.audit.cache import Cache, default_folder
    from edgelint.audit.engines import EngineOptions
    from edgelint.audit.run import Audit
    from edgelint.audit.shown import WRITERS
    from edgelint.audit.sources import items
    from edgelint.audit.spool import Spool
    from edgelint.audit.tables import beside, verify_places

    if address and engine == "local":
        raise click.UsageError("--address goes with --engine dask or ray")
    details = findings or beside(output)
    with told_in_one_line():
        cache = None if no_cache else Cache(cache_folder or default_folder())
        verify_places(output, details, Path(summary) if summary and not quiet else None)
        models = list(items(sources))
        plan_of = _plans(cache, resume)
        shown = not (quiet or no_progress)
        with Spool(len(models)) as spool, _progress(len(models), shown) as step:
            work = Audit(models, plan_of, cache if resume else None, step)
            work.judge(spool, engine, EngineOptions(jobs, address))
            found = work.write(spool, output, details)
    if not quiet:
        with written(summary, color, readable=format == "text") as (out, style):
            WRITERS[format](found, out, style)
        _tell(work, cache)
    return EXIT_FINDINGS if fail_on and found.worst_is(fail_on) else EXIT_CLEAN


def _plans(cache: Cache | None, resume: bool) -> Callable[[Item], Plan]:
    """How to judge an item: by the configuration that its path has, each worked out once."""
    from edgelint.audit.cache import edition, keys_of
    from edgelint.audit.work import Plan

    settings_of = plan_of_call()
    edgelint = edition()
    made: dict[int, tuple[Settings, Plan]] = {}

    def plan_of(item: Item) -> Plan:
        settings = settings_of(Path(item.name))
        if id(settings) not in made:
            plain = _without_growth(_each_target_once(settings))
            made[id(settings)] = (
                settings,
                Plan(plain, keys_of(plain, edgelint), cache.folder if cache else None, resume),
            )
        return made[id(settings)][1]

    return plan_of


def _each_target_once(settings: Settings) -> Settings:
    """Settings whose targets have names of their own, which is what tells rows and results apart.

    Raises EdgelintError for two that share one.
    """
    targets: dict[str, Target] = {}
    for target in settings.targets:
        if targets.setdefault(target.name, target) != target:
            hint = "rename one of them: rows are told apart by it"
            raise EdgelintError(Path(), f"there are two targets {target.name!r}", hint=hint)
    return replace(settings, targets=tuple(targets.values()))


def _without_growth(settings: Settings) -> Settings:
    """Settings that are the same whatever a model is called: no limit to its growth since a record."""
    by_target = {
        target: {name: value for name, value in limits.items() if name != "growth"}
        for target, limits in settings.by_target.items()
    }
    return replace(settings, growth={}, record=None, by_target=by_target)


@contextmanager
def _progress(models: int, wanted: bool) -> Iterator[Callable[[], None]]:
    """Shows how far the audit is, on a terminal; to be called for each model."""
    if not wanted or not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("auditing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("", total=models, rate="")

        def step() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate=f"{speed:.0f}/s" if speed else "")

        yield step


def _tell(work: Audit, cache: Cache | None) -> None:
    """How much of an audit was new, on standard error."""
    done = f"{show_number(work.judged, 'model')} judged, {work.cached} known from before"
    if cache is not None and work.not_kept is None:
        size = show_bytes(cache.size())
        done += f"; {size} of results in {printable(str(cache.folder))}"
    say(f"edgelint: {done}")
    for remark in sorted(work.remarks):
        say(f"edgelint: {printable(remark)}")
    if work.not_kept is not None:
        say(f"edgelint: {printable(str(work.not_kept))}; {work.not_kept.hint}")
