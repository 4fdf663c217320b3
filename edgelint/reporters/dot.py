"""The graph in Graphviz's language."""

from __future__ import annotations

from typing import TextIO

from edgelint.picture import NODE, Picture
from edgelint.reporters import Style
from edgelint.reporters.drawn import FAMILIES, OTHER, SEVERITIES


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """One digraph with a cluster per graph of the last view: what runs on the target, where known."""
    out.write(
        "digraph model {\n  rankdir=TB;\n  node [shape=box, style=filled, fontname=sans, fontsize=10];\n"
    )
    for number, sheet in enumerate(picture.views[-1].sheets):
        out.write(f"  subgraph cluster_{number} {{\n    label={_quoted(sheet.name)};\n")
        for place, box in enumerate(sheet.boxes):
            fill, ink = FAMILIES.get(box.family, OTHER), "white" if box.kind == NODE else "black"
            border = f', color="{SEVERITIES[box.worst]}", penwidth=3' if box.worst else ""
            label = _quoted("\n".join((box.title, *box.lines)))
            out.write(
                f'    n{number}_{place} [label={label}, fillcolor="{fill}", fontcolor={ink}{border}];\n'
            )
        for edge in sheet.edges:
            said = _quoted(sheet.wires[edge.wire].type) if edge.wire >= 0 else '""'
            out.write(f"    n{number}_{edge.source} -> n{number}_{edge.reader} [label={said}, fontsize=8];\n")
        out.write("  }\n")
    out.write("}\n")


def _quoted(text: str) -> str:
    """A quoted string, whose only escapes are for quotes, backslashes and line ends."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
