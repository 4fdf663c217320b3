"""Inputs that once broke the promise of `tests.fuzz.execution`, each tried for every kind of target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.execution import Execution
from tests.fuzz.formats import MODULES, REGRESSIONS, format_module

INPUTS = sorted(path for path in REGRESSIONS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_once_broke_the_promise_keeps_it(path: Path, tmp_path: Path) -> None:
    Execution(path.parent.name, tmp_path, full=True)(path.read_bytes())


def test_every_regression_belongs_to_a_format_and_is_small() -> None:
    for path in INPUTS:
        assert path.parent.name in MODULES
        assert path.suffix == format_module(path.parent.name).SUFFIX
        assert path.stat().st_size <= 64 * 1024
