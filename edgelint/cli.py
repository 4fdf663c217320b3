"""The command line: the program, its errors and its exit code. Its commands are in edgelint.commands."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, TextIO, cast

import click

from edgelint.aside import keep_stdout
from edgelint.bounds import enforce
from edgelint.commands.completion import SHELLS, VARIABLE, script
from edgelint.commands.running import (
    EXIT_CLEAN,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    LONGEST_SENTENCE,
    say,
    told_in_one_line,
)
from edgelint.encoding import make_encodable
from edgelint.errors import failure
from edgelint.parameters import Word
from edgelint.partial_onnx import install as import_in_parts
from edgelint.stopping import Stopped, hear, hear_no_more

COMMANDS = ("check", "inspect", "graph", "diff", "baseline", "record", "audit", "rule", "targets", "config")
"""Each is a module of edgelint.commands, and the command in it."""


def run() -> None:
    """The `edgelint` program: runs a command and exits with its code, never with a traceback."""
    codes: list[int] = []
    # The first that is registered is the last that is called: what came before this would not be.
    if not getattr(atexit, "_ncallbacks", _unknown)():
        atexit.register(_end, codes)
    # edgelint multiplies no matrices: NumPy need not start the threads that would do it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import_in_parts()
    debug = "--debug" in sys.argv
    _prepare_streams()
    keep_stdout()
    # What is asked to end puts away its temporary files and processes first.
    hear(("SIGTERM", "SIGHUP"))
    try:
        with told_in_one_line():
            enforce()
        code = _complete() if VARIABLE in os.environ else _command()
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        if sys.stderr.isatty():
            # The terminal has shown ^C: what comes next begins on a line of its own.
            say("")
        _discard(sys.stdout)
        code = EXIT_INTERRUPTED
    except Stopped as stop:
        _discard(sys.stdout)
        code = stop.exit_code
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        code = EXIT_FAILED
    except BrokenPipeError:
        # The reader has left.
        code = EXIT_CLEAN
    except Exception as error:
        if debug:
            from traceback import print_exc

            print_exc()
        else:
            say(f"edgelint: {_told(error)}")
        code = EXIT_FAILED
    _leave(code or EXIT_CLEAN, codes)


def _prepare_streams() -> None:
    """Makes both streams take all that is written to them."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It was closed before the start: nobody reads it.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it lives as long as the process
        make_encodable(getattr(sys, name))


def _told(error: Exception) -> str:
    """An exception that no command expects, in one line."""
    from edgelint.printable import printable

    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"the output cannot be written: {error.strerror}"
    if isinstance(error, FileNotFoundError) and error.args == (errno.ENOENT, os.strerror(errno.ENOENT)):
        return "the current folder is gone"
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return printable(about + error.strerror, LONGEST_SENTENCE)
    said = printable(failure(error), LONGEST_SENTENCE)
    return f"internal error: {said} (please report it; --debug shows where)"


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What a disk says that takes no more, and a stream that was opened for reading."""


def _leave(code: int, codes: list[int]) -> NoReturn:
    """Ends the program. What a stream takes no more has nowhere to go: Python would exit with 120 for it."""
    hear_no_more()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard(stream)
    # All that is left goes with the process: at exit Python would look for cycles in it once more.
    gc.freeze()
    codes.append(code)
    sys.exit(code)


def _end(codes: list[int]) -> None:
    """Ends the process. Python would now put away module by module what the system takes with it anyway."""
    if codes:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(codes[0])


def _unknown() -> int:
    """Stands for what an interpreter does not tell: how many callbacks there are."""
    return 1


def _discard(stream: TextIO) -> None:
    """Sends nowhere what `stream` still holds: its reader may not take it, now or ever."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
