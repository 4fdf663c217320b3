"""What the rules find in one model: run them, leave out what another says better, sort."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from edgelint.analysis.figure import Basis
from edgelint.context import Context
from edgelint.deferred import replace
from edgelint.errors import EdgelintError
from edgelint.rule import Finding, Rule, Severity, registry

DEPLOYMENT_FAMILIES = ("1", "2", "3")
"""Families whose errors mean that the model does not run on the target."""


def told(context: Context, selected: Sequence[str], ignored: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings of the selected rules that are worth telling, the worst first.

    A rule says nothing of a place where one that it yields to speaks, even if that one is ignored: who
    ignores a fault does not want it told in other words.
    """
    rules = registry()
    findings = sorted(_found(context, selected), key=_order)
    said = {(finding.code, finding.location) for finding in findings}
    speaking = {finding.code for finding in findings}
    for code in {code for each in speaking for code in rules[each].yields_to} & set(ignored):
        said |= {(finding.code, finding.location) for finding in _silent(rules[code], context)}
    return tuple(
        finding
        for finding in findings
        if not any((code, finding.location) in said for code in rules[finding.code].yields_to)
    )


def regraded(findings: tuple[Finding, ...], severities: Mapping[str, Severity]) -> tuple[Finding, ...]:
    """The findings with the severities that a user gave their rules, sorted anew."""
    if not severities:
        return findings
    graded = (replace(each, severity=severities.get(each.code, each.severity)) for each in findings)
    return tuple(sorted(graded, key=_order))


def _found(context: Context, codes: Sequence[str]) -> Iterator[Finding]:
    for code in codes:
        for finding in _run(registry()[code], context):
            predicted = context.network is not context.model and code[2] in DEPLOYMENT_FAMILIES
            weaker = predicted and finding.evidence is Basis.EXACT
            yield replace(finding, evidence=Basis.PREDICTED) if weaker else finding


def _silent(rule: Rule, context: Context) -> list[Finding]:
    """What an ignored rule would say; a rule that fails may be ignored, too."""
    try:
        return list(_run(rule, context))
    except EdgelintError:
        return []


def _run(rule: Rule, context: Context) -> Iterator[Finding]:
    try:
        yield from rule.check(context)
    except EdgelintError:
        raise
    except Exception as error:
        raise EdgelintError(
            context.model.path,
            f"made rule {rule.code} {rule.name} fail: {type(error).__name__}: {error}",
            hint="this is a bug in the rule: please report it with the model, or --ignore the rule",
            code="EL900",
        ) from error


def _order(finding: Finding) -> tuple[int, str, str, int]:
    return finding.severity.rank, finding.code, finding.location.graph, finding.location.index
