"""What is silenced, by whom, for how long; and what can never be."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from edgelint import bounds
from edgelint.baseline import Baseline
from edgelint.errors import EdgelintError
from edgelint.report import Report
from edgelint.rule import Finding, Location, Severity
from edgelint.suppress import Ignore, Level, Suppressions
from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES

WRONG = FIXTURES / "models" / "cancer_softmax_one_unit.keras"
TODAY = date(2026, 11, 22)


def finding(node: str = "conv_1", code: str = "EL403") -> Finding:
    return Finding(code, "rule", Severity.ERROR, f"at {node}", location=Location("main", node, "Conv", 1))


def report(*findings: Finding, path: str = "models/kws.tflite", inline: str = "") -> Report:
    return Report(path=path, findings=findings, rules=("EL402", "EL403", "EL701"), inline=inline)


def told(ignores: list[Ignore], *reports: Report, inline: bool = False) -> list[str]:
    applied = Suppressions(ignores, inline=inline).apply(reports, TODAY)
    return [finding.location.node for report in applied for finding in report.findings]


def ignore(**fields: object) -> Ignore:
    return Ignore(frozenset({"EL403"}), **fields)  # type: ignore[arg-type]


def test_an_ignore_silences_its_rule_alone() -> None:
    assert told([ignore()], report(finding("a"), finding("b", "EL402"))) == ["b"]


def test_an_ignore_may_be_for_some_nodes() -> None:
    assert told([ignore(node="conv_1*")], report(finding("conv_1"), finding("conv_12"), finding("fc"))) == [
        "fc"
    ]


@pytest.mark.parametrize("path", ["kws.tflite", "models/*.tflite", "*/kws.tflite", "*"])
def test_an_ignore_may_be_for_some_files(path: str) -> None:
    assert told([ignore(path=path)], report(finding()), report(finding("x"), path="other/vww.onnx")) == (
        [] if path == "*" else ["x"]
    )


@pytest.mark.parametrize(("until", "silent"), [("2026-11-22", True), ("2026-11-21", False)])
def test_an_ignore_ends_after_its_last_day(until: str, silent: bool) -> None:
    assert told([ignore(until=date.fromisoformat(until))], report(finding())) == (
        [] if silent else ["conv_1"]
    )


def test_a_suppressed_finding_keeps_its_level_and_reason() -> None:
    (applied,) = Suppressions([ignore(reason="shipped so")]).apply([report(finding())], TODAY)
    (silent,) = applied.suppressions
    assert (silent.level, silent.reason, applied.suppressed) == (Level.IGNORE, "shipped so", 1)


def test_a_model_may_not_silence_itself_unless_allowed() -> None:
    asks = report(finding(), inline="EL403:conv_*; EL402")
    assert told([], asks) == ["conv_1"]
    assert told([], asks, inline=True) == []


def test_a_model_never_silences_a_security_finding() -> None:
    assert told([], report(finding(code="EL701"), inline="EL701"), inline=True) == ["conv_1"]


def test_nodes_that_a_file_names_without_globs_are_looked_up_not_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may name 10,000 of them, and have 100,000 findings."""
    monkeypatch.delattr("edgelint.suppress.fnmatchcase")
    names = [f"conv_{place}" for place in range(9)]
    asks = report(*map(finding, names), finding("fc"), inline=";".join(f"EL403:{name}" for name in names))
    assert told([], asks, inline=True) == ["fc"]


def test_a_file_whose_own_word_takes_for_ever_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(name: str, glob: str) -> bool:
        while bounds.counts():
            pass
        return False

    monkeypatch.setattr("edgelint.suppress.fnmatchcase", endless)
    monkeypatch.setenv(bounds.SECONDS_VARIABLE, "1")
    long, sound = report(finding(), inline="EL403:*"), report(finding("fc"))
    first, second = Suppressions(inline=True).apply([long, sound], TODAY)
    assert first.error is not None
    assert (first.error.code, first.path) == ("EL912", long.path)
    assert second == sound


