"""The graph as one SVG picture, for READMEs and pull requests; no script, no outside font or style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from edgelint.picture import NODE, Box, Outline, Picture, Sheet
from edgelint.picture.draw import LINE_HEIGHT, PADDING, TITLE_HEIGHT
from edgelint.reporters import Style
from edgelint.reporters.drawn import FAMILIES, OTHER, SEVERITIES, path

MARGIN = 24.0
"""Pixels round the drawing."""

HEADER = 54.0
"""Pixels above it, for name and totals."""

NAME, TOTAL = 9.0, 6.0
"""Pixels a letter takes at most in the two lines of the header, at 15 and at 11 px."""

_FONT = "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\""
_MONO = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"'


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The last view (what runs on the target, where that is known), its first graph."""
    out.writelines(line + "\n" for line in lines(picture))


def lines(picture: Picture) -> Iterator[str]:
    """The lines of the SVG document."""
    sheet = picture.views[-1].sheets[0]
    width, height = size_of(picture)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label={quoteattr(picture.path)}>'
    )
    yield f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
    yield from _header(picture)
    left = (width - sheet.layout.width) / 2
    yield f'<g transform="translate({left:.1f},{HEADER + MARGIN:.1f})">'
    yield from map(_outline, sheet.outlines)
    yield from _edges(sheet)
    for box, center in zip(sheet.boxes, sheet.layout.centers, strict=True):
        yield from _box(box, center)
    yield "</g>"
    yield "</svg>"


def size_of(picture: Picture) -> tuple[float, float]:
    """Width and height of the document, in pixels."""
    drawing = picture.views[-1].sheets[0].layout
    title, totals = _words(picture)
    widest = max(drawing.width, NAME * len(title), TOTAL * len(totals))
    return widest + 2 * MARGIN, drawing.height + 2 * MARGIN + HEADER


def _header(picture: Picture) -> Iterator[str]:
    title, totals = map(escape, _words(picture))
    yield f'<text x="{MARGIN}" y="26" {_FONT} font-size="15" font-weight="600">{title}</text>'
    yield f'<text x="{MARGIN}" y="44" {_FONT} font-size="11" fill="#57606a">{totals}</text>'


def _words(picture: Picture) -> tuple[str, str]:
    """The two lines of the header."""
    name = picture.path.rpartition("/")[2]
    on = f" on {picture.target}: {picture.verdict.replace('-', ' ')}" if picture.target else ""
    return name + on, " · ".join(f"{title} {amount}" for title, amount, _ in picture.totals[:4])


def _outline(scope: Outline) -> str:
    return (
        f'<rect x="{scope.x:.1f}" y="{scope.y:.1f}" width="{scope.width:.1f}" height="{scope.height:.1f}" '
        'rx="8" fill="#57606a" fill-opacity="0.05" stroke="#57606a" stroke-opacity="0.35" '
        'stroke-dasharray="4 3"/>'
        f'<text x="{scope.x + 6:.1f}" y="{scope.y - 2:.1f}" {_FONT} font-size="9" fill="#57606a">'
        f"{escape(scope.name)}</text>"
    )


def _edges(sheet: Sheet) -> Iterator[str]:
    for line in sheet.layout.lines:
        if line:
            yield f'<path d="{path(line)}" fill="none" stroke="#8c959f" stroke-width="1.2"/>'
            x, y = line[-1]
            yield f'<path d="M{x - 3.5:.1f},{y - 6:.1f}h7L{x:.1f},{y:.1f}Z" fill="#8c959f"/>'


def _box(box: Box, center: tuple[float, float]) -> Iterator[str]:
    x, y = center[0] - box.width / 2, center[1] - box.height / 2
    fill = FAMILIES.get(box.family, OTHER)
    ink = "#ffffff" if box.kind == NODE else "#24292f"
    border = SEVERITIES.get(box.worst, "#afb8c1")
    thick = 2.5 if box.worst else 1
    yield f"<g><title>{escape(f'{box.title} {box.name}')}</title>"
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="5" '
        f'fill="#f6f8fa" stroke="{border}" stroke-width="{thick}"/>'
    )
    yield (
        f'<path d="M{x:.1f},{y + TITLE_HEIGHT:.1f}v-{TITLE_HEIGHT - 5:.0f}q0,-5 5,-5h{box.width - 10:.0f}'
        f'q5,0 5,5v{TITLE_HEIGHT - 5:.0f}z" fill="{fill}"/>'
    )
    yield (
        f'<text x="{x + PADDING:.1f}" y="{y + 15:.1f}" {_FONT} font-size="12" font-weight="600" '
        f'fill="{ink}">{escape(box.title)}</text>'
    )
    for number, line in enumerate(box.lines):
        top = y + TITLE_HEIGHT + 12 + LINE_HEIGHT * number
        yield (
            f'<text x="{x + PADDING:.1f}" y="{top:.1f}" {_MONO} font-size="10" fill="#24292f">'
            f"{escape(line)}</text>"
        )
    yield "</g>"
