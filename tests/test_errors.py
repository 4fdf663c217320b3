"""What a user can be told survives the way from one process to another."""

from __future__ import annotations

import pickle
from pathlib import Path

from edgelint.errors import EdgelintError


def test_an_error_says_path_problem_and_place() -> None:
    error = EdgelintError("m.tflite", "is cut short", where="offset 0x10")
    assert str(error) == "m.tflite: is cut short (offset 0x10)"


def test_an_error_can_cross_processes() -> None:
    error = EdgelintError("m.onnx", "is empty", where="offset 0", hint="export it again", code="EL903")
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    assert again.path == Path("m.onnx")
