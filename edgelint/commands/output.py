"""Where a command writes, and how it looks there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edgelint.commands.running import told_in_one_line
from edgelint.deferred import replace

if TYPE_CHECKING:
    from edgelint.errors import EdgelintError
    from edgelint.report import Report
    from edgelint.reporters import Style


def write_reports(
    reports: Sequence[Report],
    format: str,
    output: str | None,
    color: str,
    *,
    nodes: bool = False,
    suppressed: bool = False,
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Writes `reports` to the file `output`, or to standard output; `nodes` for `inspect`.

    suppressed, quiet, verbose: how much text says, as in `Style`. A report that takes too much to write is
    one on that, and ends the command with 2 when all are written.
    """
    from edgelint.bounds import ALL, Allowance
    from edgelint.reporters import Style, reporter

    writer = reporter(format)
    write = writer.write_nodes if nodes else writer.write
    how = Style(suppressed=suppressed, quiet=quiet, verbose=verbose)
    alone = len(reports) == 1
    told = reports if alone else [_bounded(report, write, how) for report in reports]
    allowance = Allowance(reports[0].path, share=ALL, since_start=True) if alone else nullcontext()
    with (
        told_in_one_line(of_model=True),
        allowance,
        written(output, color, readable=format == "text") as (out, style),
    ):
        write(told, out, replace(how, color=style.color, width=style.width))
    raise_first(new.error for old, new in zip(reports, told, strict=True) if new is not old)


def raise_first(errors: Iterable[EdgelintError | None]) -> None:
    """Ends the command with the first of `errors` about models, if there is one."""
    with told_in_one_line(of_model=True):
        for error in filter(None, errors):
            raise error


ORDINARY = 10_000
"""Findings and operators of a report up to which it is written in no time."""


def _bounded(report: Report, write: Callable[..., None], style: Style) -> Report:
    """`report`, or one on its taking too much, as an attempt to write it shows.

    What is half written could not be taken back.
    """
    if len(report.findings) + len(report.nodes) + len(report.operators) <= ORDINARY:
        return report
    from edgelint.bounds import ALL, Allowance
    from edgelint.errors import EdgelintError
    from edgelint.report import Report

    try:
        with Allowance(report.path, share=ALL):
            write([report], _Nowhere(), style)
    except EdgelintError as error:
        return Report(path=report.path, error=error)
    return report


class _Nowhere(io.StringIO):
    """Forgets what is written to it."""

    def write(self, text: str, /) -> int:
        return len(text)


@contextmanager
def written(output: str | None, color: str, *, readable: bool = False) -> Iterator[tuple[TextIO, Style]]:
    """Where to write and how it may look: the file `output`, written whole or not, or standard output.

    readable: whether it is for people, whose terminal shows what its encoding has; files are UTF-8, and so
    is what another program reads.
    """
    from edgelint.reporters.file import written_whole

    if output is None:
        if not readable and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        yield sys.stdout, style_of(sys.stdout, color)
        return
    with told_in_one_line(), written_whole(Path(output)) as out:
        yield out, style_of(out, color)


def verify_outputs(given: Mapping[str, Any]) -> None:
    """Raises EdgelintError where a command with these parameters could not write what it is to write.

    It is better told before thousands of models are judged than after.
    """
    named = [given.get("output"), *(file for _, file in given.get("report", ()))]
    outputs = [str(each) for each in named if each]
    if not outputs:
        return
    from edgelint.errors import EdgelintError
    from edgelint.reporters.file import verify_place

    read = [
        each for each in (*given.get("paths", ()), *map(given.get, _READ)) if each and os.path.isfile(each)
    ]
    for output in outputs:
        if os.path.isfile(output) and any(os.path.samefile(each, output) for each in read):
            raise EdgelintError(
                output, "is read here, and is no place for a report", hint="name another file"
            )
        verify_place(Path(output))


_READ = ("model", "old", "new", "config")
"""Parameters that name a file that is read, besides `paths`."""


def style_of(stream: Any, color: str) -> Style:
    """Colours and width for `stream`; flag > NO_COLOR > FORCE_COLOR > whether it is a terminal."""
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
    return Style(wanted, _columns() if terminal else None)


def _columns() -> int:
    from shutil import get_terminal_size

    return get_terminal_size().columns
