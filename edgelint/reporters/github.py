"""Annotations for GitHub Actions: workflow commands on standard output.

A step shows 10 errors and 10 warnings and drops the rest without a word (docs.github.com, REST
"Checks/Runs"), so findings of one rule in one file share an annotation, and the tenth counts what is left.
Escapes: actions/runner, src/Runner.Common/ActionCommand.cs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from edgelint.printable import printable, short
from edgelint.report import Report
from edgelint.reporters import Style
from edgelint.reporters.identity import relative
from edgelint.rule import Finding, Severity

MOST = 10
"""Annotations of one level that a step shows."""

_NAMED = 3
"""Nodes that an annotation names before it counts the rest."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = _IN_DATA | {":": "%3A", ",": "%2C"}


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """A line per annotation, the worst first."""
    for level in _LEVELS.values():
        lines = [line for report in reports for line in _annotations(report, level)]
        out.writelines(line + "\n" for line in lines[: MOST if len(lines) <= MOST else MOST - 1])
        left = len(lines) - (MOST - 1)
        if len(lines) > MOST:
            out.write(
                _command(level, {"title": "edgelint"}, f"and {left} more of this level: see the report")
            )


def _annotations(report: Report, level: str) -> Iterator[str]:
    path = printable(relative(report.path), 1000)
    if report.error is not None:
        if level == "error":
            said = f"{report.error.sentence}. {report.error.hint}".strip()
            yield _command(level, {"file": path, "title": report.error.code}, printable(said, 1000)).rstrip(
                "\n"
            )
        return
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if _LEVELS[finding.severity] == level:
            groups.setdefault(finding.code, []).append(finding)
    for group in groups.values():
        title = f"{group[0].code} {group[0].rule}" + (f" ({report.target})" if report.target else "")
        yield _command(level, {"file": path, "title": title}, _message(group))


def _message(group: Sequence[Finding]) -> str:
    first = group[0]
    nodes = [short(finding.location.node) for finding in group if finding.location.node]
    place = f"{nodes[0]}: " if nodes else ""
    said = f"{place}{printable(first.message, 600)}"
    if len(group) > 1:
        named = ", ".join(nodes[1:_NAMED])
        rest = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
        said += f"; {len(group)} in all" + (f", also at {named}{rest}" if named else "")
    return said + (f"; {printable(first.hint, 600)}" if first.hint else "")


def _command(level: str, properties: dict[str, str], message: str) -> str:
    shown = ",".join(f"{key}={_escape(value, _IN_PROPERTY)}" for key, value in properties.items())
    return f"::{level} {shown}::{_escape(message, _IN_DATA)}"


def _escape(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)
