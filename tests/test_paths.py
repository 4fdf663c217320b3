"""Which files the paths on a command line mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.errors import EdgelintError
from edgelint.paths import model_files


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.onnx", "a.TFLITE", "notes.txt", "sub/c.keras", "sub/.git/d.h5", ".venv/e.onnx"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*paths: str) -> list[str]:
    return [entry.as_posix() for entry in model_files(paths) if isinstance(entry, Path)]


@pytest.mark.usefixtures("tree")
def test_a_folder_gives_its_models_in_name_order_whatever_the_case_of_the_suffix() -> None:
    assert found(".") == ["a.TFLITE", "b.onnx", "sub/c.keras"]


@pytest.mark.usefixtures("tree")
def test_a_named_file_is_taken_whatever_its_suffix() -> None:
    assert found("notes.txt") == ["notes.txt"]


@pytest.mark.usefixtures("tree")
def test_a_glob_the_shell_left_alone_is_expanded() -> None:
    assert found("*.onnx", "**/*.keras") == ["b.onnx", "sub/c.keras"]


@pytest.mark.usefixtures("tree")
def test_a_file_named_twice_is_checked_once() -> None:
    assert found("b.onnx", ".") == ["b.onnx", "a.TFLITE", "sub/c.keras"]


@pytest.mark.usefixtures("tree")
def test_a_missing_file_is_left_for_the_loader_to_report() -> None:
    assert found("gone.onnx") == ["gone.onnx"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("path", "problem"), [("*.lite", "matches no file"), ("empty", "holds no model file")]
)
def test_what_matches_nothing_is_an_error_of_its_own(path: str, problem: str) -> None:
    Path("empty").mkdir()
    (entry,) = model_files([path])
    assert isinstance(entry, EdgelintError)
    assert entry.problem == problem
