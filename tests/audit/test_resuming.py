"""An audit that was interrupted, or comes again, does only what is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgelint import checker
from edgelint.audit import contents, on_processes
from edgelint.audit.cache import Cache, default_folder, keys_of
from edgelint.audit.contents import Companion, content_of
from edgelint.audit.engines import EngineOptions
from edgelint.audit.sources import Item
from edgelint.audit.work import Plan, Result, Unit, audit_one
from edgelint.checker import Settings
from edgelint.errors import EdgelintError
from tests.audit.zoo import MODELS, Rows, audit, many, rows, timeless, told, zoo

CNN = MODELS / "digits_cnn.int8.tflite"


def results(folder: Path) -> dict[Path, int]:
    """The entries of the cache of an audit in `folder`, and when they were written."""
    found = (folder / "cache" / "results").rglob("*")
    return {path: path.stat().st_mtime_ns for path in found if path.is_file() and path.name[0] != "."}


SLOW = ("--target", "cortex-m4,cortex-m7,cortex-m33,cortex-m55,rp2040,esp32s3,ethos-u55-128,litert-cpu")
"""Targets for which a model takes long enough to be interrupted at."""


def begun(folder: Path, models: Path) -> subprocess.Popen[bytes]:
    """A running audit, with a process group of its own, that has kept the results of some models."""
    arguments = (*SLOW, "-o", folder / "report.jsonl", "--cache", folder / "cache", "--jobs", "2")
    running = subprocess.Popen(
        [sys.executable, "-m", "edgelint", "audit", models, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(results(folder)) < 5 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert running.poll() is None, "it was done before it could be interrupted"
    return running


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 40 models and the tables of an audit that ran through."""
    folder = tmp_path_factory.mktemp("undisturbed")
    audit(folder, many(folder / "zoo", 40), *SLOW, "--no-cache")
    return folder


