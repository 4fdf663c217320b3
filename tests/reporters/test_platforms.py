"""What CI platforms are given: SARIF, GitHub annotations, GitLab Code Quality, JUnit, Markdown."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.report import Report
from edgelint.reporters import REPORTERS, Style, reporter
from edgelint.reporters.markdown import LARGEST
from edgelint.reporters.sarif import MOST_RESULTS, log
from edgelint.rule import Finding, Location, Severity
from tests.cli import edgelint
from tests.conftest import FIXTURES

MODEL = FIXTURES / "models" / "digits_logits.keras"
PLATFORMS = ("sarif", "github", "gitlab", "junit", "markdown")
HOSTILE = "a\x1b]0;owned\x07\n::error::b\u202e\u2028<script>`|[x](y)@who :tada: %0A\ud800"


def finding(node: str = "conv", severity: Severity = Severity.WARNING, code: str = "EL403") -> Finding:
    return Finding(
        code=code,
        rule="softmax-on-one-unit",
        severity=severity,
        message=f"softmax of '{node}' works over 1 unit",
        hint="use a sigmoid",
        location=Location("main", node, "SOFTMAX", 3),
    )


def report(*findings: Finding, path: str = "a/model.tflite", target: str | None = "cortex-m4") -> Report:
    from edgelint.checker import Settings, check_file
    from edgelint.targets import find

    settings = Settings(targets=(find("cortex-m4"),))
    real = check_file(FIXTURES / "models" / "digits_cnn.int8.tflite", settings)[0]
    return replace(real, path=path, target=target, findings=findings)


def unreadable(path: str = "bad.onnx") -> Report:
    return Report(
        path=path, error=EdgelintError(Path(path), "is empty", hint="export it again", code="EL902")
    )


def written(format: str, reports: Sequence[Report]) -> str:
    out = io.StringIO()
    reporter(format).write(reports, out, Style())
    return out.getvalue()


def results(found: Sequence[Report]) -> list[dict[str, Any]]:
    return [result for run in log(found)["runs"] for result in run["results"]]


@pytest.mark.parametrize("format", PLATFORMS)
def test_every_format_carries_a_finding_and_an_unreadable_file(format: str) -> None:
    text = written(format, [report(finding("conv_1")), unreadable()])
    assert "EL403" in text
    assert "conv_1" in text
    assert "EL902" in text
    assert "is empty" in text


@pytest.mark.parametrize("format", PLATFORMS)
def test_a_hostile_name_steers_no_platform(format: str) -> None:
    path = HOSTILE.replace("\ud800", "\udcff")
    text = written(format, [report(finding(HOSTILE), path=f"dir/{path}.tflite"), unreadable(path)])
    assert not set(text) & {"\x1b", "\x07", "\u202e", "\u2028", "\r", "\ud800"}
    assert [line for line in text.splitlines() if line.startswith("::")] == (
        text.splitlines() if format == "github" else []
    )
    assert "\n::error::b" not in text


def test_markdown_shows_a_hostile_message_as_it_is_written() -> None:
    text = written("markdown", [report(finding(HOSTILE))])
    message = text.split("`: ")[1].splitlines()[0]
    assert not set(message) & set("<>[]@")
    assert ":tada:" not in message


@pytest.mark.parametrize("format", sorted(set(REPORTERS) - {"resolver", "github"}))
def test_nothing_to_report_is_a_report_too(format: str) -> None:
    assert written(format, [report()])


def test_github_has_no_annotation_for_nothing() -> None:
    assert written("github", [report()]) == ""


def test_sarif_is_valid() -> None:
    sarif = pytest.importorskip("sarif_pydantic")
    text = written("sarif", [report(finding(), finding(severity=Severity.NOTE)), unreadable()])
    assert sarif.Sarif.model_validate_json(text).runs[0].tool.driver.name == "edgelint"


def test_sarif_gives_each_target_its_own_category() -> None:
    runs = log([report(finding()), report(finding(), target="esp32")])["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["edgelint/cortex-m4/", "edgelint/esp32/"]


def test_every_sarif_result_has_what_github_demands() -> None:
    for result in results([report(finding(), finding("")), unreadable()]):
        place = result["locations"][0]["physicalLocation"]
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert result["message"]["text"]


def test_a_sarif_result_points_at_its_rule_and_artifact() -> None:
    run = log([report(finding(), path="x.tflite"), report(finding(), path="y.tflite")])["runs"][0]
    for result, path in zip(run["results"], ("x.tflite", "y.tflite"), strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        index = result["locations"][0]["physicalLocation"]["artifactLocation"]["index"]
        assert run["artifacts"][index]["location"]["uri"] == path


def test_sarif_names_the_node_first_since_github_shows_no_more() -> None:
    assert results([report(finding("conv_1"))])[0]["message"]["text"].startswith("conv_1: ")


def test_sarif_lists_all_rules_that_ran() -> None:
    checked = report()
    rules = log([checked])["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(checked.rules)


def test_sarif_descriptions_stay_below_githubs_limit() -> None:
    for rule in log([report()])["runs"][0]["tool"]["driver"]["rules"]:
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert len(rule["properties"]["tags"]) <= 10


def test_sarif_keeps_the_worst_of_too_many_and_says_so() -> None:
    many = [finding(f"n{number}", Severity.NOTE) for number in range(MOST_RESULTS)]
    run = log([report(*many, finding("worst", Severity.ERROR))])["runs"][0]
    assert len(run["results"]) == MOST_RESULTS
    assert run["results"][0]["message"]["text"].startswith("worst")
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("1 result")


def test_sarif_says_that_a_file_could_not_be_read() -> None:
    invocation = log([unreadable()])["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False


def fingerprints(*findings: Finding) -> list[str]:
    found = results([report(*findings)])
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]


def test_a_fingerprint_outlives_the_numbers_in_a_message() -> None:
    assert fingerprints(finding()) == fingerprints(replace(finding(), message="other numbers"))


def test_two_findings_never_share_a_fingerprint() -> None:
    assert len(set(fingerprints(finding(), finding(), finding("other"), finding(code="EL402")))) == 4


def test_github_puts_the_worst_first_and_groups_by_rule_and_file() -> None:
    many = [finding(f"n{number}") for number in range(5)]
    lines = written("github", [report(*many, finding("e", Severity.ERROR))]).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning"]
    assert "5 in all, also at n1, n2 and 2 more" in lines[1]


def test_github_stays_within_ten_annotations_of_a_level() -> None:
    reports = [report(finding(), path=f"m{number}.tflite") for number in range(14)]
    lines = written("github", reports).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::warning title=edgelint::and 5 more of this level: see the report"


def test_github_escapes_what_the_runner_would_obey() -> None:
    line = written("github", [report(finding("50%"), path="a,b:c.tflite")])
    assert "file=a%2Cb%3Ac.tflite" in line
    assert "50%25" in line


def test_gitlab_fingerprints_are_unique() -> None:
    issues = json.loads(written("gitlab", [report(finding(), finding()), report(finding(), target="esp32")]))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 3
    assert {issue["severity"] for issue in issues} == {"minor"}


def test_gitlab_calls_a_security_error_critical() -> None:
    grave = finding(code="EL701", severity=Severity.ERROR)
    assert json.loads(written("gitlab", [report(grave)]))[0]["severity"] == "critical"


def test_junit_has_a_case_for_every_rule_that_ran() -> None:
    junitparser = pytest.importorskip("junitparser")
    checked = report(finding(), finding("other"))
    suite = next(iter(junitparser.JUnitXml.fromstring(written("junit", [checked]).encode())))
    assert suite.tests == len(checked.rules)
    assert suite.failures == 1
    assert suite.errors == 0


def test_junit_lets_a_note_pass() -> None:
    junitparser = pytest.importorskip("junitparser")
    noted = report(finding(severity=Severity.NOTE))
    suite = next(iter(junitparser.JUnitXml.fromstring(written("junit", [noted]).encode())))
    assert suite.failures == 0


def test_markdown_drops_the_least_severe_to_stay_below_githubs_limit() -> None:
    notes = [replace(finding(f"n{n}", Severity.NOTE), code=f"X{n}", message="m" * 500) for n in range(3000)]
    text = written("markdown", [report(*notes, finding("kept", Severity.ERROR))])
    assert len(text.encode()) <= LARGEST
    assert "Left out to stay below GitHub's limit: every note." in text
    assert "kept" in text


def test_several_reports_are_written_in_one_run(tmp_path: Path) -> None:
    files = {format: tmp_path / f"out.{format}" for format in PLATFORMS}
    reports = [word for format, file in files.items() for word in ("--report", f"{format}={file}")]
    done = edgelint("check", MODEL, "--target", "cortex-m4", *reports)
    assert "digits_logits" in done.stdout
    assert all(file.read_text() for file in files.values())


def test_a_report_of_no_known_format_is_a_usage_error() -> None:
    done = edgelint("check", MODEL, "--report", "saruf=out")
    assert done.returncode == 2
    assert "'saruf=out' is not FORMAT=FILE" in done.stderr
