"""How wide a text will be, without a screen to measure it on."""

from __future__ import annotations

TITLE = 7.9
"""Pixels a small letter of a title takes on average: 12 px bold of the system's sans-serif."""

CAPITAL = 1.3
"""How much more a capital takes, or an underscore between capitals."""

LINE = 6.1
"""Pixels a character of the lines below takes: 10 px of the system's monospace."""

WIDE = 1.8
"""How much more East Asian and other wide characters take."""

LONGEST = 40
"""Characters of a line that are shown; the page has the rest in its sidebar."""


def cut(text: str, limit: int = LONGEST) -> str:
    """`text` with its middle left out where it is longer: both ends of a name tell layers apart."""
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[: limit - 1 - half]}…{text[-half:]}"


def label(name: str, limit: int = LONGEST) -> str:
    """A node's name in a box: the first of those strung together, and its end where it is longer.

    The end tells layers apart, the beginning is what they share.
    """
    first, _, suffix = name.partition(";")
    if suffix.isdecimal():
        first += f";{suffix}"
    return first if len(first) <= limit else f"…{first[len(first) - limit + 1 :]}"


def title_width(text: str) -> float:
    """Pixels that a title takes at most."""
    return TITLE * sum(_share(character) for character in text)


def line_width(text: str) -> float:
    """Pixels that a line takes at most."""
    return LINE * sum(WIDE if _is_wide(character) else 1.0 for character in text)


def _share(character: str) -> float:
    if _is_wide(character):
        return WIDE
    return CAPITAL if character.isupper() or character == "_" else 1.0


def _is_wide(character: str) -> bool:
    return character >= "\u1100" and character != "…"
