"""JSON, the layout of `edgelint.report.SCHEMA`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TextIO

from edgelint import __version__
from edgelint.encoding import whole_characters
from edgelint.report import Report, document
from edgelint.reporters import Style


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with findings and a summary; ASCII, so that any encoding carries it."""
    _dump(document(reports, __version__), out)


def write_nodes(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with one record per operator, without findings."""
    _dump(document(reports, __version__, with_nodes=True), out)


def _dump(data: dict[str, object], out: TextIO) -> None:
    # In one piece: a stream may be unbuffered, and there are thousands of small ones.
    out.write(whole_characters(_indented(data, 0, json.JSONEncoder(allow_nan=False).encode)) + "\n")


_DEEPEST = 4
"""Levels that are spread over lines: findings, figures and operators take one line each."""


def _indented(data: object, depth: int, encode: Callable[[object], str]) -> str:
    """`data` as `json.dumps(indent=1)` has it, but for the deepest level: `encode` is much faster."""
    if not isinstance(data, dict | list) or depth == _DEEPEST or not data:
        return encode(data)
    inner, outer = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(data, dict):
        parts = [f"{encode(key)}: {_indented(value, depth + 1, encode)}" for key, value in data.items()]
        return "{" + inner + f",{inner}".join(parts) + outer + "}"
    return "[" + inner + f",{inner}".join(_indented(each, depth + 1, encode) for each in data) + outer + "]"
