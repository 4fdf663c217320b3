"""Tables that fit a terminal, and are never cut in a file or pipe."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TextIO

from edgelint.reporters import Style

_UNLIMITED = 100_000
"""Columns rich may use where nothing is cut."""

_GAP = 2
"""Spaces that rich leaves between two columns."""

_NARROWEST = 6
"""Characters below which a column of text is not cut further, however narrow the terminal."""


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
    for (title, side), width in zip(columns, _widths(style, columns, rows), strict=True):
        table.add_column(
            Text(title),
            justify="right" if side == "right" else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    drawn = io.StringIO()
    console = Console(
        file=drawn,
        width=_UNLIMITED,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(table)
    out.writelines(line.rstrip() + "\n" for line in drawn.getvalue().splitlines())


def _widths(style: Style, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> list[int]:
    """Each column's width: as its widest cell, the widest texts narrowed until a line fits the terminal."""
    widths = [
        max([len(title), *(len(row[place]) for row in rows)]) for place, (title, _) in enumerate(columns)
    ]
    texts = [place for place, (_, side) in enumerate(columns) if side == "left"]
    excess = sum(widths) + _GAP * (len(widths) - 1) - style.width if style.width else 0
    while excess > 0:
        widest = max(texts, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths
