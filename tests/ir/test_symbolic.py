"""Exact arithmetic on sizes with free dims."""

from __future__ import annotations

import pytest

from edgelint.ir.symbolic import Polynomial, at_least, simplify

batch, seq = Polynomial.symbol("batch"), Polynomial.symbol("seq")


def test_terms_are_collected() -> None:
    assert batch * 3 + 4 * batch == 7 * batch


def test_text_has_the_highest_degree_first() -> None:
    assert str(12 + 3 * batch * seq * seq + batch) == "3*batch*seq**2 + batch + 12"


def test_text_shows_differences() -> None:
    assert str(2 * batch - seq - 1) == "2*batch - seq - 1"


def test_a_symbol_that_is_an_expression_is_put_in_brackets() -> None:
    assert str(2 * Polynomial.symbol("past + seq")) == "2*(past + seq)"


def test_what_cancels_out_is_a_number() -> None:
    assert simplify(batch - batch + 3) == 3


def test_division_is_exact() -> None:
    assert (6 * batch + 4) // 2 == 3 * batch + 2
    with pytest.raises(ValueError, match="not a multiple"):
        (6 * batch + 4) // 4


def test_a_product_of_sums_is_multiplied_out() -> None:
    assert (batch + 1) * (batch - 1) == batch * batch - 1


@pytest.mark.parametrize(
    ("left", "right", "sure"),
    [
        (10 * batch, 10, True),
        (10 * batch, 11, False),
        (10 * batch + 1, 11, True),
        (batch * seq, batch, True),
        (batch, seq, False),
        (3, 2, True),
        (2 * batch - 1, batch, True),
    ],
)
def test_order_is_told_for_all_sizes_from_one_up(
    left: Polynomial | int, right: Polynomial | int, sure: bool
) -> None:
    assert at_least(left, right) is sure
