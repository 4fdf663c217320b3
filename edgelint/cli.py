"""The command line: the program, its errors and its exit code. Its commands are in edgelint.commands."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

import click

from edgelint.commands.completion import SHELLS, VARIABLE, script
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, EXIT_INTERRUPTED
from edgelint.parameters import Word

COMMANDS = ("check", "inspect", "graph", "diff", "baseline", "record", "rule", "targets", "config")
"""Each is a module of edgelint.commands, and the command in it."""

NEW_OBJECTS = 20_000
"""After so many Python looks for cycles of unused objects. Its own 700 take a tenth of the time to start
up; edgelint makes hardly any cycles."""


def run() -> None:
    """The `edgelint` program: runs a command and exits with its code, never with a traceback."""
    gc.set_threshold(NEW_OBJECTS)
    # edgelint multiplies no matrices: NumPy need not start the threads that would do it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:
            # It was closed before the start: nobody reads it.
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 - it lives as long as the process
    try:
        code = _complete() if VARIABLE in os.environ else _command()
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        if sys.stderr.isatty():
            # The terminal has shown ^C: what comes next begins on a line of its own.
            click.echo(err=True)
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = EXIT_FAILED
    except BrokenPipeError:
        # The reader has left.
        _forget_output()
        code = EXIT_CLEAN
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _forget_output()
            click.echo(f"edgelint: the output cannot be written: {error.strerror}", err=True)
            sys.exit(EXIT_FAILED)
        if debug:
            raise
        _fail(f"internal error: {type(error).__name__}: {error}", "please report it; --debug shows where")
        code = EXIT_FAILED
    # All that is left goes with the process: at exit Python would look for cycles in it once more.
    gc.freeze()
    sys.exit(code or EXIT_CLEAN)


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk says that takes no more."""


def _forget_output() -> None:
    """Leaves what Python would flush to standard output at exit, which has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command() -> int | None:
    # Not by main(), which exits with 1 for a closed pipe: that would mean findings.
    with main.make_context("edgelint", sys.argv[1:]) as context:
        code: int | None = main.invoke(context)
        return code


def _complete() -> int:
    from click.shell_completion import shell_complete

    return shell_complete(main, {}, "edgelint", VARIABLE, os.environ[VARIABLE])


def _print_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from edgelint.commands.version import lines

        click.echo("\n".join(lines(bool(context.params.get("verbose")))))
        context.exit()


def _print_completion(context: click.Context, option: click.Parameter, shell: str | None) -> None:
    if shell:
        click.echo(script(shell, main))
        context.exit()


class Commands(Mapping[str, click.Command]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in COMMANDS:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f"edgelint.commands.{name}"), name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@click.group(
    commands=cast("dict[str, click.Command]", Commands()),
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EDGELINT"},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    allow_from_autoenv=False,
    callback=_print_version,
    help="Show the version.",
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    is_eager=True,
    allow_from_autoenv=False,
    help="With --version: Python and libraries as well.",
)
@click.option(
    "--completion",
    type=Word(SHELLS),
    expose_value=False,
    allow_from_autoenv=False,
    callback=_print_completion,
    help="Print what makes this shell complete names of targets, rules and options.",
)
def main(verbose: bool) -> None:
    """Tells whether a neural network will really run on your device, before you flash it.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 edgelint could not do its job for some input.
    """
    if verbose:
        raise click.UsageError("-v goes with --version here, or after the command: edgelint check -v …")


def _fail(problem: str, hint: str) -> None:
    click.echo(f"edgelint: {problem} ({hint})", err=True)
