"""docs/accuracy.md is what its script writes today."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.conftest import ROOT, SHARED_MODELS


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("tflite_micro")
    spec = spec_from_file_location("arena_accuracy", ROOT / "benchmarks" / "arena_accuracy.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_fixtures_are_measured_and_computed_as_the_page_says(script: ModuleType) -> None:
    assert script.written("fixtures") == script.fixtures_part()


def test_quantized_fixtures_are_predicted_as_the_page_says(script: ModuleType) -> None:
    assert script.written("quantization") == script.quantization_part()


def test_public_models_are_computed_as_the_page_says(script: ModuleType) -> None:
    measured = SHARED_MODELS.parent / "reference" / "tflm-truth.json"
    if not measured.is_file():
        pytest.skip("the measured figures of public models are not beside the repository")
    import json

    assert script.written("public models") == script.public_part(
        SHARED_MODELS, json.loads(measured.read_text())
    )
