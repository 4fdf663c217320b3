"""Node data for Google's Model Explorer: numbers to lay over the graph that it draws itself.

Format: github.com/google-ai-edge/model-explorer, wiki "2. User Guide", "Custom node data".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TextIO

from edgelint.picture import NODE, Box, Picture, Sheet
from edgelint.reporters import Style

_NUMBERS: dict[str, Callable[[Box], int | None]] = {
    "MACs": lambda box: box.macs,
    "live bytes": lambda box: box.live_bytes,
    "weight bytes": lambda box: box.weight_bytes or None,
    "findings": lambda box: len(box.findings) or None,
}

_GRADIENT = [{"stop": 0, "bgColor": "#fff5eb"}, {"stop": 1, "bgColor": "#d94801"}]


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """One data set per number, keyed by graph and node; nodes go by their output tensors' names."""
    sheets = picture.views[0].sheets
    data = {
        f"edgelint: {title}": {sheet.name or "main": _results(sheet, number) for sheet in sheets}
        for title, number in _NUMBERS.items()
    }
    json.dump(data, out, indent=1)
    out.write("\n")


def _results(sheet: Sheet, number: Callable[[Box], int | None]) -> dict[str, Any]:
    results = {}
    for box in sheet.boxes:
        value = number(box)
        if box.kind == NODE and value is not None:
            results[str(box.place)] = {"value": value}
    return {"results": results, "gradient": _GRADIENT}
