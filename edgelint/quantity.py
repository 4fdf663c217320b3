"""Numbers as people write and read them: byte counts, large counts, shares."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_THOUSANDS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
_COUNT = r"(?i)\s*(\d+(?:\.\d+)?)\s*([kmg]?)\s*"
_BYTES = r"(?i)\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?\s*"
_PERCENT = r"\s*\+?(\d{1,9}(?:\.\d{1,9})?)\s*%?\s*"
"""Compiled when they are needed, as every run of edgelint imports them."""


def parse_bytes(text: str) -> int:
    """Bytes that "262144", "256K", "256 KiB" or "1.5MB" mean; K, M and G are powers of 1024.

    Raises ValueError for anything else.
    """
    match = re.fullmatch(_BYTES, text)
    if match is None:
        raise ValueError(f"{text!r} is no number of bytes; write 262144, 256K or 1M")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def parse_count(text: str) -> int:
    """The number that "2500000", "2.5M" or "10 k" means; K, M and G are powers of 1000.

    Raises ValueError for anything else.
    """
    match = re.fullmatch(_COUNT, text)
    if match is None:
        raise ValueError(f"{text!r} is no count; write 2500000, 2.5M or 1G")
    return round(float(match[1]) * _THOUSANDS[match[2].lower()])


def parse_percent(text: str) -> float:
    """The percentage that "2", "2.5 %" or "+2%" means. Raises ValueError for anything else."""
    match = re.fullmatch(_PERCENT, text)
    if match is None:
        raise ValueError(f"{text!r} is no percentage; write 2% or 0.5%")
    return float(match[1])


def show_bytes(count: int) -> str:
    """`count` bytes for a reader: "812 B", "22.3 KiB", "1 MiB"."""
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} B"


def show_count(count: int) -> str:
    """`count` with thousands separated: "300,774,272"."""
    return f"{count:,}"


def show_share(part: int, whole: int) -> str:
    """`part` of `whole` in percent: "8.7 %"."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    return f"{percent:,.0f} %" if percent >= 100 else f"{percent:.3g} %"


def show_number(count: int, word: str) -> str:
    """`count` of a thing that `word` names, for a reader: "1 error", "3 errors"."""
    return f"{count} {word}" + ("" if count == 1 else "s")
