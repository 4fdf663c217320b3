"""Each model of a call has an allowance of its own, and none pays for another that takes more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgelint import batch, bounds
from edgelint.analysis.weights import reading
from edgelint.analysis.weights.reading import Weights
from edgelint.checker import Settings
from edgelint.errors import EdgelintError
from edgelint.ir.tensor import Tensor
from edgelint.loaders import load
from edgelint.report import Report
from edgelint.stopping import Stopped
from tests.cli import edgelint
from tests.conftest import FIXTURES
from tests.hostile import onnx_files as onnx
from tests.hostile.onnx_files import field, node, tensor

GOOD = FIXTURES / "models" / "sine.int8.tflite"

ENDLESS_DRAWING = """
from edgelint.picture import draw as room
draw = room.draw
def endless(context, report, **how):
    while bounds.counts() and report.path == "slow.onnx" and report.target == "cortex-m4": pass
    return draw(context, report, **how)
room.draw = endless
"""
ENDLESS_WRITING = """
from edgelint.commands import output
from edgelint.reporters import json as room
output.ORDINARY = 0
to_dict = room.to_dict
def endless(report, **how):
    while bounds.counts() and report.path == "slow.onnx" and report.operators: pass
    return to_dict(report, **how)
room.to_dict = endless
"""


def program(fault: str, folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A run where what `fault` patches goes on for as long as anybody counts the time that it takes."""
    (folder / "slow.onnx").write_bytes(onnx.relu())
    return subprocess.run(
        [sys.executable, "-c", f"from edgelint import bounds, cli\n{fault}\ncli.run()", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {bounds.SECONDS_VARIABLE: "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_picture_that_takes_too_much_is_missed_alone(tmp_path: Path) -> None:
    targets = ("--target", "cortex-m4", "--target", "litert-cpu")
    outputs = ("--format", "html", "--output", "page.html", "--report", "json=report.json")
    done = program(ENDLESS_DRAWING, tmp_path, "check", "slow.onnx", GOOD, *targets, *outputs)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: slow.onnx: EL912: takes more than the 1.15 seconds")
    page = (tmp_path / "page.html").read_text()
    assert "<p>slow.onnx on cortex-m4: EL912 takes more than the 1.15 seconds" in page
    shown = re.findall("<h1>(.*?):", page)
    assert shown == ["slow.onnx on litert-cpu", f"{GOOD} on cortex-m4", f"{GOOD} on litert-cpu"]
    assert len(json.loads((tmp_path / "report.json").read_text())["reports"]) == 4


def test_a_report_that_takes_too_much_to_write_is_one_on_that(tmp_path: Path) -> None:
    done = program(ENDLESS_WRITING, tmp_path, "inspect", "slow.onnx", GOOD, "--format", "json")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: slow.onnx: EL912: takes more than the 1.15 seconds")
    slow, good = json.loads(done.stdout)["reports"]
    assert slow["error"]["code"] == "EL912"
    assert good["error"] is None


class Clock:
    """Processor time that passes as a test wants it."""

    def __init__(self) -> None:
        self.now = 1.0

    def times(self) -> SimpleNamespace:
        return SimpleNamespace(user=self.now, system=0.0, children_user=0.0, children_system=0.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The only one there is; a model has 10 seconds by it."""
    clock = Clock()
    monkeypatch.setattr(os, "times", clock.times)
    monkeypatch.setattr(bounds, "_uncounted", 0.0)
    monkeypatch.setenv(bounds.SECONDS_VARIABLE, "10")
    return clock


def test_time_for_what_the_user_has_asked_for_does_not_count(clock: Clock) -> None:
    with bounds.Allowance("m.onnx") as allowance:
        with bounds.unhurried(asked=True), bounds.unhurried(asked=True):
            clock.now += 100
            assert bounds.seconds_left() == 10
            allowance.tick()
        clock.now += 4
        assert bounds.seconds_left() == 6
        with bounds.unhurried(asked=False):
            clock.now += 1
        assert bounds.seconds_left() == 5
    assert bounds.Allowance("m.onnx", since_start=True).seconds_left == 4


def test_what_is_asked_for_takes_its_time_and_no_more(clock: Clock) -> None:
    patience = bounds.unhurried(asked=True, seconds=100)
    with bounds.Allowance("m.onnx"):
        with patience:
            clock.now += 70
        assert bounds.seconds_left() == 10
        with patience:
            clock.now += 29
            assert bounds.seconds_left() == 10
            clock.now += 4
            assert bounds.seconds_left() == 7
        assert bounds.seconds_left() == 7
        with patience:
            clock.now += 2
        assert bounds.seconds_left() == 5


def test_memory_counts_there_as_well(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bounds.MIB_VARIABLE, "1")
    allowance = bounds.Allowance("m.onnx")
    with pytest.raises(EdgelintError, match="of memory"), allowance, bounds.unhurried(asked=True):
        allowance.tick()
    clock.now += 4
    assert bounds.Allowance("m.onnx", since_start=True).seconds_left == 5


@pytest.mark.parametrize(("asked", "seconds"), [(True, 6), (True, 600), (None, 6)])
def test_reading_weights_may_take_long_if_it_was_asked_for_but_not_for_ever(
    asked: bool | None, seconds: int, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = Tensor.pieces

    def slow(self: Tensor, *arguments: Any) -> Iterator[Any]:
        clock.now += seconds
        allowance.tick()
        return pieces(self, *arguments)

    monkeypatch.setattr(Tensor, "pieces", slow)
    monkeypatch.setattr(reading, "SECONDS", 30)
    path = tmp_path / "m.onnx"
    twice = b"".join(field(5, tensor(name, [64], bytes(range(32)) * 8)) for name in ("v", "w"))
    path.write_bytes(onnx.model(onnx.graph(node("Add", ["v", "w"], ["y"]), more=twice)))
    weights = Weights(load(path), asked)
    if asked and seconds < 10:
        with bounds.Allowance(path) as allowance:
            assert len(weights.copies(1)) == 1
            assert bounds.seconds_left() == 10
    else:
        with pytest.raises(EdgelintError, match="10 seconds"), bounds.Allowance(path) as allowance:
            weights.copies(1)


def test_reports_on_other_models_take_no_memory_from_any(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [0]

    def judged(settings: Settings, path: Path) -> list[Report]:
        with bounds.Allowance(path) as allowance:
            held[0] += 90 << 20
            allowance.tick()
        return [Report(path=str(path))]

    monkeypatch.setattr(bounds, "memory", lambda: held[0])
    monkeypatch.setattr(bounds, "OWN", 0)
    monkeypatch.setattr(bounds, "_kept", 0)
    monkeypatch.setattr(batch, "check_guarded", judged)
    monkeypatch.setenv(bounds.MIB_VARIABLE, "100")
    assert len(list(batch.check_files([(Path("m.onnx"), Settings())] * 3))) == 3


def test_more_memory_than_a_system_can_count_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bounds.MIB_VARIABLE, "1e300")
    with bounds.Allowance("m.onnx"):
        assert 2**60 < bounds.bytes_left() < 2**63


def test_a_model_whose_weights_are_asked_for_has_no_more_time_for_all_else(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx.chain(20_000))
    done = edgelint("check", path, "--weights", env={bounds.SECONDS_VARIABLE: "0.1"})
    assert "EL912 error: takes more than the 0.1 seconds" in done.stdout
    assert done.returncode == 2


def test_what_else_falls_into_a_finalizer_is_for_whom_it_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that asks to end is raised once more by who hears it."""
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    monkeypatch.setenv(bounds.SECONDS_VARIABLE, "60")
    with bounds.Allowance(GOOD):
        assert sys.unraisablehook is not told.append
        signalled = SimpleNamespace(exc_value=Stopped(15))
        sys.unraisablehook(signalled)
    assert told == [signalled]
