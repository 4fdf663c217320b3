"""The graph as a Mermaid flowchart, which GitHub and GitLab draw within Markdown."""

from __future__ import annotations

import re
from typing import TextIO

from edgelint.picture import NODE, Box, Picture
from edgelint.reporters import Style
from edgelint.reporters.drawn import SEVERITIES

MOST_EDGES = 500
"""Edges that Mermaid draws unless its page is configured otherwise (maxEdges)."""

_UNSAFE = re.compile(r"[^\w .,+×?/:…-]")


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """A flowchart of the last view's first graph; cut, and said so, where Mermaid would refuse it."""
    sheet = picture.views[-1].sheets[0]
    out.write("flowchart TD\n")
    for severity, color in SEVERITIES.items():
        out.write(f"  classDef {severity} stroke:{color},stroke-width:3px\n")
    edges = sheet.edges[:MOST_EDGES]
    drawn = {place for edge in edges for place in (edge.source, edge.reader)} if edges else {0}
    for place in sorted(drawn):
        out.write(f"  {_box(place, sheet.boxes[place])}\n")
    out.writelines(f"  n{edge.source} --> n{edge.reader}\n" for edge in edges)
    if len(sheet.edges) > MOST_EDGES:
        out.write(f"  %% {len(sheet.edges) - MOST_EDGES} more edges: above what Mermaid draws\n")


def _box(place: int, box: Box) -> str:
    text = "<br/>".join(_UNSAFE.sub(_entity, line) for line in (box.title, *box.lines))
    shape = f'n{place}["{text}"]' if box.kind == NODE else f'n{place}(["{text}"])'
    return f"{shape}:::{box.worst}" if box.worst else shape


def _entity(match: re.Match[str]) -> str:
    return f"#{ord(match[0])};"
