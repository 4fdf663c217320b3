"""Bars in characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgelint.reporters.plot import bars, column_of

heights = st.lists(st.integers(0, 10**9), max_size=300)


def test_bars_are_proportional_to_their_heights() -> None:
    assert list(bars([4, 2, 1], columns=10, rows=2)) == ["█", "██▄"]


def test_nothing_is_drawn_for_heights_of_zero() -> None:
    assert list(bars([0, 0], columns=10, rows=2)) == []


def test_a_bar_for_several_heights_is_as_high_as_the_highest() -> None:
    assert list(bars([0, 8, 0, 1], columns=2, rows=1)) == ["█▁"]


@given(heights, st.integers(1, 100), st.integers(1, 8))
def test_the_plot_never_outgrows_its_space(heights: list[int], columns: int, rows: int) -> None:
    lines = list(bars(heights, columns, rows))
    assert len(lines) in (0, rows)
    assert all(len(line) <= columns for line in lines)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=300), st.integers(1, 100))
def test_the_highest_reaches_the_top_in_its_own_column(heights: list[int], columns: int) -> None:
    top = next(iter(bars(heights, columns, 3)))
    assert top[column_of(heights.index(max(heights)), len(heights), columns)] == "█"
