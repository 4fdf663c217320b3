"""A false alarm costs more trust than a missed hint: what is said of models known to be good."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.findings import fitting_target
from edgelint.checker import Settings, check_file
from edgelint.loaders import Binding, load
from edgelint.rule import Severity
from edgelint.targets import find
from tests.conftest import SHARED_MODELS, corpus

GOOD = ("mlperf_tiny/", "wakeword/", "stm32/", "tflm/hello_world", "tflm/micro_speech", "tflm/person_detect.")
"""Models in production or in benchmarks, of which nothing but notes may be said on a target they fit."""

RUNNING = (
    "tinymaix/",
    "openmv/",
    "mcunet/",
    "keras_hobby/",
    "siliconlabs/",
    "sleepecg/",
    "tflite_support/mob",
)
"""Models that people use: no error on a target they fit, but for code in the file."""


def models(prefixes: tuple[str, ...]) -> list[str]:
    paths = [entry["path"] for entry in corpus() if not entry.get("malformed")]
    return [path for path in paths if path.startswith(prefixes) and "weights" not in path]


def said(path: str, *severities: Severity) -> list[str]:
    file = SHARED_MODELS / path
    target = fitting_target(file, load(file, Binding()))
    (report,) = check_file(Path(file), Settings(targets=(find(target),)))
    assert report.error is None
    return [f"{each.code}: {each.message}" for each in report.findings if each.severity in severities]


@pytest.mark.parametrize("path", models(GOOD))
def test_a_model_that_is_known_to_be_good_has_notes_at_most(path: str) -> None:
    assert said(path, Severity.ERROR, Severity.WARNING) == []


@pytest.mark.parametrize("path", models(RUNNING))
def test_a_model_that_people_run_has_no_error(path: str) -> None:
    assert [line for line in said(path, Severity.ERROR) if not line.startswith("EL701")] == []
