"""A summary for people: on a terminal, as Markdown, or as one HTML page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from edgelint.audit.sections import RIGHT, headline, sections
from edgelint.audit.summary import Summary
from edgelint.printable import printable
from edgelint.reporters import Style
from edgelint.reporters.markdown import escaped
from edgelint.reporters.table import write_table

LONGEST = 400
"""Characters of a path or problem after which it is cut."""


def write_text(summary: Summary, out: TextIO, style: Style) -> None:
    """Aligned tables, cut to a terminal's width."""
    out.write(headline(summary) + "\n")
    for section in sections(summary):
        out.write(f"\n{section.title}\n")
        write_table(
            out, style, section.columns, [[printable(cell, LONGEST) for cell in row] for row in section.rows]
        )
        if section.note:
            out.write(section.note + "\n")


def write_markdown(summary: Summary, out: TextIO, style: Style) -> None:
    """Tables for a job summary or a pull request."""
    out.write(f"## edgelint audit: {headline(summary)}\n")
    for section in sections(summary):
        titles = " | ".join(title for title, _ in section.columns)
        sides = "|".join("--:" if side == RIGHT else "---" for _, side in section.columns)
        out.write(f"\n### {section.title}\n\n| {titles} |\n|{sides}|\n")
        for row in section.rows:
            out.write(f"| {' | '.join(escaped(cell, LONGEST) for cell in row)} |\n")
        if section.note:
            out.write(f"\n{section.note}\n")


def write_html(summary: Summary, out: TextIO, style: Style) -> None:
    """One page without scripts, links or anything from outside."""
    from edgelint.audit.page import page

    out.write(page(summary))


WRITERS: dict[str, Callable[[Summary, TextIO, Style], None]] = {
    "text": write_text,
    "markdown": write_markdown,
    "html": write_html,
}
"""Format to what writes it."""
