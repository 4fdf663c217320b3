"""JSON, the layout of `edgelint.report.SCHEMA`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from edgelint import __version__
from edgelint.report import Report, document
from edgelint.reporters import Style


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with findings and a summary; ASCII, so that any encoding carries it."""
    _dump(document(reports, __version__), out)


def write_nodes(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Reports with one record per operator, without findings."""
    _dump(document(reports, __version__, with_nodes=True), out)


def _dump(data: dict[str, object], out: TextIO) -> None:
    json.dump(data, out, indent=1, allow_nan=False)
    out.write("\n")
