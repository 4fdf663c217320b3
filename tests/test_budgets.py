"""Limits of the user's own: parameters, arena, and growth against a committed record."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgelint.analysis.figure import Basis, Figure
from edgelint.analysis.own_limits import FIGURES, Recorded
from edgelint.checker import Settings, check_file, check_model
from edgelint.config.keys import budget_of
from edgelint.config.layers import Layer, Resolver
from edgelint.errors import EdgelintError
from edgelint.examples import chain
from edgelint.quantity import parse_percent
from edgelint.record import Record
from edgelint.report import Report
from edgelint.rule import Finding, Severity
from edgelint.targets import find
from edgelint.testing import assert_deployable
from tests.cli import edgelint
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
SMALL, LARGE = MODELS / "digits_cnn.int8.tflite", MODELS / "digits_large_images.int8.tflite"
M4 = find("cortex-m4")


def told(path: Path, **settings: Any) -> list[Finding]:
    """What the rules of this family's budgets say of a model, for cortex-m4 unless `targets` says else."""
    chosen = Settings(**{"targets": (M4,), **settings}, select=frozenset({"EL210", "EL211", "EL212"}))
    (report,) = check_file(path, chosen)
    assert report.error is None
    return list(report.findings)


def said(path: Path, **settings: Any) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in told(path, **settings)]


def configured(folder: Path, text: str, *given: Layer) -> Settings:
    path = folder / "edgelint.toml"
    path.write_text(text)
    resolved = Resolver(given, path).for_path(folder / "m.tflite")
    return resolved.settings()


@pytest.mark.parametrize(
    "model", ["digits_cnn.keras", "digits_cnn.h5", "digits_cnn.onnx", "digits_cnn.float32.tflite"]
)
def test_parameters_are_held_against_a_budget_in_every_format_and_without_a_target(model: str) -> None:
    (report,) = check_file(MODELS / model, Settings())
    assert report.profile is not None
    count = report.profile.parameters
    assert said(MODELS / model, targets=(), parameters=count) == []
    assert said(MODELS / model, targets=(), parameters=count - 1) == [("EL210", "error")]
    assert told(MODELS / model, parameters=0)[0].data["parameters"] == count


def test_an_arena_is_held_against_its_limit_apart_from_the_ram() -> None:
    (report,) = check_file(SMALL, Settings(targets=(M4,), select=frozenset()))
    assert report.profile is not None
    needed = report.profile.arena_bytes.minimum
    assert needed is not None
    assert said(SMALL, arena=needed) == []
    assert said(SMALL, arena=needed - 1) == [("EL211", "error")]
    (over,) = check_file(SMALL, Settings(targets=(M4,), arena=needed - 1))
    assert (over.verdict, over.ram_limit) == ("does-not-fit", M4.ram)


@pytest.mark.parametrize(
    ("model", "target", "limit", "severity"),
    [
        ("digits_cnn.keras", "cortex-m4", 64, "error"),
        ("digits_cnn.keras", "cortex-m4", 10**6, None),
        ("digits_cnn.int8.tflite", "litert-cpu", 64, "error"),
        ("digits_cnn.int8.tflite", "litert-cpu", 10**6, "note"),
        ("digits_cnn.onnx", None, 10**6, "note"),
    ],
    ids=["predicted above", "predicted below", "bound above", "bound below", "no target"],
)
def test_what_is_not_exact_is_told_as_it_is(
    model: str, target: str | None, limit: int, severity: str | None
) -> None:
    found = said(MODELS / model, targets=(find(target),) if target else (), arena=limit)
    assert found == ([("EL211", severity)] if severity else [])


def test_parameters_of_a_model_that_is_not_known_in_full_prove_no_limit() -> None:
    whole = chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").model
    for limit, severity in ((5000, Severity.NOTE), (4000, Severity.ERROR)):
        settings = Settings(parameters=limit, select=frozenset({"EL210"}))
        (found,) = check_model(replace(whole, complete=False), None, settings).findings
        assert (found.severity, found.evidence) == (severity, Basis.BOUND)
        assert "at least 4,096" in found.message


def test_a_test_suite_may_limit_parameters_too() -> None:
    assert assert_deployable(SMALL, "cortex-m4", max_parameters="3k").verdict == "fits"
    with pytest.raises(AssertionError, match="parameters: 2,636, 636 above the limit of 2,000"):
        assert_deployable(SMALL, "cortex-m4", max_parameters="2k")


