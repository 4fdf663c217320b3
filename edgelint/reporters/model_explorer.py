"""Node data for Google's Model Explorer: a number to lay over the graph that it draws itself.

Format: `GraphNodeData` and `ModelNodeData` of its Python package
(google-ai-edge/model-explorer, src/server/package/src/model_explorer/node_data_builder.py): "results" by node
for one graph, or an object of those by graph id. It shows one number per file, so one is written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, TextIO

from edgelint.picture import NODE, Box, Picture, Sheet
from edgelint.reporters import Style

_NUMBERS: dict[str, Callable[[Box], int | None]] = {
    "live-bytes": lambda box: box.live_bytes,
    "macs": lambda box: box.macs,
    "weight-bytes": lambda box: box.weight_bytes or None,
    "findings": lambda box: len(box.findings) or None,
}

_GRADIENT = [{"stop": 0, "bgColor": "#fff5eb"}, {"stop": 1, "bgColor": "#d94801"}]


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The data of `picture.overlay`, keyed by the name of each node's first output tensor.

    A key may be any of a node's output tensors, or the id that Model Explorer's own converter gave the node;
    only the names are in the file. Graphs are told apart by name where there are several; data of one graph
    goes to whichever is shown, whatever its converter called it.
    """
    sheets = picture.views[0].sheets
    named = Counter(sheet.name for sheet in sheets)
    number = _NUMBERS[picture.overlay]
    data: dict[str, Any] = {}
    for place, sheet in enumerate(sheets):
        name = sheet.name or ("main" if not place else f"graph_{place}")
        data[name if named[sheet.name] < 2 else f"{name}_{place}"] = {
            "name": f"edgelint {picture.overlay}",
            "results": _results(sheet, number),
            "gradient": _GRADIENT,
        }
    json.dump(data if len(data) > 1 else next(iter(data.values()), {}), out, indent=1)
    out.write("\n")


def _results(sheet: Sheet, number: Callable[[Box], int | None]) -> dict[str, Any]:
    results = {}
    for box in sheet.boxes:
        value = number(box)
        made = next((sheet.wires[wire].name for wire in box.outputs if wire >= 0), "")
        if box.kind == NODE and value is not None and made:
            results[made] = {"value": value}
    return results