def test_a_baseline_accepts_as_many_findings_as_it_counted() -> None:
    accepted = Baseline.of([report(finding(), finding())], Path())
    (applied,) = Suppressions(baseline=accepted).apply([report(finding(), finding(), finding())])
    assert (len(applied.findings), applied.suppressed) == (1, 2)


def test_a_baseline_is_for_the_same_node_and_model() -> None:
    accepted = Suppressions(baseline=Baseline.of([report(finding())], Path()))
    others = [report(finding("other")), report(finding(), path="models/vww.tflite")]
    assert [len(each.findings) for each in accepted.apply(others)] == [1, 1]


def test_a_baseline_is_read_back_as_written(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    written = Baseline.of([report(finding("b"), finding("a"), path=str(tmp_path / "m.tflite"))], tmp_path)
    written.write(file)
    assert Baseline.read(file) == written
    lines = file.read_text().splitlines()
    assert lines[1:-1] == sorted(lines[1:-1])
    assert file.read_text().endswith("\n")
    assert json.loads(file.read_text())["entries"][0]["path"] == "m.tflite"


def test_unused_entries_are_named_for_models_and_rules_that_were_checked() -> None:
    accepted = Baseline.of([report(finding()), report(finding(), path="not/checked.tflite")], Path())
    unused = accepted.unused([report()])
    assert [(entry.path, count) for entry, count in unused.items()] == [("models/kws.tflite", 1)]
    assert accepted.unused([Report(path="models/kws.tflite", rules=("EL402",))]) == {}


def test_pruning_takes_out_what_is_unused() -> None:
    accepted = Baseline.of([report(finding("a"), finding("b"))], Path())
    assert [entry.node for entry in accepted.pruned([report(finding("a"))]).counts] == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no baseline of version 1"),
        ('{"edgelint-baseline": 1}', "has no list of entries"),
        ('{"edgelint-baseline": 1, "entries": [{"rule": 3}]}', "has an entry that is none"),
    ],
)
def test_a_broken_baseline_is_refused_in_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(EdgelintError, match=said):
        Baseline.read(file)


def test_adopting_a_baseline_makes_the_next_check_clean(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    assert edgelint("check", WRONG, "--target", "cortex-m4").returncode == 1
    assert edgelint("baseline", WRONG, "--target", "cortex-m4", "--output", file).returncode == 0
    code, document = edgelint_json("check", WRONG, "--target", "cortex-m4", "--baseline", file)
    assert code == 0
    assert document["reports"][0]["findings"] == []
    assert document["reports"][0]["suppressed"] > 0
    assert {each["level"] for each in document["reports"][0]["suppressions"]} == {"baseline"}


def test_a_baseline_that_accepts_too_much_is_said_and_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    edgelint("baseline", WRONG, "--target", "cortex-m4", "--output", file)
    text = file.read_text()
    file.write_text(text.replace('"node": "', '"node": "gone_', 1))
    options = ("--target", "cortex-m4", "--baseline", file, "--fail-on", "never")
    lax, strict = edgelint("check", WRONG, *options), edgelint("check", WRONG, *options, "--strict-baseline")
    assert "accepts findings that are gone (1)" in lax.stderr
    assert (lax.returncode, strict.returncode) == (0, 2)
    edgelint("baseline", WRONG, "--target", "cortex-m4", "--output", file, "--prune")
    assert "gone_" not in file.read_text()


def test_suppressed_findings_are_counted_and_shown_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    edgelint("baseline", WRONG, "--target", "cortex-m4", "--output", file)
    done = edgelint("check", WRONG, "--target", "cortex-m4", "--baseline", file, "--show-suppressed")
    assert "suppressed (baseline)" in done.stdout
    assert "by baseline)" in done.stdout.splitlines()[-1]