def test_a_limit_for_one_target_goes_before_that_for_all(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        """
        target = ["cortex-m4", "rp2040", "cortex-m7"]
        budget = { ram = "8K", arena = "4K", cortex-m4.arena = "1K", rp2040.ram = "96K", rp2040.macs = "2M" }
        """,
    )
    m4, rp2040, m7 = (settings.at(target) for target in settings.targets)
    assert [each.arena for each in (m4, rp2040, m7)] == [1024, 4096, 4096]
    assert [each.ram for each in (m4, rp2040, m7)] == [8192, 98304, 8192]
    assert [each.macs for each in (m4, rp2040, m7)] == [None, 2_000_000, None]
    reports = check_file(SMALL, settings)
    arenas = {
        report.target: [each.data["available"] for each in report.findings if each.code == "EL211"]
        for report in reports
    }
    assert arenas == {"cortex-m4": [1024], "rp2040": [], "cortex-m7": []}
    assert [report.ram_limit for report in reports] == [8192, 98304, 8192]


def test_a_stronger_source_goes_before_a_limit_for_one_target(tmp_path: Path) -> None:
    text = "[budget.cortex-m4]\narena = 1000\nmacs = 5\n[[files]]\npath = '*'\nbudget.macs = 7"
    settings = configured(tmp_path, text, Layer.of({"budget.arena": 2000}, "--arena")).at(M4)
    assert (settings.arena, settings.macs) == (2000, 7)


def test_a_budget_may_be_for_a_board_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "boards.toml").write_text('[board.acme]\ninherits = "cortex-m4"')
    own = '[board.mine]\ninherits = "cortex-m4"\n[budget.mine]\narena = 1\n'
    inside, beside = 'target = "mine"\n' + own, 'target = "boards.toml"\n[budget.acme]\narena = 2'
    for text, arena in ((inside, 1), (beside, 2)):
        settings = configured(tmp_path, text)
        assert settings.at(settings.targets[0]).arena == arena


@pytest.mark.parametrize(
    ("stated", "percents"),
    [
        ('"2%"', dict.fromkeys(FIGURES, 2.0)),
        ("2", dict.fromkeys(FIGURES, 2.0)),
        ("{ arena = '+0.5 %', model-file = 0 }", {"arena": 0.5, "model-file": 0.0}),
    ],
)
def test_growth_is_limited_for_all_figures_or_for_some(
    tmp_path: Path, stated: str, percents: dict[str, float]
) -> None:
    Record(tmp_path / "r.json").write()
    assert configured(tmp_path, f'record = "r.json"\nbudget.growth = {stated}').growth == percents


def test_growth_for_one_target_and_of_files_is_joined_figure_by_figure(tmp_path: Path) -> None:
    Record(tmp_path / "r.json").write()
    text = """
        record = "r.json"
        budget.growth = { arena = 1, flash = 2 }
        budget.cortex-m4.growth.arena = 0
        [[files]]
        path = "m.*"
        budget.growth.flash = 9
        """
    settings = configured(tmp_path, text)
    assert settings.growth == {"arena": 1, "flash": 9}
    assert settings.at(M4).growth == {"arena": 0, "flash": 9}


@pytest.mark.parametrize(
    ("key", "about"),
    [
        ("budget.ram", ("", "ram")),
        ("budget.growth.arena", ("", "growth.arena")),
        ("budget.rp2040.ram", ("rp2040", "ram")),
        ("budget.acme.rev2.growth.flash", ("acme.rev2", "growth.flash")),
        ("rules.EL203.headroom", None),
    ],
)
def test_a_flat_key_says_target_and_limit(key: str, about: tuple[str, str] | None) -> None:
    assert budget_of(key) == about


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('budget.paramters = "1k"', "'paramters' ([budget]); did you mean parameters?"),
        ('budget.arena = "much"', "has 'much' for arena"),
        ("budget.cortexm4.arena = 1", "'cortexm4' ([budget]); did you mean cortex-m4"),
        ("budget.paramters.arena = 1", "did you mean parameters"),
        ("budget.cortex-m4.arenas = 1", "'arenas' ([budget.cortex-m4]); did you mean arena?"),
        ("budget.cortex-m4 = 1", "unknown key 'cortex-m4'"),
        ('budget.growth = "2 KiB"', "no percentage such as '2%'"),
        ("budget.growth = -1", "no percentage"),
        ("budget.growth = nan", "no percentage"),
        ("budget.growth = inf", "no percentage"),
        ("budget.growth = true", "no percentage"),
        ("budget.growth.arenas = 1", "did you mean arena?"),
        ("budget.growth = 2", "limits growth beyond no record"),
        ('budget.growth = 2\nrecord = "gone.json"', "gone.json: does not exist"),
        ('[[files]]\npath = "*"\nrecord = "r"', "holds for a whole run"),
    ],
)
def test_a_budget_that_means_nothing_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EdgelintError) as caught:
        configured(tmp_path, text)
    assert message in f"{caught.value}; {caught.value.hint}"


