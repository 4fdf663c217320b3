"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edgelint import __version__
from edgelint.parameters import COUNT, DIM, OPTION, SIZE, TARGET

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.report import Report
    from edgelint.reporters import Style

EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130

TASKS = (
    "auto",
    "classification",
    "binary",
    "multilabel",
    "regression",
    "detection",
    "segmentation",
    "autoencoder",
)
FAIL_ON = ("error", "warning", "note", "never")
QUANTIZE = ("float32", "dynamic", "int8", "int8-float-io", "int16x8")

Command = TypeVar("Command", bound=Callable[..., Any])


def run() -> None:
    """The `edgelint` program: runs a command and exits with its code, never with a traceback."""
    debug = "--debug" in sys.argv
    try:
        code = main.main(standalone_mode=False, prog_name="edgelint")
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = EXIT_FAILED
    except BrokenPipeError:
        # The reader has left; what Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_CLEAN
    except Exception as error:
        if debug:
            raise
        _fail(f"internal error: {type(error).__name__}: {error}", "please report it; --debug shows where")
        code = EXIT_FAILED
    sys.exit(code or EXIT_CLEAN)


def _shared_options(command: Command) -> Command:
    """What `check` and `inspect` have in common."""
    options = (
        click.argument("paths", nargs=-1, required=True, metavar="PATH..."),
        click.option(
            "--target", "targets", multiple=True, type=TARGET, help="Where it shall run; repeatable."
        ),
        click.option("--ram", type=SIZE, help="RAM the model may use, such as 192K."),
        click.option("--flash", type=SIZE, help="Flash the model may use, such as 1M."),
        click.option(
            "--reserve", type=SIZE, default=0, help="RAM to leave for the application, such as 16K."
        ),
        click.option(
            "--quantize", type=click.Choice(QUANTIZE), help="Judge what a float model would be after that."
        ),
        click.option("--dim", "dims", multiple=True, type=DIM, help="Size of a symbolic dim; repeatable."),
        click.option(
            "--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True
        ),
        click.option(
            "--output", type=click.Path(dir_okay=False), help="File to write instead of standard output."
        ),
        click.option(
            "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use."
        ),
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
        ),
        click.option("--debug", is_flag=True, help="Show the traceback of an internal error."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EDGELINT"})
@click.version_option(__version__, prog_name="edgelint")
def main() -> None:
    """Tells whether a neural network will really run on your device, before you flash it.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 edgelint could not do its job for some input.
    """


@main.command()
@_shared_options
@click.option(
    "--task", type=click.Choice(TASKS), default="auto", show_default=True, help="What the model is for."
)
@click.option(
    "--select", multiple=True, metavar="CODES", help="Only these rules: codes, prefixes (EL4) or names."
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules.")
@click.option(
    "--option",
    "rule_options",
    multiple=True,
    type=OPTION,
    help="Threshold of a rule; repeatable. See `edgelint rule`.",
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
    rule_options: tuple[tuple[str, str, object], ...],
    fail_on: str,
    format: str,
    output: str | None,
    jobs: int,
    color: str,
    **options: Any,
) -> int:
    """Judge models: files, folders or globs."""
    from edgelint.rule import select as codes_of
    from edgelint.thresholds import gather

    with _told_in_one_line():
        settings = _settings(
            options,
            task=task,
            select=codes_of(_words(select)) if select else None,
            ignore=codes_of(_words(ignore)),
            options=gather(rule_options),
        )
    reports = _reports(paths, settings, jobs)
    _print(reports, format, output, color, nodes=False)
    return _exit_code(reports, fail_on)


@main.command()
@_shared_options
@click.option("--resolver", is_flag=True, help="C++ to paste: a MicroMutableOpResolver and the arena.")
def inspect(
    paths: tuple[str, ...],
    resolver: bool,
    format: str,
    output: str | None,
    jobs: int,
    color: str,
    **options: Any,
) -> int:
    """Show every operator with its cost, and the totals. No rules."""
    with _told_in_one_line():
        settings = _settings(options, rules=False)
    reports = _reports(paths, settings, jobs)
    _print(reports, "resolver" if resolver else format, output, color, nodes=True)
    return EXIT_FAILED if any(report.failed for report in reports) else EXIT_CLEAN


@main.command()
@click.argument("code", required=False)
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rule(code: str | None, format: str) -> None:
    """List the rules, or explain the one with this code or name."""
    from edgelint.reporters.catalogue import write_rule, write_rules
    from edgelint.reporters.encoding import encodable
    from edgelint.rule import find, registry

    with _told_in_one_line():
        if code is None:
            write_rules(list(registry().values()), encodable(sys.stdout), _style(sys.stdout, "auto"), format)
        else:
            write_rule(find(code), encodable(sys.stdout), format)


@main.command()
@click.argument("target", required=False, type=TARGET, metavar="[NAME]")
@click.option(
    "--operator", metavar="OP", help="Who takes this operator: Conv, CONV_2D or Conv2D, within which limits."
)
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def targets(target: Any, operator: str | None, format: str) -> None:
    """List the targets, or describe one with the operators it runs."""
    from edgelint.reporters.catalogue import write_target, write_targets
    from edgelint.reporters.encoding import encodable
    from edgelint.reporters.operators import write_operator
    from edgelint.targets import find, names

    with _told_in_one_line():
        if operator is not None:
            write_operator(operator, encodable(sys.stdout), _style(sys.stdout, "auto"), format)
        elif target is None:
            write_targets(
                [find(name) for name in names()], encodable(sys.stdout), _style(sys.stdout, "auto"), format
            )
        else:
            write_target(target, encodable(sys.stdout), _style(sys.stdout, "auto"), format)


def _settings(shared: dict[str, Any], **rest: Any) -> Settings:
    from edgelint.checker import Settings

    return Settings(
        targets=shared["targets"],
        dims=dict(shared["dims"]),
        ram=shared["ram"],
        flash=shared["flash"],
        macs=shared.get("macs"),
        reserve=shared["reserve"],
        quantize=shared["quantize"],
        **rest,
    )


def _words(values: Sequence[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


class _told_in_one_line:
    """Turns an EdgelintError about the call itself into one line on stderr and exit code 2."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from edgelint.errors import EdgelintError

        if isinstance(error, EdgelintError):
            raise click.UsageError(f"{error}; {error.hint}" if error.hint else str(error)) from error


def _reports(paths: Sequence[str], settings: Settings, jobs: int) -> list[Report]:
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


def _print(reports: Sequence[Report], format: str, output: str | None, color: str, *, nodes: bool) -> None:
    from edgelint.reporters import reporter
    from edgelint.reporters.encoding import encodable

    writer = reporter(format)
    write = writer.write_nodes if nodes else writer.write
    if output is None:
        write(reports, encodable(sys.stdout), _style(sys.stdout, color))
        return
    from edgelint.reporters.file import written_whole

    with _told_in_one_line(), written_whole(Path(output)) as out:
        write(reports, out, _style(out, color))


def _style(stream: Any, color: str) -> Style:
    """Colours and width for `stream`; flag > NO_COLOR > FORCE_COLOR > whether it is a terminal."""
    from shutil import get_terminal_size

    from edgelint.reporters import Style

    terminal = stream.isatty()
    if color != "auto":
        wanted = color == "always"
    elif os.environ.get("NO_COLOR"):
        wanted = False
    elif os.environ.get("FORCE_COLOR"):
        wanted = True
    else:
        wanted = terminal and os.environ.get("TERM") != "dumb"
    return Style(wanted, get_terminal_size().columns if terminal else None)


def _exit_code(reports: Sequence[Report], fail_on: str) -> int:
    from edgelint.rule import Severity

    if any(report.failed for report in reports):
        return EXIT_FAILED
    if fail_on == "never":
        return EXIT_CLEAN
    worst = Severity(fail_on).rank
    failing = any(finding.severity.rank <= worst for report in reports for finding in report.findings)
    return EXIT_FINDINGS if failing else EXIT_CLEAN


def _fail(problem: str, hint: str) -> None:
    click.echo(f"edgelint: {problem} ({hint})", err=True)
