"""What fits into a box."""

from __future__ import annotations

import pytest

from edgelint.picture.text import LONGEST, cut, label, line_width, title_width


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("conv1", "conv1"),
        ("model/relu/Relu;model/bn/add;model/conv", "model/relu/Relu"),
        ("block/norm;3", "block/norm;3"),
        ("a" * 50 + "/last", "…" + "a" * (LONGEST - 6) + "/last"),
        ("", ""),
    ],
)
def test_a_box_shows_the_end_of_the_first_name(name: str, shown: str) -> None:
    assert label(name) == shown
    assert len(label(name)) <= LONGEST


def test_a_cut_text_keeps_both_ends() -> None:
    assert cut("abcdefghij", 5) == "ab…ij"


def test_capitals_and_wide_letters_take_more_room() -> None:
    assert title_width("ABC") > title_width("abc")
    assert line_width("畳") > line_width("a")
