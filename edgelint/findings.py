"""What the rules find in one model: run them, leave out what another says better, sort."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from operator import attrgetter

from edgelint.analysis.figure import Basis
from edgelint.conditions import Conditions
from edgelint.context import Context
from edgelint.deferred import replace
from edgelint.errors import BUG, ENDINGS, EdgelintError, failure
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Location, Rule, Severity, broken_packs, family, registry

DEPLOYMENT_FAMILIES = ("1", "2", "3")
"""Families whose errors mean that the model does not run on the target."""

INTERNAL_FAILURE, _NAME = BUG, "internal-failure"
"""Code and name of what is told where edgelint or a rule pack fails."""


def told(
    context: Context, selected: Sequence[str], ignored: Collection[str] = (), *, every: bool = False
) -> tuple[Finding, ...]:
    """The findings of the selected rules that are worth telling, the worst first.

    A rule says nothing of a place where one that it yields to speaks, even if that one is ignored: who
    ignores a fault does not want it told in other words. A rule that fails is a finding besides, code
    EL900; so is, where `every` rule was asked for, a rule pack that could not be loaded whole.
    """
    rules = registry()
    findings = sorted(_found(context, selected), key=_order)
    speaking = {finding.code for finding in findings}
    better = {code for each in speaking for code in rules[each].yields_to}
    said = {(finding.code, finding.location) for finding in findings if finding.code in better}
    for code in better & set(ignored):
        said |= {(finding.code, finding.location) for finding in _silent(rules[code], context)}
    heard = {code for code, _ in said}
    yielding = {each: tuple(code for code in rules[each].yields_to if code in heard) for each in speaking}
    worth_telling = (
        finding
        for finding in findings
        if not yielding[finding.code]
        or not any((code, finding.location) in said for code in yielding[finding.code])
    )
    return (*(_missing_pack(name, fault) for name, fault in broken_packs().items() if every), *worth_telling)


def came_to_an_end(selected: Sequence[str], findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes of the selected rules that did not fail."""
    failed = {finding.data.get("rule") for finding in findings if finding.code == INTERNAL_FAILURE}
    return tuple(code for code in selected if code not in failed)


def regraded(findings: tuple[Finding, ...], severities: Mapping[str, Severity]) -> tuple[Finding, ...]:
    """The findings with the severities that a user gave their rules, sorted anew."""
    if not severities:
        return findings
    graded = (replace(each, severity=severities.get(each.code, each.severity)) for each in findings)
    return tuple(sorted(graded, key=_order))


def _found(context: Context, codes: Sequence[str]) -> Iterator[Finding]:
    conditions = Conditions(context)
    for code in codes:
        if not conditions.allow(code):
            continue
        on_prediction = context.network is not context.model and family(code) in DEPLOYMENT_FAMILIES
        for finding in _run(registry()[code], context):
            weaker = on_prediction and finding.evidence is Basis.EXACT and finding.code == code
            yield replace(finding, evidence=Basis.PREDICTED) if weaker else finding


def _silent(rule: Rule, context: Context) -> list[Finding]:
    """What an ignored rule would say; a rule that fails may be ignored, too."""
    try:
        return [finding for finding in _run(rule, context) if finding.code == rule.code]
    except EdgelintError:
        return []


def _run(rule: Rule, context: Context) -> list[Finding]:
    """What a rule finds; the last of it is that it failed, where it did."""
    found: list[Finding] = []
    try:
        for finding in rule.check(context):
            _verify(finding, rule)
            found.append(finding)
    except (EdgelintError, *ENDINGS):
        raise
    except BaseException as error:
        found.append(_failure(rule, error))
    return found


def _verify(finding: Finding, rule: Rule) -> None:
    """Raises TypeError for what a rule yields and no reporter could show."""
    if not isinstance(finding, Finding):
        raise TypeError(f"{type(finding).__name__} is no Finding")
    if finding.code != rule.code:
        raise TypeError(f"its finding has the code {finding.code!r}")
    stated = _STATED(finding)
    if not all(map(isinstance, stated, _KINDS.values())):
        name = next(name for name, kind in _KINDS.items() if not isinstance(getattr(finding, name), kind))
        raise TypeError(f"{name} of its finding is {getattr(finding, name)!r}")
    for key, value in finding.data.items():
        if not isinstance(value, _PLAIN) and not _is_plain(value):
            raise TypeError(f"{key!r} in the data of its finding is {value!r}")


_KINDS: dict[str, type | tuple[type, ...]] = {
    **{"rule": str, "severity": Severity, "message": str, "hint": str, "evidence": Basis},
    **{"location": Location, "data": (dict, Mapping)},
}
"""Attribute of a finding to what it may be; a dict is told faster by its own name."""

_STATED = attrgetter(*_KINDS)


_PLAIN = (str, int, type(None))
"""What JSON can carry whatever its value."""


def _is_plain(value: object) -> bool:
    """Whether JSON can carry it."""
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    return isinstance(value, float) and isfinite(value)


def _failure(rule: Rule, error: BaseException) -> Finding:
    """The finding that a rule failed, at the node that it was looking at."""
    place, line = _place(error)
    return Finding(
        code=INTERNAL_FAILURE,
        rule=_NAME,
        severity=Severity.ERROR,
        message=f"rule {rule.code} {rule.name} fails: {printable(failure(error), 400)}",
        hint=f"this is a bug in the rule: please report it with the model, or --ignore {rule.code}",
        location=place,
        data={"rule": rule.code, "line": line},
    )


def _place(error: BaseException) -> tuple[Location, str]:
    """The node that was last at hand when `error` was raised, and the file and line that raised it."""
    graph: Graph | None = None
    node: Node | None = None
    line = ""
    trace = error.__traceback__
    while trace is not None:
        held = trace.tb_frame.f_locals.values()
        graph = next((each for each in held if isinstance(each, Graph)), graph)
        node = next((each for each in held if isinstance(each, Node)), node)
        line = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    if node is None:
        return Location(), line
    return Location(graph.name if graph else "", node.name, node.source.op, node.source.index), line


def _missing_pack(name: str, fault: str) -> Finding:
    return Finding(
        code=INTERNAL_FAILURE,
        rule=_NAME,
        severity=Severity.ERROR,
        message=f"the rule pack {printable(name)!r} {fault}",
        hint="mend or uninstall it; its rules did not all run",
        data={"pack": name},
    )


def _order(finding: Finding) -> tuple[int, str, str, int]:
    return finding.severity.rank, finding.code, finding.location.graph, finding.location.index
