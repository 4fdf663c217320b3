"""Configuration files: which one counts, what it may say, and who wins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgelint.choices import FAIL_ON, QUANTIZE, TASKS
from edgelint.config.file import matches, nearest_config, read_config
from edgelint.config.keys import DEFAULTS, READERS
from edgelint.config.layers import Layer, Resolver, joined
from edgelint.errors import EdgelintError
from edgelint.rule import Severity
from tests.cli import edgelint
from tests.conftest import FIXTURES

MODEL = FIXTURES / "models" / "digits_cnn.int8.tflite"
HEAD = FIXTURES / "models" / "cancer_softmax_one_unit.float32.tflite"
"""A model whose head is wrong: EL403, an error."""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A folder with two models in folders of their own."""
    for name, model in (("good", MODEL), ("bad", HEAD)):
        (tmp_path / name).mkdir()
        shutil.copy(model, tmp_path / name / "m.tflite")
    return tmp_path


def configure(folder: Path, text: str, name: str = "edgelint.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def check(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and reports of a check of everything in `folder`, run there."""
    done = edgelint("check", ".", "--format", "json", *arguments, cwd=folder, env=env)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["reports"]


def codes(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in report["findings"]}


def sources(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> dict[str, tuple[Any, str]]:
    done = edgelint("config", *arguments, "--format", "json", cwd=folder, env=env)
    assert done.stderr == ""
    return {key: (said["value"], said["source"]) for key, said in json.loads(done.stdout)["values"].items()}


def test_the_nearest_file_of_each_model_counts(repo: Path) -> None:
    configure(repo, 'target = "cortex-m4"')
    configure(repo / "bad", 'target = "rp2040"')
    _, reports = check(repo)
    assert {report["path"]: report["target"] for report in reports} == {
        "bad/m.tflite": "rp2040",
        "good/m.tflite": "cortex-m4",
    }


def test_a_pyproject_without_our_table_is_passed_by(repo: Path) -> None:
    above = configure(repo, '[tool.edgelint]\ntarget = "cortex-m4"', "pyproject.toml")
    configure(repo / "good", "[tool.ruff]\nline-length = 1", "pyproject.toml")
    found = nearest_config(repo / "good" / "m.tflite")
    assert found is not None
    assert found.path.absolute() == above
    assert found.values == {"target": ["cortex-m4"]}


def test_a_pyproject_that_does_not_speak_of_us_is_not_read(repo: Path) -> None:
    configure(repo, "this is [no toml", "pyproject.toml")
    assert nearest_config(repo) is None


def test_edgelint_toml_goes_before_pyproject_toml_and_may_have_the_same_table(repo: Path) -> None:
    configure(repo, "[tool.edgelint]\nreserve = 1", "pyproject.toml")
    configure(repo, "[tool.edgelint]\nreserve = 2")
    found = nearest_config(repo)
    assert found is not None
    assert found.values == {"reserve": 2}


def test_isolated_and_config_replace_the_search(repo: Path) -> None:
    configure(repo, 'target = "cortex-m4"')
    configure(repo, 'target = "rp2040"', "other.toml")
    assert sources(repo)["target"] == (["cortex-m4"], "edgelint.toml")
    assert sources(repo, "--isolated")["target"] == ([], "default")
    assert sources(repo, "--config", "other.toml")["target"] == (["rp2040"], "other.toml")
    assert [report["target"] for report in check(repo, "--isolated")[1]] == [None, None]
    assert [report["target"] for report in check(repo, "--config", "other.toml")[1]] == ["rp2040", "rp2040"]


def test_flags_go_before_the_environment_before_files_before_defaults(repo: Path) -> None:
    env = {"EDGELINT_CHECK_TARGET": "rp2040 cortex-m7", "EDGELINT_CHECK_TASK": "binary"}
    assert sources(repo)["target"] == ([], "default")
    file = configure(repo, 'target = "cortex-m4"\ntask = "regression"\n[budget]\nram = "8K"').name
    assert sources(repo)["target"] == (["cortex-m4"], file)
    said = sources(repo, env=env)
    assert said["target"] == (["rp2040", "cortex-m7"], "EDGELINT_CHECK_TARGET")
    assert said["budget.ram"] == (8192, file)
    said = sources(repo, "--target", "cortex-m3", env=env)
    assert said["target"] == (["cortex-m3"], "--target")
    assert said["task"] == ("binary", "EDGELINT_CHECK_TASK")
    _, reports = check(repo, "--target", "cortex-m3", env=env)
    assert {report["target"] for report in reports} == {"cortex-m3"}


def test_budgets_reserve_and_task_reach_the_check(repo: Path) -> None:
    configure(repo, 'target = "cortex-m4"\n[budget]\nram = "2 KiB"')
    assert [report["verdict"] for report in check(repo)[1]] == ["fits", "does-not-fit"]
    assert {report["verdict"] for report in check(repo, "--ram", "64K")[1]} == {"fits"}
    configure(repo, 'target = "cortex-m4"\nreserve = "255K"')
    assert [report["verdict"] for report in check(repo)[1]] == ["does-not-fit", "does-not-fit"]


def test_tables_of_files_add_to_what_holds_for_all(repo: Path) -> None:
    configure(
        repo,
        """
        target = "cortex-m4"
        ignore = ["EL3"]
        [[files]]
        path = "bad/*.tflite"
        target = "rp2040"
        ignore = ["EL403"]
        budget.ram = "1K"
        """,
    )
    code, (bad, good) = check(repo)
    assert (code, bad["target"], good["target"]) == (1, "rp2040", "cortex-m4")
    assert not codes(bad) & {"EL403"}
    assert (bad["verdict"], good["verdict"]) == ("does-not-fit", "fits")
    said = sources(repo, "bad/m.tflite")
    assert said["ignore"][0] == ["EL3", "EL403"]
    assert said["target"] == (["rp2040"], "edgelint.toml [[files]] bad/*.tflite")
    assert sources(repo, "good/m.tflite")["ignore"][0] == ["EL3"]


def test_of_two_tables_that_match_the_later_goes_first(repo: Path) -> None:
    configure(
        repo, '[[files]]\npath = "**"\ntask = "binary"\n[[files]]\npath = "m.tflite"\ntask = "regression"'
    )
    assert sources(repo, "bad/m.tflite")["task"][0] == "regression"
    assert sources(repo, "bad/n.tflite")["task"][0] == "binary"


@pytest.mark.parametrize(
    ("glob", "name", "meant"),
    [
        ("models/*.onnx", "models/a.onnx", True),
        ("models/*.onnx", "models/server/a.onnx", False),
        ("models/**/*.onnx", "models/server/big/a.onnx", True),
        ("models/**/*.onnx", "models/a.onnx", True),
        ("models/", "models/server/a.onnx", True),
        ("*.onnx", "deep/down/a.onnx", True),
        ("a?.[lt]*", "x/ab.tflite", True),
        ("a.onnx", "x/aXonnx", False),
        ("./models/a.onnx", "models/a.onnx", True),
        ("[", "[", True),
    ],
)
def test_a_glob_means_a_file_relative_to_the_configuration(glob: str, name: str, meant: bool) -> None:
    assert matches(glob, name) is meant


def test_severities_are_graded_anew_and_the_verdict_stays(repo: Path) -> None:
    configure(repo, 'target = "cortex-m4"\n[severity]\nEL403 = "note"')
    code, (bad, _) = check(repo)
    assert code == 0
    assert {each["severity"] for each in bad["findings"] if each["code"] == "EL403"} == {"note"}
    configure(repo, 'target = "cortex-m4"\n[severity]\nEL1 = "note"\n[budget]\nram = "1K"')
    assert {report["verdict"] for report in check(repo)[1]} == {"does-not-fit"}


def test_a_family_and_a_name_may_be_graded_too(tmp_path: Path) -> None:
    path = configure(tmp_path, '[severity]\nEL7 = "error"\nsoftmax-on-one-unit = "note"')
    graded = Resolver(config=path).for_path(tmp_path).settings().severities
    assert graded["EL403"] is Severity.NOTE
    assert {graded[code] for code in graded if code.startswith("EL7")} == {Severity.ERROR}


def test_fail_on_may_differ_by_file(repo: Path) -> None:
    assert check(repo)[0] == 1
    configure(repo, '[[files]]\npath = "bad/"\nfail-on = "never"')
    assert check(repo)[0] == 0
    assert check(repo, "--fail-on", "error")[0] == 1


def test_thresholds_of_rules_are_moved(tmp_path: Path) -> None:
    path = configure(tmp_path, "[rules.EL203]\nheadroom = 15\n[rules.custom-operator]\nallow = 'A,B'")
    resolver = Resolver((Layer.of({"rules.EL203.headroom": 20}, "--option"),), path)
    assert resolver.for_path(tmp_path).settings().options == {
        "EL203": {"headroom": 20},
        "EL103": {"allow": "A,B"},
    }


def test_single_nodes_are_silenced_with_a_reason_until_a_day(repo: Path) -> None:
    entry = '{ rule = "EL403", path = "bad/*", reason = "known", until = %s }'
    configure(repo, f"ignore = [{entry % '2999-01-01'}]")
    code, (bad, _) = check(repo)
    assert (code, bad["suppressed"]) == (0, 1)
    configure(repo, f"[[ignore]]\n{entry.strip('{} ').replace(', ', chr(10)) % '2020-01-01'}")
    assert check(repo)[0] == 1


def test_the_baseline_of_a_configuration_lies_beside_it(repo: Path) -> None:
    configure(repo, 'baseline = "known.json"')
    assert edgelint("baseline", ".", "--output", "known.json", cwd=repo).returncode == 0
    done = edgelint("check", str(repo / "bad"), cwd=repo)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('targte = "rp2040"', "edgelint.toml: has the unknown key 'targte'; did you mean target"),
        ('[budget]\nrum = "1K"', "unknown key 'rum' ([budget]); did you mean ram?"),
        ('[budget]\nram = "lots"', "has 'lots' for ram"),
        ("[budget]\nram = true", "has True for ram"),
        ('task = "clasification"', "has 'clasification' for task ([tool"),
        ('[severity]\nEL403 = "warn"', "has 'warn' for EL403 ([severity]); did you mean warning?"),
        ('[severity]\nEL999 = "note"', "there is no rule 'EL999'"),
        ("[rules.EL203]\nheadrom = 1", "has no option 'headrom' ([rules.EL203]); did you mean headroom?"),
        ('[rules.EL203]\nheadroom = "big"', "([rules.EL203])"),
        ('[[files]]\ntarget = "rp2040"', "lacks path"),
        ('[[files]]\npath = "*"\nbaseline = "b"', "holds for a whole run"),
        ('files = "x"', "is no list of tables"),
        ('target = "cortexm4"', "there is no target 'cortexm4'"),
        ("target = 4", "a string or a list of strings"),
        ('targets = ["boards/*.toml"]', "matches no file"),
        ("ignore = [4]", "has [4] for ignore"),
        ('[[ignore]]\nrule = "EL4"\nuntil = 4', "no date such as 2027-01-31"),
        ("[dim]\nbatch = 0", "has 0 for batch"),
        ("reserve = [", "is not TOML"),
        ('allow-inline = "yes"', "true or false"),
        ('[dim]\n"a\\n::error::b" = 1', "control characters or several lines"),
        ('[rules."\\u001b[31m"]\nx = 1', "control characters or several lines"),
        ('[board.acme]\ninherits = "rp2040"\ntitle = "a\\nb"', "control characters or several lines"),
    ],
)
def test_what_means_nothing_is_one_line_and_exit_2(repo: Path, text: str, said: str) -> None:
    configure(repo, text)
    done = edgelint("check", ".", cwd=repo)
    assert done.returncode == 2
    assert said.replace(" ([tool", "") in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_configuration_that_is_named_must_be_there_and_hold_one(repo: Path) -> None:
    configure(repo, "[project]", "pyproject.toml")
    for name, said in (("gone.toml", "does not exist"), ("pyproject.toml", r"has no \[tool.edgelint\]")):
        with pytest.raises(EdgelintError, match=said):
            read_config(repo / name)


