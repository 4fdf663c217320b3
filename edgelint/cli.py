"""The command line: the program, its errors and its exit code. Its commands are in edgelint.commands."""

from __future__ import annotations

import os
import sys

import click

from edgelint import __version__
from edgelint.commands.baseline import baseline
from edgelint.commands.check import check
from edgelint.commands.config import config
from edgelint.commands.diff import diff
from edgelint.commands.graph import graph
from edgelint.commands.inspect import inspect
from edgelint.commands.rule import rule
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, EXIT_INTERRUPTED
from edgelint.commands.targets import targets


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EDGELINT"})
@click.version_option(__version__, prog_name="edgelint")
def main() -> None:
    """Tells whether a neural network will really run on your device, before you flash it.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 edgelint could not do its job for some input.
    """


for command in (check, inspect, graph, diff, baseline, rule, targets, config):
    main.add_command(command)


def _fail(problem: str, hint: str) -> None:
    click.echo(f"edgelint: {problem} ({hint})", err=True)
