"""The README shows what really happens."""

from __future__ import annotations

import re

import pytest

import edgelint
from tests.cli import edgelint as run
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    ["check", "fixtures/models/digits_cnn.int8.tflite", "--target", "cortex-m4"],
    [
        "check",
        "fixtures/models/diabetes_softmax.keras",
        "fixtures/models/digits_cnn.dynamic.tflite",
        "--target",
        "cortex-m4",
    ],
]


@pytest.mark.parametrize(("command", "shown"), list(zip(COMMANDS, SHOWN, strict=True)), ids=["good", "wrong"])
def test_the_output_shown_is_the_real_one(command: list[str], shown: str) -> None:
    assert run(*command, cwd=ROOT).stdout == shown


def test_the_first_command_is_the_one_whose_output_is_shown() -> None:
    assert f"edgelint {' '.join(COMMANDS[0])}\n" in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "pip install -q -e '.[dev]' && .venv/bin/pytest -n 2\n" in README
    assert "install --quiet -e '.[dev]'" in script
    assert '"$venv/bin/pytest" -n 2\n' in script


def test_the_library_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(example, {"edgelint": edgelint})
    assert capsys.readouterr().out.startswith("fits ")
