"""What models leave behind when they are done with, which only Python's search for cycles frees."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgelint import batch, cycles
from edgelint.checker import Settings
from edgelint.workers import in_order


class Ring:
    """An object that refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collected_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Between models everything is looked at, and by Python itself nothing."""
    monkeypatch.setattr(cycles, "NEW_OBJECTS", 0)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def living(kind: type) -> int:
    return sum(type(each) is kind for each in gc.get_objects())


def left_by_those_before(shared: object, own: object) -> int:
    """Leaves an object behind, and tells how many were left."""
    before = living(Ring)
    Ring()
    return before


def test_what_a_model_leaves_is_freed_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "check_guarded", left_by_those_before)
    left: list[object] = [*batch.check_files([(Path("m.onnx"), Settings())] * 3)]
    assert left == [0, 0, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")
def test_other_processes_free_what_a_piece_leaves_before_the_next() -> None:
    pieces = [(None, name) for name in "abc"]
    assert list(in_order(left_by_those_before, pieces, 1, lambda own, reason: -1)) == [0, 0, 0]


def test_little_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "NEW_OBJECTS", 1 << 40)
    Ring()
    cycles.collect()
    assert living(Ring) == 1


def test_the_program_takes_the_search_over_from_python() -> None:
    before = gc.get_threshold()
    try:
        cycles.leave_to_edgelint()
        assert gc.get_threshold()[0] > 1_000_000
    finally:
        gc.set_threshold(*before)
