"""Text from a model file, made harmless before anybody sees it."""

from __future__ import annotations

import unicodedata

LIMIT = 120
"""Characters after which a name is cut."""

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal, a log or a bidi display, or show as nothing."""


def printable(text: str, limit: int = LIMIT) -> str:
    """`text` on one line: control, bidi and surrogate characters as escapes, cut at `limit`.

    Safe for terminals, log commands, XML and HTML text once the format's own escaping is done.
    """
    cut = len(text) > limit
    shown = text[:limit]
    if not shown.isascii() or not shown.isprintable():
        shown = "".join(_escape(character) for character in shown)
    return shown + "…" if cut else shown


def short(name: str) -> str:
    """A node's name for a reader: the first of the names that TensorFlow's converter strings together."""
    first, fused, _ = name.partition(";")
    return printable(first) + (";…" if fused else "")


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    point = ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
