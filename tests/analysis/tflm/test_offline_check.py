"""Offline memory plans that don't fit, and what the real runtime makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.analysis.tflm.arena import plan_arena
from edgelint.analysis.tflm.offline_check import OfflineCheck, check_offline_plan
from edgelint.examples import Example, chain
from edgelint.loaders import load
from edgelint.targets import find
from tests.analysis.tflm.test_arena import offline
from tests.analysis.tflm_models import Network, Op, T
from tests.analysis.tflm_reordered import results
from tests.analysis.tflm_runtime import allocations

PC = find("tflm-x86_64")


def checked(example: Example) -> OfflineCheck | None:
    return check_offline_plan(example.model, PC, plan_arena(example.model, PC))


def clash(example: Example) -> tuple[str, str] | None:
    found = checked(example)
    return (found.clash[0].name, found.clash[1].name) if found and found.clash else None


DIAMOND = (
    chain("float32[1,4]")
    .op("Abs", "float32[1,4]", source="ABS")
    .op("Neg", "float32[1,4]", source="NEG")
    .op("Add", "float32[1,4]", source="ADD", reads=("abs_0", "neg_1"))
)


def test_no_plan_or_one_that_fixes_nothing_is_not_checked() -> None:
    assert checked(DIAMOND) is None
    assert checked(DIAMOND.planned(-1, -1, -1, -1)) is None


def test_a_plan_without_overlaps_is_in_order() -> None:
    found = checked(DIAMOND.planned(0, 16, 32, 48))
    assert found is not None
    assert (found.problem, found.clash) == ("", None)
    assert found.online is not None
    assert found.online.head == 48


def test_an_operator_may_write_over_what_only_it_still_reads() -> None:
    assert clash(DIAMOND.planned(0, 0, 16, 0)) is None


def test_a_tensor_may_not_lie_where_one_still_needed_is() -> None:
    assert clash(DIAMOND.planned(0, 16, 16, 48)) == ("abs_0", "neg_1")
    assert clash(DIAMOND.planned(0, 16, 28, 48)) == ("abs_0", "neg_1")


def test_what_nobody_reads_does_harm_too() -> None:
    example = (
        chain("float32[1,4]")
        .op("Abs", "float32[1,4]", source="ABS")
        .op("Neg", "float32[1,4]", source="NEG", reads=("input",))
        .op("Add", "float32[1,4]", source="ADD", reads=("abs_0",))
    )
    assert clash(example.planned(0, 16, 16, 48)) == ("abs_0", "neg_1")


def test_a_view_may_lie_on_what_it_shows() -> None:
    example = (
        chain("float32[1,4]")
        .op("Abs", "float32[1,4]", source="ABS")
        .op("Reshape", "float32[4]", source="RESHAPE")
        .op("Reshape", "float32[2,2]", source="RESHAPE")
        .op("Concat", "float32[12]", source="CONCATENATION", reads=("abs_0", "reshape_1", "reshape_2"))
    )
    assert clash(example.planned(0, 16, 16, 16, 64)) is None
    assert clash(example.planned(0, 16, 16, 20, 64)) is None


def test_tensors_of_custom_operators_are_their_planners_business() -> None:
    example = (
        chain("float32[1,4]")
        .op("Abs", "float32[1,4]", source="ABS")
        .op("ethos-u", "float32[1,4]", domain="tflite.custom")
        .op("Add", "float32[1,4]", source="ADD", reads=("abs_0", "ethos-u_1"))
    )
    found = checked(example.planned(0, 16, 16, 48))
    assert found == OfflineCheck()


def written(path: Path, *offsets: int) -> Path:
    """A file that computes |x| + -|x| … with a plan for its tensors."""
    tensors = [T((1, 4)) for _ in range(4)]
    ops = [Op("ABS", (0,), (1,)), Op("NEG", (1,), (2,)), Op("SUB", (1, 2), (3,), ("SubOptions", {}))]
    path.write_bytes(bytes(Network(tensors, ops, (0,), (3,), offline(*offsets))))
    return path


def test_the_runtime_refuses_a_plan_for_other_tensors(tmp_path: Path) -> None:
    path = written(tmp_path / "m.tflite", 0, 16)
    model = load(path)
    found = check_offline_plan(model, PC, plan_arena(model, PC))
    assert found == OfflineCheck("the file's offline memory plan is for 2 tensors of 4")
    assert not allocations([path])


@pytest.mark.parametrize(
    ("offsets", "harm"), [((0, 16, 32, 48), False), ((0, 0, 16, 0), False), ((0, 16, 16, 48), True)]
)
def test_the_runtime_computes_something_else_exactly_when_tensors_clash(
    tmp_path: Path, offsets: tuple[int, ...], harm: bool
) -> None:
    online = results(written(tmp_path / "online.tflite", -1, -1, -1, -1), 1, 1)
    path = written(tmp_path / "planned.tflite", *offsets)
    model = load(path)
    found = check_offline_plan(model, PC, plan_arena(model, PC))
    assert found is not None
    assert (found.clash is not None) == harm
    assert online
    assert (results(path, 1, 1) != online) == harm