def test_every_key_has_a_default_or_a_table_of_its_own() -> None:
    tables = {"dim", "severity", "rules", "budget"}
    assert {key.partition(".")[0] for key in DEFAULTS} | tables == set(READERS)


def test_words_of_choices_are_those_of_the_flags() -> None:
    assert {word for word in FAIL_ON if word != "never"} == {severity.value for severity in Severity}
    assert ("auto" in TASKS, "int8" in QUANTIZE) == (True, True)


def test_joining_keeps_all_that_is_ignored() -> None:
    layers = [
        Layer.of({"ignore": each}, name) for each, name in (([], "a"), (["x"], "b"), (["y"], "c"), ([], "d"))
    ]
    said = joined(layers)["ignore"]
    assert (said.value, said.source) == (["x", "y"], "b, c")


def test_config_takes_the_options_of_check_and_tells_wrong_ones(repo: Path) -> None:
    assert sources(repo, "--ram", "64K", "--dim", "batch=4")["dim.batch"] == (4, "--dim")
    done = edgelint("config", "--taget", "rp2040", cwd=repo)
    assert (done.returncode, "--target" in done.stderr) == (2, True)


def test_config_prints_a_line_per_value_with_its_source(repo: Path) -> None:
    configure(repo, '[tool.edgelint.budget]\nram = "96 KiB"', "pyproject.toml")
    done = edgelint("config", "good/m.tflite", cwd=repo)
    lines = done.stdout.splitlines()
    assert lines[0] == "good/m.tflite: pyproject.toml"
    assert [line.split() for line in lines if line.startswith("budget.ram")] == [
        ["budget.ram", "98304", "pyproject.toml"]
    ]


def test_several_processes_see_the_same_configuration(repo: Path) -> None:
    configure(
        repo,
        """
        target = "acme"
        [board.acme]
        inherits = "cortex-m4"
        operators = "few"
        [operators.few]
        inherits = "tflm"
        remove = ["SOFTMAX"]
        [[files]]
        path = "bad/"
        target = "rp2040"
        """,
    )
    alone, many = (check(repo, "--jobs", jobs) for jobs in ("1", "2"))
    assert alone == many
    assert [report["target"] for report in alone[1]] == ["rp2040", "acme"]
    assert {"op": "SOFTMAX", "count": 1, "supported": False} in alone[1][1]["operators"]
