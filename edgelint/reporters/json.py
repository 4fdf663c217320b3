"""JSON, the layout of `edgelint.report.SCHEMA`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TextIO

from edgelint import __version__
from edgelint.encoding import whole_characters
from edgelint.report import SCHEMA, Report, summary, to_dict
from edgelint.reporters import Style


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with findings and a summary; ASCII, so that any encoding carries it."""
    _write(reports, out, with_nodes=False)


def write_nodes(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with one record per operator, without findings."""
    _write(reports, out, with_nodes=True)


def _write(reports: Sequence[Report], out: TextIO, *, with_nodes: bool) -> None:
    """A piece for each report: together they take far more memory than what they are made of."""
    encode = json.JSONEncoder(allow_nan=False).encode
    empty = {"schema": SCHEMA, "edgelint": __version__, "reports": [], "summary": summary(reports)}
    before, place, after = _indented(empty, 0, encode).partition('"reports": [')
    out.write(before + place)
    for number, report in enumerate(reports):
        piece = _indented(to_dict(report, with_nodes=with_nodes), 2, encode)
        out.write(("," if number else "") + "\n  " + whole_characters(piece))
    out.write(("\n " if reports else "") + after + "\n")


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
