"""From reports to text: one module per format, listed in `REPORTERS`.

A reporter is a module with `write(reports, out, style)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, TextIO

from edgelint.deferred import dataclass
from edgelint.report import Report

REPORTERS = {
    "text": "edgelint.reporters.text",
    "json": "edgelint.reporters.json",
    "sarif": "edgelint.reporters.sarif",
    "github": "edgelint.reporters.github",
    "gitlab": "edgelint.reporters.gitlab",
    "junit": "edgelint.reporters.junit",
    "markdown": "edgelint.reporters.markdown",
    "resolver": "edgelint.reporters.resolver",
}
"""Format to the module that writes it. "resolver" is `inspect --resolver`."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the text may look.

    color: whether ANSI colours are wanted. width: columns of the terminal, None for a file or
    pipe, where nothing is cut or wrapped. suppressed: whether suppressed findings are listed.
    quiet: findings only, no figures and totals. verbose: every finding for itself, every operator.
    """

    color: bool = False
    width: int | None = None
    suppressed: bool = False
    quiet: bool = False
    verbose: bool = False


class Reporter(Protocol):
    """What a reporter module offers."""

    def write(self, reports: Sequence[Report], out: TextIO, style: Style) -> None:
        """Writes all reports of one run."""

    def write_nodes(self, reports: Sequence[Report], out: TextIO, style: Style) -> None:
        """Writes all reports of one `inspect`: operators and their cost, no findings."""


def reporter(format: str) -> Reporter:
    """The reporter of that name."""
    module: Reporter = import_module(REPORTERS[format])
    return module
