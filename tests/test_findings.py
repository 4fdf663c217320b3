"""Which findings are told: not what another rule says better of the same place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgelint import findings
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.findings import told
from edgelint.rule import Finding, Rule, Severity, registry

CONTEXT = Context(chain("float32[1,8]").op("Relu", "float32[1,8]").op("Tanh", "float32[1,8]").model)


class _Says:
    """What speaks of every Relu like a rule, without being registered as one."""

    severity, hint = Severity.NOTE, ""
    finding, at = Rule.finding, Rule.at

    def __init__(self, code: str, *yields_to: str, everywhere: bool = False, fails: bool = False) -> None:
        self.code = self.name = code
        self.yields_to = yields_to
        self.everywhere, self.fails = everywhere, fails

    def check(self, context: Context) -> Iterator[Finding]:
        if self.fails:
            raise ValueError("broken")
        for graph, node in context.model.nodes():
            if self.everywhere or node.op == "Relu":
                yield self.at(graph, node, self.code)  # type: ignore[misc]


def codes(monkeypatch: pytest.MonkeyPatch, *rules: _Says, ignored: str = "") -> list[str]:
    monkeypatch.setattr(findings, "registry", lambda: {rule.code: rule for rule in rules})
    selected = [rule.code for rule in rules if rule.code != ignored]
    return [finding.message for finding in told(CONTEXT, selected, {ignored})]


def test_a_rule_yields_where_the_other_one_speaks_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(monkeypatch, _Says("XX1"), _Says("XX2", "XX1", everywhere=True)) == ["XX1", "XX2"]
    assert codes(monkeypatch, _Says("XX1"), _Says("XX2", "XX1")) == ["XX1"]


def test_an_ignored_rule_still_silences_what_says_it_in_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(monkeypatch, _Says("XX1"), _Says("XX2", "XX1"), ignored="XX1") == []


def test_an_ignored_rule_may_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(monkeypatch, _Says("XX1", fails=True), _Says("XX2", "XX1"), ignored="XX1") == ["XX2"]


def test_yielding_goes_round_in_no_circle() -> None:
    rules = registry()
    for rule in rules.values():
        assert all(code in rules for code in rule.yields_to)
        seen, walk = set(), list(rule.yields_to)
        while walk:
            code = walk.pop()
            assert code != rule.code
            if code not in seen:
                seen.add(code)
                walk.extend(rules[code].yields_to)
