"""The picture as the page's script reads it: columns of integers, texts in one table."""

from __future__ import annotations

from typing import Any

from edgelint.picture import INPUT, NODE, OUTPUT, Histogram, Picture, Sheet
from edgelint.reporters.drawn import FAMILIES, OTHER

_KINDS = {NODE: 0, INPUT: 1, OUTPUT: 2}


class _Texts:
    """Texts by number, each stored once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def page_data(picture: Picture) -> dict[str, Any]:
    """JSON-ready data; page.js says what each column is."""
    texts = _Texts()
    views = [
        {"name": view.name, "title": view.title, "sheets": [_sheet(sheet, texts) for sheet in view.sheets]}
        for view in picture.views
    ]
    return {
        "path": picture.path,
        "format": picture.format,
        "target": picture.target,
        "verdict": picture.verdict,
        "totals": [list(total) for total in picture.totals],
        "budget": picture.budget,
        "notes": list(picture.notes),
        "findings": [
            [mark.code, mark.rule, mark.severity, mark.message, mark.hint, mark.node, mark.places]
            for mark in picture.findings
        ],
        "rules": dict(picture.rules),
        "families": {**FAMILIES, "other": OTHER},
        "views": views,
        "links": [[*place, found] for place, found in picture.links.items()],
        "texts": list(texts.numbers),
    }


def _sheet(sheet: Sheet, texts: _Texts) -> dict[str, Any]:
    boxes, drawing = sheet.boxes, sheet.layout
    return {
        "name": sheet.name,
        "width": round(drawing.width),
        "height": round(drawing.height),
        "boxes": {
            "x": [round(x - box.width / 2) for box, (x, _) in zip(boxes, drawing.centers, strict=True)],
            "y": [round(y - box.height / 2) for box, (_, y) in zip(boxes, drawing.centers, strict=True)],
            "w": [round(box.width) for box in boxes],
            "h": [round(box.height) for box in boxes],
            "kind": [_KINDS[box.kind] for box in boxes],
            "title": [texts(box.title) for box in boxes],
            "name": [texts(box.name) for box in boxes],
            "family": [texts(box.family) for box in boxes],
            "lines": [[texts(line) for line in box.lines] for box in boxes],
            "macs": [box.macs for box in boxes],
            "live": [box.live_bytes for box in boxes],
            "output": [box.output_bytes for box in boxes],
            "weights": [box.weight_bytes for box in boxes],
            "dtype": [texts(box.dtype) for box in boxes],
            "runs": [texts(box.runs_on) for box in boxes],
            "findings": [box.findings for box in boxes],
            "attributes": [[(texts(key), texts(text)) for key, text in box.attributes] for box in boxes],
            "inputs": [box.inputs for box in boxes],
            "outputs": [box.outputs for box in boxes],
            "subgraphs": [box.subgraphs for box in boxes],
            "change": [texts(box.change) for box in boxes],
            "changes": [[[texts(part) for part in change] for change in box.changes] for box in boxes],
        },
        "edges": {
            "from": [edge.source for edge in sheet.edges],
            "to": [edge.reader for edge in sheet.edges],
            "wire": [edge.wire for edge in sheet.edges],
            "line": [[round(each) for point in line for each in point] for line in drawing.lines],
        },
        "wires": {
            "name": [texts(wire.name) for wire in sheet.wires],
            "type": [texts(wire.type) for wire in sheet.wires],
            "bytes": [wire.bytes for wire in sheet.wires],
            "quantization": [texts(wire.quantization) for wire in sheet.wires],
            "kind": [texts(wire.kind) for wire in sheet.wires],
            "first": [wire.first for wire in sheet.wires],
            "last": [wire.last for wire in sheet.wires],
        },
        "memory": list(sheet.memory),
        "outlines": [
            [texts(each.name), *map(round, (each.x, each.y, each.width, each.height))]
            for each in sheet.outlines
        ],
        "constants": [_constant(each) for each in sheet.constants],
    }


def _constant(found: Histogram) -> list[Any]:
    """Place of the wire, least, most, mean, deviation, zeros, strange numbers, bars."""
    figures = [_brief(each) for each in (found.least, found.most, found.mean, found.deviation)]
    return [found.wire, *figures, found.zeros, found.strange, list(found.counts)]


def _brief(number: float) -> float:
    """Six digits are more than the page shows."""
    return float(f"{number:.6g}")
