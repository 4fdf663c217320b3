"""SARIF 2.1.0, as GitHub code scanning takes it.

One run per target, whose `automationDetails.id` keeps targets from closing each other's alerts. A binary
has no lines: each result names line 1, which GitHub demands, and tells the truth in `logicalLocations`,
in its message and in `properties`. Limits: docs.github.com, "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from edgelint import __version__
from edgelint.deferred import replace
from edgelint.encoding import whole_characters
from edgelint.printable import printable, short
from edgelint.report import Report
from edgelint.reporters import Style
from edgelint.reporters.identity import digest, identified, relative, uri
from edgelint.rule import FAMILIES, Finding, Rule, Severity, family, registry
from edgelint.suppress import Level, Suppressed

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"

MOST_RESULTS = 5000
"""Results of a run that GitHub keeps; the worst come first."""

LONGEST_DESCRIPTION = 1024
"""Characters that GitHub shows of a rule's descriptions."""

LARGEST_HASHED = 256 * 1024 * 1024
"""Bytes above which a file is listed without its SHA-256."""

_SECURITY = "7"
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""GitHub's scale: above 7.0 is high, above 4.0 medium, above 0 low."""


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """One log with a run per target."""
    out.write(whole_characters(json.dumps(log(reports), indent=1, allow_nan=False)) + "\n")


def log(reports: Sequence[Report]) -> dict[str, Any]:
    """The SARIF log as JSON-ready data."""
    targets = list(dict.fromkeys(report.target for report in reports))
    runs = [_run(target, [each for each in reports if each.target == target]) for target in targets]
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": runs or [_run(None, [])]}


def _run(target: str | None, reports: Sequence[Report]) -> dict[str, Any]:
    paths = list(dict.fromkeys(report.path for report in reports))
    codes = list(dict.fromkeys(code for report in reports for code in _ran(report)))
    rules = [registry()[code] for code in sorted(codes)]
    ranks = {rule.code: rank for rank, rule in enumerate(rules)}
    places = {path: index for index, path in enumerate(paths)}
    results = [result for report in reports for result in _results(report, ranks, places[report.path])]
    results.sort(key=itemgetter(0))
    return {
        "tool": {
            "driver": {
                "name": "edgelint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": f"edgelint/{target or 'any'}/"},
        "invocations": [_invocation(reports, len(results))],
        "artifacts": [_artifact(path) for path in paths],
        "results": [make() for _, make in results[:MOST_RESULTS]],
        "columnKind": "unicodeCodePoints",
    }


_Result = tuple[int, Callable[[], dict[str, Any]]]
"""The rank of a result's level, and what makes it: most of very many are left out."""


def _ran(report: Report) -> Iterable[str]:
    yield from report.rules
    if report.error is not None and report.error.code in registry():
        yield report.error.code
    yield from (finding.code for finding in report.findings)


def _invocation(reports: Sequence[Report], results: int) -> dict[str, Any]:
    said = [
        {
            "level": "error",
            "message": {"text": f"{printable(relative(report.path), 1000)}: {_problem(report)}"},
        }
        for report in reports
        if report.error is not None
    ]
    if results > MOST_RESULTS:
        left = results - MOST_RESULTS
        said.append(
            {"level": "warning", "message": {"text": f"{left} results of the least severity left out"}}
        )
    failed = any(report.failed for report in reports)
    return {"executionSuccessful": not failed, "toolExecutionNotifications": said}


def _problem(report: Report) -> str:
    return printable(report.error.sentence, 400) if report.error else ""


def _artifact(path: str) -> dict[str, Any]:
    data: dict[str, Any] = {"location": {"uri": uri(path)}, "roles": ["analysisTarget"]}
    try:
        size = Path(path).stat().st_size
        data["length"] = size
        if size <= LARGEST_HASHED:
            with Path(path).open("rb") as file:
                data["hashes"] = {"sha-256": _sha256(file)}
    except OSError:
        pass
    return data


def _sha256(file: Any) -> str:
    found = hashlib.sha256()
    while chunk := file.read(1 << 20):
        found.update(chunk)
    return found.hexdigest()


def _rule(rule: Rule) -> dict[str, Any]:
    text = rule.documentation()
    why = text.partition("## Why it matters\n")[2].partition("\n## ")[0].strip()
    security = family(rule.code) == _SECURITY
    data: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(word.title() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary()[:LONGEST_DESCRIPTION]},
        "fullDescription": {"text": (why or rule.summary())[:LONGEST_DESCRIPTION]},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "tags": [FAMILIES[family(rule.code)], *["security"] * security],
            "precision": "high",
            "problem.severity": _PROBLEM[rule.severity],
        },
    }
    if security:
        data["properties"]["security-severity"] = _SECURITY_SEVERITY[rule.severity]
    return data


