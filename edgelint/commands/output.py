"""Where a command writes, and how it looks there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edgelint.commands.running import told_in_one_line
from edgelint.deferred import replace

if TYPE_CHECKING:
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

    suppressed, quiet, verbose: how much text says, as in `Style`.
    """
    from edgelint.reporters import reporter

    writer = reporter(format)
    write = writer.write_nodes if nodes else writer.write
    with written(output, color) as (out, style):
        write(reports, out, replace(style, suppressed=suppressed, quiet=quiet, verbose=verbose))


@contextmanager
def written(output: str | None, color: str) -> Iterator[tuple[TextIO, Style]]:
    """Where to write and how it may look: the file `output`, written whole or not, or standard output."""
    from edgelint.reporters.encoding import encodable
    from edgelint.reporters.file import written_whole

    if output is None:
        yield encodable(sys.stdout), style_of(sys.stdout, color)
        return
    with told_in_one_line(), written_whole(Path(output)) as out:
        yield out, style_of(out, color)


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
