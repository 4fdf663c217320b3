"""What changed between two models, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TextIO

from edgelint import __version__
from edgelint.comparison import Comparison, TargetChange
from edgelint.comparison.layers import Place
from edgelint.encoding import whole_characters
from edgelint.report import finding_data
from edgelint.reporters import Style

SCHEMA = 1
"""Version of the layout."""


def write(comparison: Comparison, out: TextIO, style: Style) -> None:
    """One document; bytes as integers, null where a figure is unknown."""
    out.write(whole_characters(json.dumps(document(comparison), indent=1, allow_nan=False)) + "\n")


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON-ready data."""
    layers = comparison.layers
    return {
        "schema": SCHEMA,
        "edgelint": __version__,
        "old": {"path": comparison.old, "format": comparison.formats[0]},
        "new": {"path": comparison.new, "format": comparison.formats[1]},
        "same": comparison.same,
        "remark": comparison.remark,
        "contract": [asdict(change) for change in comparison.contract],
        "operators": {op: {"old": old, "new": new} for op, (old, new) in comparison.operators.items()},
        "layers": {
            "matched": len(layers.matched),
            "added": [_place(place) for place in layers.added],
            "removed": [_place(place) for place in layers.removed],
            "changed": [
                {
                    "old": _place(each.old),
                    "new": _place(each.new),
                    "fields": {name: {"old": old, "new": new} for name, (old, new) in each.fields.items()},
                }
                for each in layers.changed
            ],
            "renamed": [{"old": old, "new": new} for old, new in layers.renamed],
        },
        "targets": [_target(change) for change in comparison.targets],
    }


def _place(place: Place) -> dict[str, Any]:
    node = place.node
    return {"graph": place.graph.name, "node": node.name, "op": node.source.op, "index": node.source.index}


def _target(change: TargetChange) -> dict[str, Any]:
    return {
        "target": change.target,
        "verdict": {"old": change.verdicts[0], "new": change.verdicts[1]},
        "figures": {
            each.name: {"old": each.old, "new": each.new, "unit": each.unit, "exact": each.sure}
            for each in change.figures
        },
        "appeared": [finding_data(finding) for finding in change.appeared],
        "gone": [finding_data(finding) for finding in change.gone],
    }
