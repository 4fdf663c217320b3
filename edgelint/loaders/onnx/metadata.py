"""What an ONNX file says beside its graph: class names, producer, what edgelint does not follow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from edgelint.ir import Graph

if TYPE_CHECKING:
    from onnx import ModelProto

LABEL_KEYS = ("names", "labels", "classes", "class_names", "classlabels")
"""Metadata entries under which exporters keep class names, the commonest first."""

LABELS_LIMIT = 100_000
"""Class names that are read."""

TRAINING_DOMAINS = frozenset({"ai.onnx.preview.training", "ai.onnx.training"})

_LABEL_ATTRIBUTES = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
_ENTRY = re.compile(r"""\s*(?:(\d{1,18})\s*:)?\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)""")
"""One entry of a Python list or dict literal of strings, as Ultralytics writes `names`."""


def labels(metadata: Mapping[str, str], graphs: Iterable[Graph]) -> tuple[str, ...]:
    """Class names in class order, from metadata or an ai.onnx.ml classifier; () when there are none."""
    for key in LABEL_KEYS:
        found = _parsed(metadata.get(key, ""))
        if found:
            return found
    for graph in graphs:
        for node in graph.nodes:
            for name in _LABEL_ATTRIBUTES if node.domain == "ai.onnx.ml" else ():
                entries = node.attributes.get(name)
                if isinstance(entries, list) and entries:
                    return tuple(map(str, entries[:LABELS_LIMIT]))
    return ()


def producer(model: ModelProto) -> str:
    """Name and version of what wrote the file, "" when it does not say."""
    return " ".join(filter(None, (model.producer_name, model.producer_version)))


def unfollowed(model: ModelProto, graphs: Iterable[Graph]) -> list[str]:
    """One sentence for each part of the file that is not followed."""
    notes = []
    if model.training_info:
        notes.append("carries graphs for training (training_info), which are not followed")
    if any(node.domain in TRAINING_DOMAINS for graph in graphs for node in graph.nodes):
        notes.append("computes gradients or optimizer steps: what those operators run is not in the graph")
    return notes


def _parsed(content: str) -> tuple[str, ...]:
    content = content.strip()
    if not content:
        return ()
    try:
        return _in_order(json.loads(content))
    except (ValueError, RecursionError):
        return _literal(content)


def _in_order(found: Any) -> tuple[str, ...]:
    if isinstance(found, dict):
        if not all(isinstance(key, str) and key.isascii() and key.isdigit() for key in found):
            return ()
        found = [found[key] for key in sorted(found, key=int)]
    if isinstance(found, list) and found and all(isinstance(entry, str) for entry in found):
        return tuple(found[:LABELS_LIMIT])
    return ()


def _literal(content: str) -> tuple[str, ...]:
    """The strings of `{0: 'person', 1: 'bicycle'}` or `['person', 'bicycle']`, read as text."""
    if content[:1] + content[-1:] not in ("{}", "[]"):
        return ()
    found: dict[int, str] = {}
    position, inside = 0, content[1:-1]
    while position < len(inside) and len(found) < LABELS_LIMIT:
        entry = _ENTRY.match(inside, position)
        if entry is None:
            return ()
        found[int(entry[1]) if entry[1] else len(found)] = entry[2] if entry[2] is not None else entry[3]
        position = entry.end()
    return tuple(found[key] for key in sorted(found))
