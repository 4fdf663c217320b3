"""JUnit XML: a suite per model and target, a case per rule that ran, so that CI shows trends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO
from xml.etree import ElementTree

from edgelint.printable import printable
from edgelint.report import Report
from edgelint.reporters import Style
from edgelint.reporters.identity import relative
from edgelint.reporters.sarif import sentence
from edgelint.rule import Finding, Severity, registry


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """One `testsuites` element. Errors and warnings fail their rule's case; notes are its output."""
    root = ElementTree.Element("testsuites", name="edgelint")
    for report in reports:
        root.append(_suite(report))
    for field in ("tests", "failures", "errors"):
        root.set(field, str(sum(int(suite.get(field, "0")) for suite in root)))
    ElementTree.indent(root)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n')
    out.write(ElementTree.tostring(root, encoding="unicode") + "\n")


def _suite(report: Report) -> ElementTree.Element:
    path = printable(relative(report.path), 1000)
    name = f"{path} ({report.target})" if report.target else path
    suite = ElementTree.Element("testsuite", name=name)
    if report.error is not None:
        case = _case(suite, report.error.code, path)
        said = printable(report.error.sentence, 400)
        ElementTree.SubElement(case, "error", message=said, type=report.error.code).text = printable(
            report.error.hint, 400
        )
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.code, []).append(finding)
    for code in sorted({*report.rules, *found}):
        _outcome(_case(suite, code, path), found.get(code, []))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", str(len(suite.findall("*/error"))))
    return suite


def _case(suite: ElementTree.Element, code: str, path: str) -> ElementTree.Element:
    rule = registry().get(code)
    name = f"{code} {rule.name}" if rule else code
    return ElementTree.SubElement(suite, "testcase", name=name, classname=path, file=path)


def _outcome(case: ElementTree.Element, findings: Sequence[Finding]) -> None:
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if grave:
        first = grave[0]
        message = printable(first.message, 600) + (f" (and {len(grave) - 1} more)" if grave[1:] else "")
        failure = ElementTree.SubElement(case, "failure", message=message, type=first.severity.value)
        failure.text = "\n".join(map(sentence, grave))
    notes = [finding for finding in findings if finding.severity is Severity.NOTE]
    if notes:
        ElementTree.SubElement(case, "system-out").text = "\n".join(map(sentence, notes))