@pytest.mark.parametrize(("word", "percent"), [("2", 2), ("+2%", 2), (" 0.5 % ", 0.5), ("100%", 100)])
def test_a_percentage_is_read(word: str, percent: float) -> None:
    assert parse_percent(word) == percent


@pytest.mark.parametrize("word", ["", "%", "-2%", "2%%", "1e3", "nan", "9" * 4000])
def test_what_is_no_percentage_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no percentage"):
        parse_percent(word)


def report(path: str, target: str | None = "cortex-m4", **figures: int | None) -> Report:
    measured = {name.replace("_", "-"): Figure(value) for name, value in figures.items()}
    return Report(path=path, target=target, measured=measured)


def test_a_record_is_read_back_as_written(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    known = report(str(tmp_path / "b" / "m.tflite"), arena=3, macs=None)
    bound = replace(known, target="a", measured={"arena": Figure(1, Basis.BOUND)})
    unreadable = replace(known, path="y", error=EdgelintError("y", "is bad"))
    written = Record.of([known, report("x", None, model_file=2**40), bound, unreadable], file)
    written.write()
    assert Record.read(file) == written
    head, *lines, last = file.read_text().splitlines()
    assert (head, last) == ('{"edgelint-record": 1, "entries": [', "]}")
    entries = [json.loads(line.rstrip(",")) for line in lines]
    assert entries == [
        {"path": "b/m.tflite", "target": "a", "arena": 1, "at-least": ["arena"]},
        {"path": "b/m.tflite", "target": "cortex-m4", "arena": 3},
        {"path": "x", "target": "", "model-file": 2**40},
    ]
    assert written.entry(tmp_path / "b" / "m.tflite", "cortex-m4") == Recorded({"arena": 3})
    assert written.entry(tmp_path / "m.tflite", "cortex-m4") is None


def test_updating_replaces_all_that_a_record_has_about_a_model(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    old = Record.of([report("a", "t"), report("a", "u"), report("b", "t", arena=1)], file)
    assert set(old.updated(Record.of([report("a", "v")], file)).entries) == {("a", "v"), ("b", "t")}


def lines(*entries: Any) -> str:
    return json.dumps({"edgelint-record": 1, "entries": list(entries)})


ENTRY = {"path": "m", "target": "t"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no record of version 1"),
        ('{"edgelint-baseline": 1, "entries": []}', "is no record of version 1"),
        ('{"edgelint-record": 2, "entries": []}', "is no record of version 1"),
        ('{"edgelint-record": 1, "entries": {}}', "has no list of entries"),
        (lines(3), "has an entry that is none (entry 0)"),
        (lines({**ENTRY, "arena": -1}), "entry 0"),
        (lines({**ENTRY, "arena": True}), "entry 0"),
        (lines({**ENTRY, "arena": 2**63}), "entry 0"),
        (lines({**ENTRY, "arena": 1.5}), "entry 0"),
        (lines({**ENTRY, "arenas": 1}), "entry 0"),
        (lines({**ENTRY, "at-least": ["arena"]}), "entry 0"),
        (lines({**ENTRY, "arena": 1, "at-least": [["arena"]]}), "entry 0"),
        (lines({**ENTRY, "at-least": "arena"}), "entry 0"),
        (lines({"path": "m"}), "entry 0"),
        (lines(ENTRY, {"path": "n", "target": "t"}, ENTRY), "has two entries about 'm' for t (entry 2)"),
    ],
)
def test_a_broken_record_is_refused_in_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text(text)
    with pytest.raises(EdgelintError) as caught:
        Record.read(file)
    assert message in str(caught.value)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A folder with a model, its record and a limit to growth."""
    (tmp_path / "models").mkdir()
    shutil.copy(SMALL, tmp_path / "models" / "m.tflite")
    (tmp_path / "edgelint.toml").write_text(
        'target = ["cortex-m4", "litert-cpu"]\nignore = ["EL3", "EL4", "EL5", "EL6"]\n'
        'record = "figures.json"\nbudget.growth = "2%"'
    )
    done = edgelint("record", "models", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 entries about 1 model recorded in figures.json\n"
    return tmp_path


def grown(folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code of a check of `folder`, and what it says of growth."""
    done = edgelint("check", "models", "--format", "json", *arguments, cwd=folder)
    assert done.stderr == ""
    reports = json.loads(done.stdout)["reports"]
    found = [
        {**finding, "target": report["target"], "verdict": report["verdict"]}
        for report in reports
        for finding in report["findings"]
        if finding["code"] == "EL212"
    ]
    return done.returncode, found


def test_a_model_that_is_as_recorded_has_not_grown(repo: Path) -> None:
    assert grown(repo) == (0, [])
    assert grown(repo, "--growth", "0%") == (0, [])


def test_a_model_that_grew_fails_the_check_and_fits_all_the_same(repo: Path) -> None:
    before = Record.read(repo / "figures.json").entries["models/m.tflite", "cortex-m4"].values
    shutil.copy(LARGE, repo / "models" / "m.tflite")
    code, found = grown(repo)
    on_m4 = {each["data"]["figure"]: each for each in found if each["target"] == "cortex-m4"}
    assert code == 1
    assert {"arena", "macs", "peak-activation"} <= set(on_m4)
    arena = on_m4["arena"]
    assert (arena["severity"], arena["verdict"]) == ("error", "fits")
    assert arena["data"]["recorded"] == before["arena"]
    assert f"{before['arena']:,} to {arena['data']['now']:,} bytes" in arena["message"]
    at_least = next(
        each for each in found if (each["target"], each["data"]["figure"]) == ("litert-cpu", "arena")
    )
    assert (at_least["severity"], at_least["evidence"]) == ("note", "bound")
    assert grown(repo, "--growth", "100000%") == (0, [])
    assert edgelint("record", "models", cwd=repo).returncode == 0
    assert grown(repo) == (0, [])


def test_a_model_that_is_not_in_the_record_is_a_note_until_it_is(repo: Path) -> None:
    shutil.copy(LARGE, repo / "models" / "new.tflite")
    code, found = grown(repo)
    assert (code, {each["severity"] for each in found}) == (0, {"note"})
    assert [each["message"] for each in found] == [
        f"has no entry for {target} in 'figures.json', so growth is not judged"
        for target in ("cortex-m4", "litert-cpu")
    ]
    assert edgelint("record", "models/new.tflite", "--update", cwd=repo).returncode == 0
    assert len(Record.read(repo / "figures.json").entries) == 4
    assert grown(repo) == (0, [])


def test_a_record_lies_beside_its_configuration_wherever_check_is_run(repo: Path) -> None:
    elsewhere = repo / "elsewhere"
    elsewhere.mkdir()
    done = edgelint("check", repo / "models", "--growth", "0%", "--format", "json", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert all(each["code"] != "EL212" for each in json.loads(done.stdout)["reports"][0]["findings"])


def test_several_processes_see_the_same_record(repo: Path) -> None:
    shutil.copy(LARGE, repo / "models" / "other.tflite")
    shutil.copy(LARGE, repo / "models" / "m.tflite")
    assert grown(repo) == grown(repo, "--jobs", "2")


def test_a_record_needs_no_configuration(tmp_path: Path) -> None:
    arguments = (SMALL, "--target", "cortex-m4", "--isolated")
    assert edgelint("record", *arguments, "--output", "r.json", cwd=tmp_path).returncode == 0
    done = edgelint("check", *arguments, "--record", "r.json", "--growth", "0%", cwd=tmp_path)
    assert (done.returncode, "EL212" in done.stdout) == (0, False)


@pytest.mark.parametrize("text", ["{", '{"edgelint-record": 1, "entries": [7]}'])
def test_a_broken_record_is_one_line_and_exit_2(repo: Path, text: str) -> None:
    (repo / "figures.json").write_text(text)
    done = edgelint("check", "models", cwd=repo)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "figures.json: " in done.stderr
    assert edgelint("inspect", "models", cwd=repo).returncode == 0
    assert edgelint("record", "models", cwd=repo).returncode == 0
    assert grown(repo) == (0, [])


def test_unreadable_models_are_told_and_the_others_recorded(repo: Path) -> None:
    (repo / "models" / "bad.tflite").write_bytes(b"no model")
    done = edgelint("record", "models", cwd=repo)
    assert done.returncode == 2
    said = f"edgelint: {Path('models', 'bad.tflite')}: EL901: is not a TFLite model"
    assert done.stderr.startswith(said)
    assert done.stderr.endswith("; nothing of it is recorded\n")
    assert {model for model, _ in Record.read(repo / "figures.json").entries} == {"models/m.tflite"}


def test_limits_have_flags_and_sources(repo: Path) -> None:
    flags = ("--parameters", "1k", "--arena", "1K", "--growth", "+3%", "--record", "r.json")
    shutil.copy(repo / "figures.json", repo / "r.json")
    done = edgelint("config", *flags, "--format", "json", cwd=repo)
    values = json.loads(done.stdout)["values"]
    assert values["budget.parameters"] == {"value": 1000, "source": "--parameters"}
    assert values["budget.arena"] == {"value": 1024, "source": "--arena"}
    assert values["budget.growth.flash"] == {"value": 3.0, "source": "--growth"}
    assert values["record"] == {"value": "r.json", "source": "--record"}
    done = edgelint("check", "models", *flags, cwd=repo)
    assert done.returncode == 1
    assert "EL210 error: has 2,636 parameters, 263 % of the 1,000 there may be" in done.stdout
    assert "EL211 error" in done.stdout
