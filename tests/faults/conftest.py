"""What tests of faults share: a folder with models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.program import MODELS, WRONG


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model of each format, of which one has an error."""
    for name, model in {
        "m.tflite": "digits_cnn.int8.tflite",
        "m.onnx": "digits_cnn.onnx",
        "m.keras": "digits_cnn.keras",
        WRONG: "diabetes_softmax_one_unit.int8.tflite",
    }.items():
        shutil.copyfile(MODELS / model, tmp_path / name)
    return tmp_path


@pytest.fixture(autouse=True)
def _writable(tmp_path: Path) -> Iterator[None]:
    """Lets pytest put away folders that a test that failed left closed."""
    yield
    tmp_path.chmod(0o755)
