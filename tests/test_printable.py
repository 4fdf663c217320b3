"""Names from a file are shown without steering whoever shows them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgelint.printable import LIMIT, printable


def test_an_ordinary_name_is_unchanged() -> None:
    assert (
        printable("model/conv2d_1/Relu;StatefulPartitionedCall")
        == "model/conv2d_1/Relu;StatefulPartitionedCall"
    )


def test_letters_of_any_script_are_kept() -> None:
    assert printable("слой_畳み込み_é") == "слой_畳み込み_é"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("x\n::add-mask::y", "x\\x0a::add-mask::y"),
        ("a\r\tb", "a\\x0d\\x09b"),
        ("\x9b2J", "\\x9b2J"),
        ("left\u202eright", "left\\u202eright"),
        ("line\u2028break", "line\\u2028break"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("no-break\xa0space", "no-break\\xa0space"),
        ("lone\ud800surrogate", "lone\\ud800surrogate"),
        ("tag\U000e0041", "tag\\U000e0041"),
    ],
)
def test_what_steers_a_display_is_escaped(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_a_long_name_is_cut_and_says_so() -> None:
    assert printable("a" * (LIMIT + 1)) == "a" * LIMIT + "…"


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_result_is_one_line_without_a_steering_character(name: str) -> None:
    steering = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not {unicodedata.category(character) for character in printable(name)} & steering
    assert printable(name).isprintable()
