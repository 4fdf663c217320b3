"""Where the arena is fullest."""

from __future__ import annotations

from dataclasses import replace

from edgelint.analysis.memory import Arena
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.analysis.tflm.peak import MAX_PLACED, find_peak, worth_shrinking
from edgelint.examples import Example, chain
from edgelint.targets import find

PC = find("tflm-x86_64")


def relus(*widths: int) -> Example:
    """A chain of RELU over float tensors of these widths."""
    example = chain(f"float32[1,{widths[0]}]")
    for width in widths[1:]:
        example = example.op("Relu", f"float32[1,{width}]", source="RELU")
    return example


def test_the_peak_is_the_operator_with_most_bytes_alive() -> None:
    model = relus(8, 64, 128, 8).model
    peak = find_peak(plan_arena(model, PC), model)
    assert peak is not None
    assert (peak.node.name, peak.live) == ("relu_1", 768)
    assert [(buffer.name, buffer.size) for buffer in peak.alive] == [("relu_1", 512), ("relu_0", 256)]
    assert (peak.head, peak.bound, peak.gap, peak.scratch, peak.unreached) == (768, 768, 0, 0, 0)


def test_the_gap_is_what_the_plan_needs_beyond_what_is_alive() -> None:
    # The last is placed at the start, the one before it behind: too near for the one before that.
    model = relus(24, 16, 16, 32).model
    peak = find_peak(plan_arena(model, PC), model)
    assert peak is not None
    assert (peak.head, peak.bound, peak.gap) == (256, 192, 64)


def test_scratch_is_told_apart() -> None:
    model = (
        chain("float32[1,8,8]").op("ReduceMax", "float32[1,8]", source="REDUCE_MAX", axes="int32[1]").model
    )
    peak = find_peak(plan_arena(model, PC), model)
    assert peak is not None
    assert peak.scratch == 32
    assert [buffer.scratch for buffer in peak.alive] == [False, False, True, True]


def test_tensors_of_graphs_that_never_run_are_counted() -> None:
    model = relus(8, 8).model
    idle = replace(relus(100, 100).model.main, name="idle")
    whole = replace(model, graphs=(model.main, idle))
    peak = find_peak(plan_arena(whole, PC), whole)
    assert peak is not None
    assert (peak.live, peak.unreached, peak.bound) == (64, 800, 800)


def test_without_a_plan_or_operators_there_is_no_peak() -> None:
    model = chain("float32[1,8]").model
    assert find_peak(Arena(), model) is None
    assert find_peak(plan_arena(model, PC), model) is None


def test_what_is_worth_shrinking_makes_the_plan_smaller_when_gone() -> None:
    layout = plan_arena(relus(8, 64, 128, 60, 100, 8).model, PC).layout
    assert layout is not None
    # The peak is 64 + 128 floats; without the 128, 60 + 100 floats remain.
    assert [(each.buffer.name, each.saves) for each in worth_shrinking(layout)] == [
        ("relu_1", 128),
        ("relu_0", 16),
    ]


def test_nothing_is_worth_shrinking_when_another_operator_is_as_full() -> None:
    layout = plan_arena(relus(128, 128, 128, 128).model, PC).layout
    assert layout is not None
    assert worth_shrinking(layout) == ()


def test_offline_plans_are_not_planned_again() -> None:
    layout = plan_arena(relus(8, 64, 8).planned(0, 1024, 4096).model, PC).layout
    assert layout is not None
    assert worth_shrinking(layout) == ()


def test_an_arena_of_very_many_buffers_is_not_planned_again() -> None:
    layout = plan_arena(relus(8, 64, 8).model, PC).layout
    assert layout is not None
    assert worth_shrinking(layout)
    assert worth_shrinking(replace(layout, placed=tuple(layout.placed) * MAX_PLACED)) == ()