_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
"""Severity to the words that GitHub knows."""


def _results(report: Report, ranks: dict[str, int], artifact: int) -> Iterator[_Result]:
    # The same for all of them: it asks the disk.
    physical = _physical(report.path, artifact)
    if report.error is not None:
        yield Severity.ERROR.rank, partial(_refused, report, ranks, physical)
        return
    for finding, mark in identified(report):
        yield finding.severity.rank, partial(_result, report, finding, mark, ranks, physical)
    silent = replace(report, findings=tuple(each.finding for each in report.suppressions))
    for each, (finding, mark) in zip(report.suppressions, identified(silent), strict=True):
        yield finding.severity.rank, partial(_result, report, finding, mark, ranks, physical, each)


def _suppression(each: Suppressed) -> dict[str, str]:
    kind = "inSource" if each.level is Level.INLINE else "external"
    return {"kind": kind, "justification": printable(each.reason or each.level.value, 400)}


def _refused(report: Report, ranks: dict[str, int], physical: dict[str, Any]) -> dict[str, Any]:
    assert report.error is not None
    hint = f"; {printable(report.error.hint, 400)}" if report.error.hint else ""
    data = {
        "ruleId": report.error.code,
        "level": "error",
        "message": {"text": _problem(report) + hint},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": _fingerprint(digest((report.error.code, relative(report.path)))),
    }
    return data | _rule_index(report.error.code, ranks)


def _result(
    report: Report,
    finding: Finding,
    mark: str,
    ranks: dict[str, int],
    physical: dict[str, Any],
    suppressed: Suppressed | None = None,
) -> dict[str, Any]:
    place = finding.location
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.node or place.op:
        name = printable(place.node or place.op)
        scope = f"{printable(place.graph)}/{name}" if place.graph else name
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": scope, "kind": "element"}]
    data: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": sentence(finding)},
        "locations": [location],
        "partialFingerprints": _fingerprint(mark),
        "properties": {
            "op": printable(place.op),
            "index": place.index,
            "evidence": finding.evidence.value,
            "target": report.target,
            "data": dict(finding.data),
        },
    }
    data |= _rule_index(finding.code, ranks)
    return data | {"suppressions": [_suppression(suppressed)]} if suppressed else data


def sentence(finding: Finding) -> str:
    """The finding in words: its node first, since some platforms show nothing else of the place."""
    place = f"{short(finding.location.node)}: " if finding.location.node else ""
    hint = f"; {printable(finding.hint, 600)}" if finding.hint else ""
    return f"{place}{printable(finding.message, 600)}{hint}"


def _rule_index(code: str, ranks: dict[str, int]) -> dict[str, int]:
    return {"ruleIndex": ranks[code]} if code in ranks else {}


def _physical(path: str, artifact: int) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": uri(path), "index": artifact},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2},
    }


def _fingerprint(mark: str) -> dict[str, str]:
    """Without it the upload action would hash lines of a binary."""
    return {"primaryLocationLineHash": f"{mark}:1"}
