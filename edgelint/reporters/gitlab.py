"""GitLab's Code Quality report: docs.gitlab.com, "Code Quality", "Code Quality report format"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from edgelint.printable import printable
from edgelint.report import Report
from edgelint.reporters import Style
from edgelint.reporters.identity import digest, identified, relative
from edgelint.reporters.sarif import sentence
from edgelint.rule import Finding, Severity

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """An array with one issue per finding; GitLab keeps the first of those that share a fingerprint."""
    json.dump([issue for report in reports for issue in _issues(report)], out, indent=1)
    out.write("\n")


def _issues(report: Report) -> list[dict[str, Any]]:
    # Resolved once: it asks the disk.
    path = printable(relative(report.path), 1000)
    if report.error is not None:
        said = f"{report.error.code}: {printable(report.error.sentence, 400)}"
        mark = digest((report.error.code, relative(report.path)))
        return [_issue(report, path, report.error.code, said, "critical", mark)]
    return [
        _issue(report, path, finding.code, f"{finding.code}: {sentence(finding)}", _severity(finding), mark)
        for finding, mark in identified(report)
    ]


def _severity(finding: Finding) -> str:
    grave = finding.severity is Severity.ERROR and finding.code.startswith("EL7")
    return "critical" if grave else _SEVERITIES[finding.severity]


def _issue(
    report: Report, path: str, code: str, description: str, severity: str, mark: str
) -> dict[str, Any]:
    """GitLab does not show `check_name`, so the description begins with the code."""
    on = f" ({report.target})" if report.target else ""
    return {
        "description": description + on,
        "check_name": code,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
