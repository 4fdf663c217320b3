"""`check --watch`: when a change is told, and what of it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from edgelint.commands.watching import changes, stamps
from tests.conftest import FIXTURES

GOOD = FIXTURES / "models" / "digits_cnn.int8.tflite"
WRONG = FIXTURES / "models" / "diabetes_softmax_one_unit.int8.tflite"


def test_a_change_is_told_once_the_file_has_stopped_growing(tmp_path: Path) -> None:
    growing, other = tmp_path / "a.onnx", tmp_path / "b.onnx"
    other.write_bytes(b"old")
    steps: Iterator[object] = iter(
        [
            lambda: None,
            lambda: growing.write_bytes(b"1"),
            lambda: growing.write_bytes(b"12"),
            lambda: None,
            lambda: other.unlink(),
            lambda: None,
        ]
    )
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        step = next(steps)
        assert callable(step)
        step()

    found = changes(lambda: (growing, other), stamps([growing, other]), sleep)
    first, second = next(found), next(found)
    assert (first.written, first.gone) == ((growing,), ())
    assert (second.written, second.gone) == ((), (other,))
    assert len(slept) == 6


def test_watch_checks_again_what_changes_until_ctrl_c(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    shutil.copy(GOOD, model)
    with watching("check", tmp_path, "--watch") as process:
        out = lines(process.stdout)
        assert until(out, "in 1 model")[-1].startswith("0 errors")
        shutil.copy(WRONG, model)
        assert any("EL403" in line for line in until(out, "1 error"))
        shutil.copy(GOOD, tmp_path / "new.tflite")
        told = until(out, "in 1 model")
        assert any(line.startswith("[") and line.endswith("new.tflite") for line in told)
        assert not any("EL403" in line for line in told)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "edgelint: watching 1 file, until Ctrl-C\n"


def test_watch_survives_a_configuration_in_the_making(tmp_path: Path) -> None:
    shutil.copy(WRONG, tmp_path / "model.tflite")
    config = tmp_path / "edgelint.toml"
    with watching("check", tmp_path, "--watch", "--quiet") as process:
        out = lines(process.stdout)
        until(out, "EL403")
        config.write_text("ignore = [")
        until(out, "edgelint.toml")
        config.write_text('ignore = ["EL403"]')
        until(out, "edgelint.toml")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_watch_keeps_other_reports_whole(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    models = [tmp_path / f"{name}.tflite" for name in "abc"]
    for model in models:
        shutil.copy(GOOD, model)
    with watching("check", tmp_path, "--watch", "--report", f"json={report}") as process:
        out = lines(process.stdout)
        until(out, "in 3 models")
        shutil.copy(WRONG, models[1])
        until(out, "in 1 model")
        models[0].unlink()
        until(out, "a.tflite is gone")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 1
    told = json.loads(report.read_text())["reports"]
    assert [(Path(each["path"]).name, len(each["findings"])) for each in told] == [
        ("b.tflite", 1),
        ("c.tflite", 0),
    ]


class watching:
    """A run of the program in the background, which ends with the block, or after a minute."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgelint", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.limit = threading.Timer(60, self.process.kill)
        self.limit.start()

    def __enter__(self) -> subprocess.Popen[str]:
        return self.process

    def __exit__(self, *error: object) -> None:
        self.limit.cancel()
        self.process.kill()
        self.process.communicate()


def lines(stream: IO[str] | None) -> Iterator[str]:
    assert stream is not None
    return (line.rstrip("\n") for line in stream)


def until(told: Iterator[str], word: str) -> list[str]:
    """What is told up to the line with `word`."""
    found = []
    for line in told:
        found.append(line)
        if word in line:
            return found
    raise AssertionError(f"{word!r} was never told, but {found}")
