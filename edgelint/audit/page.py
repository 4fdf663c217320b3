"""A summary as one HTML page: no script, nothing from outside, all text from files escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from xml.sax.saxutils import escape

from edgelint import __version__
from edgelint.audit.sections import RIGHT, Section, headline, sections
from edgelint.audit.summary import UNREADABLE, Summary
from edgelint.printable import printable
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN
from edgelint.reporters.html import colors

LONGEST = 1000
"""Characters of a cell after which it is cut."""

SHORT = 32
"""Characters up to which a cell stays on one line."""

WIDTH = 180
"""Pixels of a bar."""

VERDICTS = {FITS: "fits", DOES_NOT_FIT: "does not fit", UNKNOWN: "unknown", UNREADABLE: "unreadable"}
"""Verdict to its title; the verdict itself is the class of its part of a bar."""


def page(summary: Summary) -> str:
    """The whole document."""
    sheet = colors() + files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        "<title>edgelint audit</title>",
        f"<style>{sheet}</style>",
        "</head>",
        "<body>",
        f"<h1>edgelint audit: {_text(headline(summary))}</h1>",
        *(line for section in sections(summary) for line in _section(section)),
        f"<p>edgelint {__version__}</p>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    yield '<div class="table"><table>'
    titles = [_cell("th", title, side) for title, side in section.columns]
    yield f"<thead><tr>{''.join(titles)}{'<th></th>' * bool(section.shares)}</tr></thead><tbody>"
    for place, row in enumerate(section.rows):
        cells = [_cell("td", cell, side) for cell, (_, side) in zip(row, section.columns, strict=True)]
        bar = f"<td>{_bar(section.shares[place])}</td>" if section.shares else ""
        yield f"<tr>{''.join(cells)}{bar}</tr>"
    yield "</tbody></table></div>"
    if section.shares:
        yield f'<p class="legend">{_legend()}</p>'
    if section.note:
        yield f"<p>{escape(section.note)}</p>"


def _cell(tag: str, text: str, side: str) -> str:
    kind = "number" if side == RIGHT else "short" if len(text) <= SHORT else "long"
    return f'<{tag} class="{kind}">{_text(text)}</{tag}>'


def _text(text: str) -> str:
    return escape(printable(text, LONGEST))


def _bar(shares: Mapping[str, int]) -> str:
    """The parts of a whole side by side."""
    whole = sum(shares.values()) or 1
    said = ", ".join(f"{VERDICTS[name]} {count}" for name, count in shares.items() if count)
    return (
        f'<svg viewBox="0 0 {WIDTH} 12" role="img" aria-label="{said}">{"".join(_parts(shares, whole))}</svg>'
    )


def _parts(shares: Mapping[str, int], whole: int) -> Iterator[str]:
    start = 0.0
    for name, count in shares.items():
        width = WIDTH * count / whole
        if count:
            yield f'<rect class="{name}" x="{start:.1f}" width="{width:.1f}" height="12"/>'
        start += width


def _legend() -> str:
    square = '<svg viewBox="0 0 10 10"><rect class="{}" width="10" height="10"/></svg>{}'
    return "".join(square.format(name, title) for name, title in VERDICTS.items())
