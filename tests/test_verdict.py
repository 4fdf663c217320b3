"""What keeps a model from a target, in the report's own words."""

from __future__ import annotations

import pytest

from edgelint.checker import Settings, check_file
from edgelint.report import Report
from edgelint.rule import Severity
from edgelint.targets import find
from edgelint.verdict import REASONS
from tests.conftest import FIXTURES


def report(model: str, settings: Settings) -> Report:
    (found,) = check_file(FIXTURES / "models" / model, settings)
    return found


def test_a_model_that_fits_has_no_reason_not_to() -> None:
    found = report("digits_cnn.int8.tflite", Settings(targets=(find("cortex-m4"),)))
    assert (found.verdict, found.reasons) == ("fits", ())


def test_without_a_target_there_is_nothing_to_fit() -> None:
    found = report("digits_cnn.dynamic.tflite", Settings())
    assert (found.verdict, found.reasons) == ("unknown", ())


@pytest.mark.parametrize("severity", Severity)
def test_how_a_user_grades_a_rule_changes_neither_verdict_nor_reasons(severity: Severity) -> None:
    settings = Settings(targets=(find("cortex-m4"),), severities={"EL301": severity})
    found = report("digits_cnn.dynamic.tflite", settings)
    assert (found.verdict, found.reasons) == ("does-not-fit", ("operators", "quantization"))


def test_budgets_come_first() -> None:
    settings = Settings(targets=(find("cortex-m4"),), ram=1024, flash=1024)
    found = report("digits_cnn.int8.tflite", settings)
    assert (found.verdict, found.reasons) == ("does-not-fit", REASONS[:2])
