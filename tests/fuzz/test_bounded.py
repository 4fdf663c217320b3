"""A bounded run of the fuzzer for each format: seeded, guided by structure alone, without atheris."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.engines import Trial, mutate, until
from tests.fuzz.formats import MODULES

SECONDS = 15.0


@pytest.mark.slow
@pytest.mark.parametrize("format", MODULES)
def test_no_damaged_model_breaks_the_promise(format: str, tmp_path: Path) -> None:
    faults = tmp_path / "faults"
    faults.mkdir()
    tried = mutate(format, Trial(format, tmp_path, faults), until(SECONDS), seed=1)
    assert tried > 100
    assert not [path.read_text() for path in faults.glob("*.txt")]
