"""Rules are known, and passed over, without being imported; what is said of them there is so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from edgelint import targets
from edgelint.conditions import CONDITIONS, Conditions
from edgelint.context import Context
from edgelint.examples import Example
from edgelint.rule import Rule, find, registry, requirements
from tests import rule_index
from tests.conftest import ROOT

RULES = registry()
TABLE = import_module("edgelint.rules.index").RULES
EXAMPLES = {
    str(example): example
    for rule in RULES.values()
    for example in (*rule.VALID, *(example for example, _ in rule.INVALID))
}
DEAD = find("dead-relu").code
TARGETS = ("", "cortex-m4", "onnxruntime-cpu", "ethos-u55-128")


def test_the_table_says_what_the_classes_say() -> None:
    assert rule_index.rows() == TABLE, "python -m tests.rule_index writes it"


def test_the_table_is_written_as_it_lies_there(tmp_path: Path) -> None:
    rule_index.write(tmp_path / "index.py")
    assert (tmp_path / "index.py").read_text() == (ROOT / "rules" / "index.py").read_text()


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_needs_are_conditions(rule: Rule) -> None:
    assert isinstance(rule.needs, tuple)
    assert isinstance(rule.operators, tuple)
    assert CONDITIONS.keys() >= set(rule.needs)
    assert requirements(rule.code) == (rule.needs, rule.operators)


@pytest.mark.parametrize("target", TARGETS)
def test_a_rule_that_is_passed_over_would_find_nothing(target: str) -> None:
    passed_over = 0
    for example in EXAMPLES.values():
        context = context_of(example, target)
        conditions = Conditions(context)
        for code, rule in RULES.items():
            if not conditions.allow(code):
                passed_over += 1
                assert list(rule.check(context)) == [], f"{code}: {example}"
    assert passed_over > 10 * len(EXAMPLES)


def context_of(example: Example, target: str) -> Context:
    found = targets.find(target) if target else None
    return Context(example.model, found, example.task, limits=example.limits)


def test_a_rule_is_asked_where_its_condition_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgelint.conditions.requirements", lambda code: (("no such condition",), ()))
    example, _ = find("dead-relu").INVALID[0]
    assert Conditions(context_of(example, "")).allow(DEAD)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The folder of rules in a copy of edgelint."""
    ignored = shutil.ignore_patterns("__pycache__", "rules")
    shutil.copytree(ROOT / "edgelint", tmp_path / "edgelint", ignore=ignored)
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "edgelint" / "rules"))


def said(rules: Path, question: str) -> str:
    """What that copy answers to `question`, an expression on its registry `known`."""
    program = f"import sys; sys.path.insert(0, {str(rules.parent.parent)!r})\n"
    program += f"from edgelint.rule import broken_packs, registry\nknown = registry()\nprint(({question}))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=rules)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


def test_to_know_the_rules_none_is_imported(rules: Path) -> None:
    loaded = "[name for name in sys.modules if name.startswith('edgelint.rules.')]"
    told = (len(RULES), True, "dead-relu", ["edgelint.rules.index"])
    assert said(rules, f"len(known), {DEAD!r} in known, known.name({DEAD!r}), {loaded}") == str(told)


def test_a_rule_is_found_that_the_table_lacks(rules: Path) -> None:
    text = (rules / "heads" / "dead_relu.py").read_text()
    (rules / "heads" / "new_one.py").write_text(text.replace('"EL4', '"EL9').replace("dead-relu", "new-one"))
    code = DEAD.replace("EL4", "EL9")
    assert said(rules, f"known[{code!r}].name, broken_packs()") == "('new-one', {})"


def test_a_rule_whose_file_is_gone_is_none(rules: Path) -> None:
    (rules / "heads" / "dead_relu.py").unlink()
    assert said(rules, f"{DEAD!r} in known, len(known)") == str((False, len(RULES) - 1))


def test_a_new_rule_that_cannot_be_imported_is_told(rules: Path) -> None:
    (rules / "heads" / "new_one.py").write_text("1 / 0")
    fault = "lacks edgelint.rules.heads.new_one: ZeroDivisionError: division by zero"
    assert said(rules, "dict(broken_packs())") == str({"edgelint": fault})


def test_a_known_rule_that_cannot_be_imported_is_an_error(rules: Path) -> None:
    (rules / "heads" / "dead_relu.py").write_text("1 / 0")
    told = said(rules, f"known[{DEAD!r}]")
    assert "edgelint lacks edgelint.rules.heads.dead_relu: ZeroDivisionError: division by zero" in told


def test_a_rule_that_has_another_code_than_the_table_says_is_an_error(rules: Path) -> None:
    path = rules / "heads" / "dead_relu.py"
    path.write_text(path.read_text().replace(f'"{DEAD}"', '"EL499"'))
    assert f"edgelint has no {DEAD} in edgelint.rules.heads.dead_relu" in said(rules, f"known[{DEAD!r}]")


def test_a_code_of_edgelints_own_is_taken_before_its_rule_is_imported(rules: Path) -> None:
    text = (rules / "heads" / "dead_relu.py").read_text()
    (rules / "heads" / "new_one.py").write_text(text)
    taken = f"code {DEAD} of edgelint.rules.heads.new_one is taken by edgelint.rules.heads.dead_relu"
    assert taken in said(rules, "dict(broken_packs())")
