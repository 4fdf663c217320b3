"""docs/accuracy.md is what its script writes today."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from benchmarks.page import parts
from tests.conftest import SHARED_MODELS


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("tflite_micro")
    from benchmarks import arena_accuracy

    return arena_accuracy


@pytest.fixture(scope="module")
def written(script: ModuleType) -> dict[str, str]:
    return parts(script.PAGE)


def test_the_fixtures_are_measured_and_computed_as_the_page_says(
    script: ModuleType, written: dict[str, str]
) -> None:
    assert written["fixtures"] == script.fixtures_part().strip()


def test_quantized_fixtures_are_predicted_as_the_page_says(
    script: ModuleType, written: dict[str, str]
) -> None:
    assert written["quantization"] == script.quantization_part().strip()


def test_public_models_are_computed_as_the_page_says(script: ModuleType, written: dict[str, str]) -> None:
    measured = SHARED_MODELS.parent / "reference" / "tflm-truth.json"
    if not measured.is_file():
        pytest.skip("the measured figures of public models are not beside the repository")
    told = script.public_part(SHARED_MODELS, json.loads(measured.read_text()))
    assert written["public models"] == told.strip()
