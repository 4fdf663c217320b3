"""The fuzzer itself: what it takes for a broken promise, and what its mutators make."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import load
from tests.conftest import FIXTURES
from tests.fuzz import execution
from tests.fuzz.campaign import Campaign
from tests.fuzz.execution import Broken, Execution
from tests.fuzz.flatbuffer_writer import written
from tests.fuzz.formats import format_module
from tests.fuzz.minimise import minimised
from tests.fuzz.tflite import _tree

MODEL = FIXTURES / "models" / "digits_cnn.int8.tflite"


@pytest.fixture(autouse=True)
def _nothing_left() -> None:
    """Has what other tests left open warn of it now: within a run it would be the model's fault."""
    gc.collect()


def _key_error(path: Path) -> None:
    raise KeyError("surprise")


def _two_lines(path: Path) -> None:
    raise EdgelintError(path, "is broken\nin two lines")


def _no_name(path: Path) -> None:
    raise EdgelintError(Path("elsewhere"), "is broken")


def _write(path: Path) -> None:
    path.with_name("more").write_text("")


def _start(path: Path) -> None:
    subprocess.run(["true"], check=False)


def _fork(path: Path) -> None:
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def _read_elsewhere(path: Path) -> None:
    Path("/etc/hostname").read_bytes()


def _never_end(path: Path) -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (_key_error, "keyerror-outside"),
        (_two_lines, "unprintable-outside"),
        (_no_name, "nameless-outside"),
        (_write, "side-effect-wrote"),
        (_start, "side-effect-"),
        (_fork, "side-effect-started"),
        (_read_elsewhere, "side-effect-read"),
        (_never_end, "slow-outside"),
    ],
)
def test_a_broken_promise_is_noticed(
    fault: Callable[[Path], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(path: Path, *settings: Any) -> None:
        fault(path)

    monkeypatch.setattr(execution, "load", loaded)
    monkeypatch.setattr(execution, "check_file", loaded)
    monkeypatch.setattr(execution, "SECONDS", 0.3)
    with pytest.raises(Broken) as broken:
        Execution("tflite", tmp_path)(MODEL.read_bytes())
    assert broken.value.name.startswith(name)


def test_a_sound_model_keeps_the_promise(tmp_path: Path) -> None:
    attempt = Execution("tflite", tmp_path, full=True)
    attempt(MODEL.read_bytes())
    assert attempt.done["check"] == len(execution.TARGETS)


def test_what_the_writer_makes_of_an_untouched_tree_is_the_same_model(tmp_path: Path) -> None:
    tree = _tree(MODEL.read_bytes())
    assert tree is not None
    again = tmp_path / "again.tflite"
    again.write_bytes(written(tree))
    before, after = load(MODEL), load(again)
    assert [node.op for node in before.main.nodes] == [node.op for node in after.main.nodes]
    assert {name: value.shape for name, value in before.main.values.items()} == {
        name: value.shape for name, value in after.main.values.items()
    }


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_mutations_follow_from_the_seed_and_often_leave_a_model(format: str, tmp_path: Path) -> None:
    module = format_module(format)
    seeds = sorted(module.seeds(), key=len)[:20]

    def made(seed: int) -> list[bytes]:
        chance = Random(seed)
        return [module.mutated(data, chance.choice(seeds), chance) for data in seeds * 5]

    assert made(3) == made(3) != made(4)
    path, sound = tmp_path / f"m{module.SUFFIX}", 0
    for data in made(3):
        path.write_bytes(data)
        try:
            sound += bool(load(path).graphs)
        except EdgelintError:
            continue
    assert 10 < sound < 100


def test_minimising_keeps_what_the_fault_needs() -> None:
    assert minimised(bytes(range(256)) * 4, lambda data: b"\x41\x42" in data, 5.0) == b"\x41\x42"


@pytest.mark.slow
def test_a_campaign_counts_what_its_worker_did(tmp_path: Path) -> None:
    figures = tmp_path / "run.json"
    run = Campaign(
        "tflite", "mutator", 200, 120.0, tmp_path / "corpus", tmp_path / "faults", 1, figures
    ).run()
    assert run.executions["load"] + run.executions["check"] >= 200
    assert figures.exists()
    assert not run.broken
