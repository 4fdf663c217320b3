"""`edgelint audit`: a row for every model and target, whatever the model is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from edgelint import check
from edgelint.audit import on_processes
from edgelint.audit.cache import keys_of
from edgelint.audit.engines import EngineOptions
from edgelint.audit.sources import Item
from edgelint.audit.work import Plan, Result, Unit, audit_one
from edgelint.checker import Settings
from edgelint.targets import find, names
from tests.audit.zoo import GOOD, MODELS, audit, rows, timeless, zoo
from tests.cli import edgelint

TARGETS = ("cortex-m4", "ethos-u55-128", "onnxruntime-cpu")
FOR_TARGETS = ("--target", ",".join(TARGETS))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a zoo and the tables of its audit."""
    folder = tmp_path_factory.mktemp("audited")
    audit(folder, zoo(folder / "zoo"), *FOR_TARGETS)
    return folder


def test_each_model_has_a_row_for_each_target_in_the_order_of_the_source(audited: Path) -> None:
    places = [(Path(row["path"]).name, row["target"]) for row in rows(audited / "report.jsonl")]
    assert places == [(name, target) for name in sorted((*GOOD, "broken.tflite")) for target in TARGETS]


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("target", TARGETS)
def test_a_row_says_what_check_says(audited: Path, name: str, target: str) -> None:
    report = check(MODELS / name, target=target)
    (row,) = [
        row
        for row in rows(audited / "report.jsonl")
        if Path(row["path"]).name == name and row["target"] == target
    ]
    assert report.profile is not None
    assert row["verdict"] == report.verdict
    assert row["parameters"] == report.profile.parameters
    assert (row["macs"], row["macs_basis"]) == (report.profile.macs.value, report.profile.macs.basis)
    assert row["arena_minimum_bytes"] == report.profile.arena_bytes.minimum
    assert row["flash_bytes"] == report.profile.flash_bytes.value
    assert row["ram_limit_bytes"] == report.ram_limit
    assert [row["errors"], row["warnings"], row["notes"]] == [
        sum(finding.severity == severity for finding in report.findings)
        for severity in ("error", "warning", "note")
    ]


def test_the_findings_are_those_of_check(audited: Path) -> None:
    for name in GOOD:
        report = check(MODELS / name, target="ethos-u55-128")
        told = [
            (row["code"], row["node"], row["message"])
            for row in rows(audited / "report.findings.jsonl")
            if Path(row["path"]).name == name and row["target"] == "ethos-u55-128"
        ]
        assert told == [(each.code, each.location.node, each.message) for each in report.findings]


def test_a_bad_model_is_a_row_per_target_with_its_error(audited: Path) -> None:
    bad = [row for row in rows(audited / "report.jsonl") if row["path"].endswith("broken.tflite")]
    assert [row["target"] for row in bad] == list(TARGETS)
    for row in bad:
        assert row["error_code"].startswith("EL9")
        assert row["error"]
        assert row["verdict"] == "unknown"
        assert row["bytes"] == 48


