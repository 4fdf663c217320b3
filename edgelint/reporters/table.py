"""Tables that fit a terminal, and are never cut in a file or pipe."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TextIO

from edgelint.reporters import Style

MOST_FOR_RICH = 1000
"""Rows up to which rich draws a table: it takes a quarter of a millisecond for each."""

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
    if len(rows) > MOST_FOR_RICH:
        out.writelines(_plain(style, columns, rows))
        return
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


def _plain(style: Style, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same lines, a character a column: wide ones of East Asian names stand out by one."""
    widths = _widths(style, columns, rows)
    left = [side == "left" for _, side in columns]
    titles = _line([title for title, _ in columns], widths, left)
    yield (f"\x1b[1m{titles}\x1b[0m" if style.color else titles) + "\n"
    for row in rows:
        yield _line(row, widths, left) + "\n"


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    cut = (
        cell if len(cell) <= width else cell[: width - 1] + "…"
        for cell, width in zip(cells, widths, strict=True)
    )
    placed = (
        cell.ljust(width) if is_left else cell.rjust(width)
        for cell, width, is_left in zip(cut, widths, left, strict=True)
    )
    return (" " * _GAP).join(placed).rstrip()


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
