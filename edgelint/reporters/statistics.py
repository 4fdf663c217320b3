"""`check --statistics`: how often each rule has something to say, instead of what it says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TextIO

from edgelint import __version__
from edgelint.deferred import dataclass
from edgelint.encoding import whole_characters
from edgelint.report import SCHEMA, Report, summary
from edgelint.reporters import Style
from edgelint.reporters.table import write_table
from edgelint.reporters.text import write_errors, write_totals
from edgelint.rule import Severity

FORMATS = ("text", "json")

_COLUMNS = (
    ("findings", "right"),
    ("models", "right"),
    ("severity", "left"),
    ("code", "left"),
    ("rule", "left"),
)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule found something of one severity, and in how many files."""

    code: str
    rule: str
    severity: str
    findings: int
    models: int


def counts(reports: Sequence[Report]) -> list[RuleCount]:
    """A count per rule and severity, the worst and most frequent first."""
    found: Counter[tuple[Severity, str, str]] = Counter()
    paths: dict[tuple[Severity, str, str], set[str]] = {}
    for report in reports:
        for finding in report.findings:
            key = finding.severity, finding.code, finding.rule
            found[key] += 1
            paths.setdefault(key, set()).add(report.path)
    ordered = sorted(found, key=lambda key: (key[0].rank, -found[key], key[1]))
    return [
        RuleCount(code, rule, severity.value, found[severity, code, rule], len(paths[severity, code, rule]))
        for severity, code, rule in ordered
    ]


def write(reports: Sequence[Report], out: TextIO, style: Style, format: str) -> None:
    """Counts as `format`; files that could not be read are named all the same."""
    if format == "json":
        out.write(whole_characters(json.dumps(document(reports), indent=1)) + "\n")
        return
    write_errors(reports, out, style)
    rows = [
        (f"{each.findings:,}", f"{each.models:,}", each.severity, each.code, each.rule)
        for each in counts(reports)
    ]
    if rows:
        write_table(out, style, _COLUMNS, rows)
    if not style.quiet:
        write_totals(reports, out, style)


def document(reports: Sequence[Report]) -> dict[str, Any]:
    """Counts as JSON-ready data."""
    unreadable = dict.fromkeys(report.path for report in reports if report.failed)
    return {
        "schema": SCHEMA,
        "edgelint": __version__,
        "statistics": [asdict(each) for each in counts(reports)],
        "unreadable": list(unreadable),
        "summary": dict(summary(reports)),
    }