def test_a_model_of_too_many_findings_on_a_target_is_an_error_there_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table has a row for each, which takes longer to write than the model to judge."""
    monkeypatch.setattr("edgelint.audit.work.MOST_FINDINGS", 0)
    settings = Settings(targets=(find("cortex-m4"), find("litert-cpu")))
    item = Item("", str(MODELS / "digits_any_length.free_length.tflite"))
    found = audit_one(Plan(settings, keys_of(settings, "")), Unit(0, item))
    one, none = found.records_for(settings.targets)
    assert one["row"]["error_code"] == "EL912"
    assert one["row"]["target"] == "cortex-m4"
    assert "error" not in none["row"]
    assert none["row"]["verdict"] == "fits"


def test_several_processes_write_the_same_tables(audited: Path, tmp_path: Path) -> None:
    audit(tmp_path, audited / "zoo", *FOR_TARGETS, "--jobs", "2", "--no-cache")
    for table in ("report.jsonl", "report.findings.jsonl"):
        assert timeless(rows(tmp_path / table)) == timeless(rows(audited / table))


def test_the_reasons_say_why_a_model_does_not_fit(tmp_path: Path) -> None:
    model = MODELS / "digits_cnn.int8.tflite"
    audit(tmp_path, model, "--target", "cortex-m4", "--ram", "1K", "--flash", "4K")
    (row,) = rows(tmp_path / "report.jsonl")
    assert (row["verdict"], row["reasons"]) == ("does-not-fit", ["ram", "flash"])
    audit(tmp_path, MODELS / "digits_custom_operator.custom.tflite", "--target", "cortex-m4")
    (row,) = rows(tmp_path / "report.jsonl")
    assert row["reasons"] == ["operators"]
    assert row["unsupported"] == ["AcmeBandEnergy"]
    assert row["unsupported_operators"] == 1


def test_a_model_without_a_target_has_one_row(tmp_path: Path) -> None:
    audit(tmp_path, MODELS / "sine.int8.tflite")
    (row,) = rows(tmp_path / "report.jsonl")
    assert row["target"] is None
    assert row["parameters"] == 321


def test_a_model_that_two_sources_mean_is_judged_once(tmp_path: Path) -> None:
    folder = zoo(tmp_path / "zoo")
    audit(tmp_path, folder / "wine.onnx", folder / "*.onnx", folder)
    found = rows(tmp_path / "report.jsonl")
    assert [Path(row["path"]).name for row in found].count("wine.onnx") == 1
    assert found[0]["source"] == str(folder / "wine.onnx")
    assert found[1]["source"] == str(folder)


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    folder = zoo(tmp_path / "zoo", "sine.int8.tflite")
    (folder / "edgelint.toml").write_text(
        'target = ["acme"]\n[board.acme]\ninherits = "cortex-m4"\nram = "1K"\n'
    )
    audit(tmp_path, folder / "sine.int8.tflite")
    (row,) = rows(tmp_path / "report.jsonl")
    assert (row["target"], row["ram_limit_bytes"], row["verdict"]) == ("acme", 1024, "does-not-fit")


def test_a_wrong_configuration_is_told_before_anything_is_judged(tmp_path: Path) -> None:
    folder = zoo(tmp_path / "zoo")
    zoo(folder / "last")
    (folder / "last" / "edgelint.toml").write_text('target = ["cortex-m44"]\n')
    done = edgelint("audit", folder, "-o", tmp_path / "report.csv", "--cache", tmp_path / "cache")
    assert done.returncode == 2
    assert "there is no target 'cortex-m44'" in done.stderr
    assert not (tmp_path / "cache").exists()


def test_a_target_that_is_named_twice_has_one_row(tmp_path: Path) -> None:
    audit(tmp_path, MODELS / "sine.int8.tflite", "--target", "rp2040,cortex-m4,rp2040")
    assert [row["target"] for row in rows(tmp_path / "report.jsonl")] == ["rp2040", "cortex-m4"]


def test_groups_stand_for_many_targets(tmp_path: Path) -> None:
    audit(tmp_path, MODELS / "sine.int8.tflite", "--target", "hosts,cortex-m4")
    hosts = [name for name in names() if find(name).kind == "host"]
    assert [row["target"] for row in rows(tmp_path / "report.jsonl")] == [*hosts, "cortex-m4"]


def test_a_file_name_that_is_no_utf_8_is_a_row(tmp_path: Path) -> None:
    folder = tmp_path / "zoo"
    folder.mkdir()
    data = (MODELS / "sine.int8.tflite").read_bytes()
    Path(str(folder), b"sine-\xff.tflite".decode("utf-8", "surrogateescape")).write_bytes(data)
    for output in ("report.jsonl", "report.csv", "report.parquet"):
        audit(tmp_path, folder, output=output)
    (row,) = rows(tmp_path / "report.jsonl")
    assert row["path"].endswith("sine-\\udcff.tflite")


def test_what_is_no_file_is_a_row(tmp_path: Path) -> None:
    folder = tmp_path / "zoo"
    (folder / "folder.tflite").mkdir(parents=True)
    os.mkfifo(folder / "pipe.tflite")
    (folder / "gone.tflite").symlink_to(folder / "nowhere.tflite")
    (folder / "loop.tflite").symlink_to(folder / "loop.tflite")
    audit(tmp_path, folder)
    errors = {Path(row["path"]).stem: row["error"] for row in rows(tmp_path / "report.jsonl")}
    assert errors.keys() == {"pipe", "gone", "loop"}
    assert errors["pipe"] == "is not a regular file"
    assert errors["gone"] == "does not exist"


def test_a_model_that_ends_its_process_is_a_row_with_an_error(tmp_path: Path) -> None:
    item = Item("", "deadly.tflite")
    plan = Plan(Settings(), keys_of(Settings(), ""))
    work = [(plan, Unit(place, item)) for place in range(3)]
    found = list(on_processes.run(_die_of_the_second, work, EngineOptions(jobs=2)))
    assert [result.place for result in found] == [0, 1, 2]
    assert [result.error is None for result in found] == [True, False, True]
    (record,) = found[1].records_for(plan.targets)
    assert record["row"]["error_code"] == "EL900"
    assert record["row"]["error"] == "ends the process that reads it (SIGKILL)"


def _die_of_the_second(plan: Plan, unit: Unit) -> Result:
    if unit.place == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Result(unit.place, records={})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.tflite"], "nowhere.tflite: does not exist"),
        (["empty"], "empty: holds no model file"),
        (["*.onnx"], "*.onnx: matches no file"),
        (["model.tflite", "--target", "cortex-m44"], "there is no target 'cortex-m44'"),
        (["model.tflite", "--address", "host:8786"], "--address goes with --engine dask or ray"),
        (["model.tflite", "-o", "report.xlsx"], "report.xlsx: has no suffix of a table"),
        (["model.tflite", "-o", "nowhere/report.csv"], "nowhere/report.csv: cannot be written"),
        (["model.tflite", "--findings", "report.jsonl"], "report.jsonl: is written twice"),
        (["model.tflite", "--summary", "nowhere/zoo.md"], "nowhere/zoo.md: cannot be written"),
        (["model.tflite", "--summary", "report.jsonl"], "report.jsonl: is written twice"),
        (["model.tflite", "--findings", "model.csv"], "model.csv: is a model, not a place for a report"),
        (["model.tflite", "--summary", "model.tflite"], "model.tflite: is a model, not a place for"),
        (["model.tflite", "--target", "a.toml,b.toml"], "there are two targets 'acme'; rename one"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("model.tflite", "model.csv"):
        (tmp_path / name).write_bytes((MODELS / "sine.int8.tflite").read_bytes())
    for name, ram in (("a.toml", "1K"), ("b.toml", "64K")):
        (tmp_path / name).write_text(f'[board.acme]\ninherits = "cortex-m4"\nram = "{ram}"\n')
    output = () if "-o" in arguments else ("-o", "report.jsonl")
    done = edgelint("audit", *arguments, *output, "--no-cache", cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("report*"))


def test_findings_change_the_exit_code_only_when_asked(tmp_path: Path) -> None:
    model = MODELS / "digits_custom_operator.custom.tflite"
    audit(tmp_path, model, "--target", "cortex-m4")
    audit(tmp_path, model, "--target", "cortex-m4", "--fail-on", "error", code=1)
    audit(tmp_path, model, "--target", "cortex-m4", "--fail-on", "never")
    audit(tmp_path, MODELS / "sine.int8.tflite", "--fail-on", "error")


def test_quiet_writes_the_tables_only(tmp_path: Path) -> None:
    done = audit(tmp_path, MODELS / "sine.int8.tflite", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "report.jsonl").exists()
