"""What tests share: where the fixtures and the optional corpus of real models are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgelint.bounds import MIB_VARIABLE, SECONDS_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
SHARED_MODELS = ROOT.parent / "shared" / "models"
"""Real model files, not part of the project; tests over them skip when the folder is absent."""


def corpus() -> list[dict[str, Any]]:
    """The manifest entries of the real model files, [] when they are not there."""
    manifest = SHARED_MODELS / "MANIFEST.json"
    return json.loads(manifest.read_text()) if manifest.is_file() else []


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    """Ends with its test what the program allows itself: a process that runs tests is a large one."""
    yield
    for variable in (SECONDS_VARIABLE, MIB_VARIABLE):
        os.environ.pop(variable, None)


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of real model files; skips the test when it is absent."""
    if not SHARED_MODELS.is_dir():
        pytest.skip("the corpus of real models is not beside the repository")
    return SHARED_MODELS
