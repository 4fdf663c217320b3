"""Options that several commands have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from edgelint.choices import FAIL_ON, QUANTIZE, TASKS
from edgelint.parameters import DIM, SIZE, TARGET, Word

CHECK_FORMATS = ("text", "json", "html", "sarif", "github", "gitlab", "junit", "markdown")
LIST_FORMATS = ("text", "json")

Command = TypeVar("Command", bound=Callable[..., Any])

CONFIGURATION = (
    click.option(
        "--config",
        type=click.Path(dir_okay=False),
        help="Configuration file to use in place of the nearest one of each model.",
    ),
    click.option("--isolated", is_flag=True, help="Use no configuration file."),
)

TARGETS = (
    click.option("--target", multiple=True, type=TARGET, help="Where it shall run; repeatable."),
    click.option("--ram", type=SIZE, help="RAM the model may use, such as 192K."),
    click.option("--flash", type=SIZE, help="Flash the model may use, such as 1M."),
    click.option("--reserve", type=SIZE, default=0, help="RAM to leave for the application, such as 16K."),
    click.option("--quantize", type=Word(QUANTIZE), help="Judge what a float model would be after that."),
    click.option("--dim", multiple=True, type=DIM, help="Size of a symbolic dim; repeatable."),
)
"""For which target models are judged, and how."""


def shared_options(command: Command) -> Command:
    """What the commands that judge any number of models have in common."""
    return _with(
        judging_options(command),
        click.argument("paths", nargs=-1, callback=_some, metavar="PATH..."),
        click.option(
            "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use."
        ),
        click.option("--no-progress", is_flag=True, help="No progress bar, which only a terminal shows."),
    )


def judging_options(command: Command) -> Command:
    """What all commands that judge models have in common: for which target, how, and where to write."""
    return _with(
        command,
        *TARGETS,
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False),
            help="File to write instead of standard output.",
        ),
        click.option("--color", type=Word(["auto", "always", "never"]), default="auto", show_default=True),
        click.option("--debug", is_flag=True, help="Show the traceback of an internal error."),
        *CONFIGURATION,
    )


def target_options(command: Command) -> Command:
    """For which target models are judged, and how; groups of targets can be named, too."""
    target = click.option(
        "--target",
        multiple=True,
        type=TARGET,
        callback=_with_groups,
        help=f"Where they shall run; repeatable. Also {', '.join(GROUPS)}.",
    )
    return _with(command, target, *TARGETS[1:])


def configuration_options(command: Command) -> Command:
    """Which configuration file counts."""
    return _with(command, *CONFIGURATION)


def _some(context: click.Context, argument: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """`paths`, unless there are none."""
    if not paths and not context.params.get("allow_empty"):
        raise click.MissingParameter(ctx=context, param=argument)
    return paths


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def _with_groups(context: click.Context, option: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names` with the targets of a group in its place."""
    words = [word.strip() for name in names for word in name.split(",")]
    if not set(words) & set(GROUPS):
        return names
    from edgelint.targets import find
    from edgelint.targets import names as known

    kinds = {name: find(name).kind for name in known()}
    groups = {word: [name for name, kind in kinds.items() if kind in GROUPS[word]] for word in GROUPS}
    return tuple(dict.fromkeys(name for word in words for name in groups.get(word, [word])))


GROUPS = {
    "all": ("board", "core", "chip", "host"),
    "boards": ("board",),
    "cores": ("core", "chip"),
    "hosts": ("host",),
}
"""Words that mean many of edgelint's own targets: those of these kinds."""


def format_option(formats: Sequence[str]) -> Callable[[Command], Command]:
    """`--format`, one of `formats`, text by default."""
    return click.option("--format", "format", type=Word(formats), default="text", show_default=True)


__all__ = ["CHECK_FORMATS", "FAIL_ON", "LIST_FORMATS", "QUANTIZE", "TASKS"]
