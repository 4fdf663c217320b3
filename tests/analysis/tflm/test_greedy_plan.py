"""The greedy planner against its rules restated by brute force."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgelint.analysis.tflm import greedy_plan
from edgelint.analysis.tflm.greedy_plan import Buffer, plan
from edgelint.analysis.tflm.layout import Layout, Placed
from tests.effort import growth

sizes = st.integers(0, 12).map(lambda units: 16 * units)
clocks = st.tuples(st.integers(-1, 12), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))
online = st.builds(lambda size, life: Buffer(size, life[0], life[1]), sizes, clocks)
fixed = st.builds(
    lambda size, life, offset: Buffer(size, life[0], life[1], offset),
    sizes,
    clocks,
    st.integers(0, 20).map(lambda o: 8 * o),
)


def bound(buffers: list[Buffer]) -> int:
    return Layout([Placed(0, "", each.size, 0, each.first, each.last) for each in buffers], (), 0).bound


def by_the_rules(buffers: list[Buffer]) -> tuple[int, ...]:
    """The offsets, by scanning every placed buffer each time."""
    order = [index for index, buffer in enumerate(buffers) if buffer.offset is not None]
    free = [index for index in reversed(range(len(buffers))) if buffers[index].offset is None]
    order += sorted(free, key=lambda index: -buffers[index].size)
    placed: list[tuple[int, int, int]] = []
    for turn, index in enumerate(order):
        wanted = buffers[index]
        candidate = 0
        if wanted.offset is not None:
            candidate = wanted.offset
        else:
            for offset, _, other in sorted(placed):
                taken = buffers[other]
                if taken.first > wanted.last or wanted.first > taken.last:
                    continue
                if offset - candidate >= wanted.size:
                    break
                candidate = max(candidate, offset + taken.size)
        placed.append((candidate, turn, index))
    return tuple(offset for offset, _, _ in sorted(placed, key=lambda entry: entry[2]))


@given(st.lists(online | fixed, max_size=24))
def test_offsets_are_those_of_the_rules(buffers: list[Buffer]) -> None:
    assert plan(buffers).offsets == by_the_rules(buffers)


@given(st.lists(online | fixed, max_size=24), st.integers(0, 6))
def test_offsets_are_the_same_when_the_buffers_are_read_one_by_one(
    buffers: list[Buffer], patience: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy_plan, "_PATIENCE", patience)
        assert plan(buffers).offsets == by_the_rules(buffers)


@pytest.mark.parametrize("seed", range(3))
def test_offsets_of_irregular_lives_are_those_of_the_rules(seed: int) -> None:
    chance = random.Random(seed)
    buffers = []
    for _ in range(600):
        first, last = sorted((chance.randint(0, 600), chance.randint(0, 600)))
        buffers.append(Buffer(16 * chance.randint(1, 500), first, last))
    assert plan(buffers).offsets == by_the_rules(buffers)


@given(st.lists(online, max_size=24))
def test_buffers_that_live_together_never_overlap(buffers: list[Buffer]) -> None:
    offsets = plan(buffers).offsets
    for one, here in zip(buffers, offsets, strict=True):
        for other, there in zip(buffers, offsets, strict=True):
            if one is other or one.first > other.last or other.first > one.last:
                continue
            assert here + one.size <= there or there + other.size <= here


@given(st.lists(online, max_size=24))
def test_the_head_is_no_less_than_what_is_alive_at_once(buffers: list[Buffer]) -> None:
    assert plan(buffers).head >= bound(buffers)


@given(st.lists(online | fixed, max_size=24))
def test_the_same_buffers_get_the_same_plan(buffers: list[Buffer]) -> None:
    assert plan(buffers) == plan(list(buffers))


def test_no_buffers_need_no_bytes() -> None:
    assert plan([]).head == 0
    assert bound([]) == 0


def test_the_largest_goes_first_and_among_equals_the_last() -> None:
    assert plan([Buffer(16, 0, 1), Buffer(16, 0, 1), Buffer(32, 0, 1)]).offsets == (48, 32, 0)


def test_a_gap_is_used_when_it_is_large_enough() -> None:
    buffers = [Buffer(64, 0, 1), Buffer(48, 1, 2), Buffer(32, 2, 3), Buffer(16, 2, 2)]
    assert plan(buffers).offsets == (0, 64, 0, 32)


def test_a_fixed_buffer_stays_where_it_is_put_even_on_another() -> None:
    assert plan([Buffer(32, 0, 1, offset=8), Buffer(32, 0, 1, offset=16)]).offsets == (8, 16)
    assert plan([Buffer(32, 0, 1, offset=8), Buffer(32, 0, 1, offset=16)]).head == 48


def test_liveness_counts_both_ends_of_a_life() -> None:
    assert bound([Buffer(16, 0, 3), Buffer(32, 3, 5), Buffer(64, 6, 7)]) == 64
    assert bound([Buffer(16, 0, 3), Buffer(64, 3, 5)]) == 80


@pytest.mark.parametrize(
    "lives", [(1,), (1, 1, 1, 2, 20, 500), (10**9,)], ids=["chain", "skips", "to the end"]
)
def test_many_tensors_take_little_more_work_each_than_few(lives: tuple[int, ...]) -> None:
    """Little more: which of those it meets leave a gap is found in a tree."""

    def planning(count: int) -> Callable[[], object]:
        chance = random.Random(1)
        sizes = [16 * chance.randint(1, 5000) for _ in range(count)]
        buffers = [
            Buffer(size, step, min(step + chance.choice(lives), count)) for step, size in enumerate(sizes)
        ]
        return lambda: plan(buffers)

    assert growth(planning, 1_000, 4_000) < 2
