"""Tables that fit a terminal, and are never cut in a file or pipe."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TextIO

from edgelint.reporters import Style

_UNLIMITED = 100_000
"""Columns rich may use where nothing is cut."""

_NARROWEST = 40
"""Columns below which a terminal cannot show any of our tables."""


def write_table(
    out: TextIO, style: Style, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]
) -> None:
    """Aligned columns, (title, "left" | "right") each.

    On a terminal text columns are cut with "…" until the table fits; numbers never are.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold" if style.color else "")
    for place, (title, side) in enumerate(columns):
        widest = max([len(title), *(len(row[place]) for row in rows)])
        table.add_column(
            Text(title),
            justify="right" if side == "right" else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=widest if side == "right" else len(title),
        )
    for row in rows:
        table.add_row(*map(Text, row))
    drawn = io.StringIO()
    console = Console(
        file=drawn,
        width=max(style.width, _NARROWEST) if style.width else _UNLIMITED,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(table)
    out.writelines(line.rstrip() + "\n" for line in drawn.getvalue().splitlines())
