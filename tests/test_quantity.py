"""Byte counts as people write them."""

from __future__ import annotations

import pytest

from edgelint.quantity import parse_bytes, parse_count, show_bytes, show_share


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("262144", 262144),
        ("256K", 262144),
        ("256k", 262144),
        ("256 KiB", 262144),
        ("256KB", 262144),
        ("1M", 1048576),
        ("1.5MiB", 1572864),
        ("2G", 2147483648),
        ("12 B", 12),
    ],
)
def test_bytes_are_read_in_powers_of_1024(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "K", "-1", "1T", "12 apples", "1e6", "0x10"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number of bytes"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (22820, "22.3 KiB"),
        (1048576, "1 MiB"),
        (3 << 30, "3 GiB"),
    ],
)
def test_bytes_are_shown_with_one_decimal_at_most(count: int, text: str) -> None:
    assert show_bytes(count) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(87, 1000, "8.7 %"), (1, 3, "33.3 %"), (15302, 100, "15,302 %")]
)
def test_a_share_has_three_digits_at_least(part: int, whole: int, text: str) -> None:
    assert show_share(part, whole) == text


def test_a_share_of_nothing_is_no_number() -> None:
    assert show_share(1, 0) == "-"


@pytest.mark.parametrize(
    ("text", "count"), [("2500000", 2500000), ("2.5M", 2500000), ("10 k", 10000), ("1G", 10**9), ("0", 0)]
)
def test_counts_are_read_in_powers_of_1000(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "M", "-1", "10KB", "1e6", "many"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no count"):
        parse_count(text)