@pytest.mark.parametrize(
    "end",
    [
        lambda running: os.killpg(running.pid, signal.SIGKILL),
        lambda running: running.kill(),
        lambda running: running.send_signal(signal.SIGINT),
    ],
    ids=["all of it killed", "its first process killed", "Ctrl-C"],
)
def test_what_was_found_before_the_end_is_neither_lost_nor_done_again(
    undisturbed: Path, tmp_path: Path, end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    running = begun(tmp_path, undisturbed / "zoo")
    end(running)
    running.wait(20)
    assert not (tmp_path / "report.jsonl").exists()
    before = results(tmp_path)

    judged, known = told(audit(tmp_path, undisturbed / "zoo", *SLOW))
    assert known >= len(before) >= 5
    assert judged == 40 - known > 0
    after = results(tmp_path)
    assert len(after) == 40
    assert {path: after[path] for path in before} == before
    for table in ("report.jsonl", "report.findings.jsonl"):
        assert timeless(rows(tmp_path / table)) == timeless(rows(undisturbed / table))


def test_a_worker_that_is_killed_costs_no_model(undisturbed: Path, tmp_path: Path) -> None:
    running = begun(tmp_path, undisturbed / "zoo")
    os.kill(int(children(running.pid)[0]), signal.SIGKILL)
    assert running.wait(60) == 0
    assert timeless(rows(tmp_path / "report.jsonl")) == timeless(rows(undisturbed / "report.jsonl"))


def children(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("processes cannot be listed here")
    return path.read_text().split()


def twice(folder: Path, models: Path, *arguments: str | Path) -> tuple[int, int]:
    """How many models the second of two audits judges and knows; `arguments` are those of the second."""
    audit(folder, models, "--target", "cortex-m4")
    return told(audit(folder, models, *(arguments or ("--target", "cortex-m4"))))


def test_the_second_audit_judges_nothing_and_says_the_same(tmp_path: Path) -> None:
    models = zoo(tmp_path / "zoo")
    audit(tmp_path, models, "--target", "cortex-m4")
    first: list[Rows] = [rows(tmp_path / name) for name in ("report.jsonl", "report.findings.jsonl")]
    assert told(audit(tmp_path, models, "--target", "cortex-m4")) == (0, 5)
    assert [rows(tmp_path / name) for name in ("report.jsonl", "report.findings.jsonl")] == first


def test_new_targets_are_judged_and_old_ones_known(tmp_path: Path) -> None:
    models = zoo(tmp_path / "zoo")
    assert twice(tmp_path, models, "--target", "cortex-m4,rp2040") == (5, 0)
    both = results(tmp_path)
    assert len(both) == 10
    assert told(audit(tmp_path, models, "--target", "rp2040")) == (0, 5)
    assert results(tmp_path) == both


@pytest.mark.parametrize(
    "changed",
    [
        ("--ram", "1K"),
        ("--ignore", "EL3"),
        ("--task", "classification"),
        ("--no-weights",),
        ("--reserve", "4K"),
    ],
    ids=" ".join,
)
def test_other_settings_are_other_results(tmp_path: Path, changed: tuple[str, ...]) -> None:
    assert twice(tmp_path, CNN, "--target", "cortex-m4", *changed) == (1, 0)


def test_so_are_those_that_more_time_was_allowed_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit(tmp_path, CNN)
    monkeypatch.setenv("EDGELINT_MAX_SECONDS", "60")
    assert told(audit(tmp_path, CNN)) == (1, 0)
    assert told(audit(tmp_path, CNN)) == (0, 1)


def test_a_model_with_another_name_is_known_by_its_content(tmp_path: Path) -> None:
    models = many(tmp_path / "zoo", 3)
    audit(tmp_path, models)
    before = results(tmp_path)
    models.rename(tmp_path / "moved")
    audit(tmp_path, tmp_path / "moved")
    assert results(tmp_path) == before


def test_a_model_with_other_content_under_its_old_name_is_judged(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    shutil.copy(CNN, model)
    os.utime(model, (1e9, 1e9))
    audit(tmp_path, model)
    data = bytearray(CNN.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    os.utime(model, (1e9, 1e9))
    assert told(audit(tmp_path, model)) == (1, 0)


def test_a_target_of_ones_own_is_known_by_what_its_definition_says(tmp_path: Path) -> None:
    board = tmp_path / "acme.toml"
    board.write_text('[board.acme]\ninherits = "cortex-m4"\nram = "64K"\n')
    audit(tmp_path, CNN, "--target", board)
    assert told(audit(tmp_path, CNN, "--target", board)) == (0, 1)
    board.write_text('[board.acme]\ninherits = "cortex-m4"\nram = "1K"\n')
    assert told(audit(tmp_path, CNN, "--target", board)) == (1, 0)
    (row,) = rows(tmp_path / "report.jsonl")
    assert row["verdict"] == "does-not-fit"


def test_weights_in_another_file_are_part_of_the_model(tmp_path: Path) -> None:
    models = tmp_path / "zoo"
    models.mkdir()
    for name in ("digits_mlp_saved.external.onnx", "digits_mlp_saved.external.weights"):
        shutil.copy(MODELS / name, models)
    assert twice(tmp_path, models) == (0, 1)
    weights = models / "digits_mlp_saved.external.weights"
    weights.write_bytes(bytes(weights.stat().st_size))
    assert told(audit(tmp_path, models, "--target", "cortex-m4")) == (1, 0)
    weights.unlink()
    assert told(audit(tmp_path, models, "--target", "cortex-m4")) == (1, 0)
    assert "EL908" in {row["code"] for row in rows(tmp_path / "report.findings.jsonl")}


def test_weights_behind_a_link_out_of_the_folder_are_part_of_the_model_once_they_are_in_it(
    tmp_path: Path,
) -> None:
    models = tmp_path / "zoo"
    models.mkdir()
    shutil.copy(MODELS / "digits_mlp_saved.external.onnx", models)
    weights = models / "digits_mlp_saved.external.weights"
    weights.symlink_to(MODELS / weights.name)
    assert twice(tmp_path, models) == (0, 1)
    weights.unlink()
    shutil.copy(MODELS / weights.name, models)
    assert told(audit(tmp_path, models, "--target", "cortex-m4")) == (1, 0)


def test_a_file_of_another_size_is_not_read_to_see_that_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(contents, "content_of", read.append)
    (tmp_path / "weights").write_bytes(b"12345")
    assert not Companion("weights", "", "c0ffee", 4).unchanged(tmp_path)
    assert read == []


def test_a_broken_entry_is_one_that_is_not_there(tmp_path: Path) -> None:
    audit(tmp_path, CNN)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:7])
    assert told(audit(tmp_path, CNN)) == (1, 0)
    assert told(audit(tmp_path, CNN)) == (0, 1)


@pytest.mark.parametrize(
    "entry",
    [
        [],
        {"records": [1], "companions": []},
        {"records": {"key": 3}, "companions": []},
        {"records": {"key": {"row": {}, "findings": []}}, "companions": []},
        {"records": {"key": {"row": {"verdict": "fits"}, "findings": []}}, "companions": [1]},
        {"records": {"key": {"row": {"verdict": "fits"}, "findings": []}}, "companions": [["name"]]},
    ],
    ids=str,
)
def test_so_is_one_that_says_what_no_audit_wrote(tmp_path: Path, entry: Any) -> None:
    settings = Settings()
    keys = keys_of(settings, "")
    item = Item("", str(CNN))
    text = json.dumps(entry).replace("key", keys.targets[""])
    cache, content = Cache(tmp_path), content_of(CNN)
    cache.keep(item, keys, content, "", {"": {"row": {"verdict": "fits"}, "findings": []}})
    (path,) = (each for each in (tmp_path / "results").rglob("*") if each.is_file())
    path.write_bytes(zlib.compress(text.encode()))
    assert list(cache.find(content, item, keys)) == []


def test_an_entry_without_an_end_is_none(tmp_path: Path) -> None:
    audit(tmp_path, CNN)
    for path in (tmp_path / "cache" / "results").rglob("*"):
        if path.is_file():
            path.write_bytes(zlib.compress(b"[" * 200_000))
    assert told(audit(tmp_path, CNN)) == (1, 0)


def test_the_size_of_a_cache_leaves_out_what_another_audit_takes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_bytes(b"1234")
    monkeypatch.setattr(os, "walk", lambda folder: [(str(tmp_path), [], ["kept", "gone"])])
    assert Cache(tmp_path).size() == 4


def test_results_are_kept_while_another_model_takes_long(tmp_path: Path) -> None:
    """A process holds the first model; what the other one has found meanwhile is not to be lost."""
    settings = Settings()
    plan = Plan(settings, keys_of(settings, ""), tmp_path / "cache")
    models = sorted(many(tmp_path / "zoo", 5).iterdir())
    work = [(plan, Unit(place, Item("", str(path)))) for place, path in enumerate(models)]
    running = on_processes.run(_slow_at_the_first, work, EngineOptions(jobs=2))
    first = next(running)
    assert first.place == 0
    assert len(results(tmp_path)) == 4
    running.close()  # type: ignore[attr-defined]


def _slow_at_the_first(plan: Plan, unit: Unit) -> Result:
    if unit.place > 0:
        return audit_one(plan, unit)
    assert plan.cache is not None
    deadline = time.monotonic() + 60
    while len(results(plan.cache.parent)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    return Result(0, records={})


def test_two_audits_at_a_time_share_a_cache(tmp_path: Path) -> None:
    models = many(tmp_path / "zoo", 40)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "edgelint",
        "audit",
        models,
        "--cache",
        tmp_path / "cache",
        "-q",
    ]
    running = [
        subprocess.Popen([*command, "--target", target, "-o", tmp_path / f"{target}.jsonl"])
        for target in ("cortex-m4", "rp2040")
    ]
    assert [each.wait(60) for each in running] == [0, 0]
    assert told(audit(tmp_path, models, "--target", "cortex-m4,rp2040")) == (0, 40)


def test_no_resume_judges_again_and_keeps_what_it_finds(tmp_path: Path) -> None:
    assert twice(tmp_path, CNN, "--target", "cortex-m4", "--no-resume") == (1, 0)
    assert told(audit(tmp_path, CNN, "--target", "cortex-m4")) == (0, 1)


def test_no_cache_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    audit(tmp_path, CNN, "--no-cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.findings.jsonl", "report.jsonl"]


def test_the_cache_is_where_the_system_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    done = audit(tmp_path, CNN, "--cache", tmp_path / "home" / "edgelint")
    assert (tmp_path / "home" / "edgelint" / "CACHEDIR.TAG").exists()
    assert f"of results in {tmp_path / 'home' / 'edgelint'}" in done.stderr


def test_a_user_without_a_home_is_told_how_to_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(EdgelintError, match="there is no home folder") as caught:
        default_folder()
    assert "--no-cache" in caught.value.hint


def test_a_cache_that_takes_nothing_is_told_and_the_audit_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = audit(tmp_path, CNN, "--cache", tmp_path / "file" / "below")
    assert "cannot keep results" in done.stderr
    assert len(rows(tmp_path / "report.jsonl")) == 1


def test_a_model_that_is_written_meanwhile_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.tflite"
    shutil.copy(CNN, model)

    def judged_and_rewritten(*arguments: Any) -> Any:
        shutil.copy(MODELS / "sine.int8.tflite", model)
        return judged(*arguments)

    judged = checker.judged
    monkeypatch.setattr(checker, "judged", judged_and_rewritten)
    result = audit_one(Plan(Settings(), keys_of(Settings(), "")), Unit(0, Item(str(model), str(model))))
    assert result.error is not None
    assert result.error.problem == "changed while it was judged"
    assert result.records is None
