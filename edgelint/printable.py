"""Text from a model file, made harmless before anybody sees it."""

from __future__ import annotations

LIMIT = 120
"""Characters after which a name is cut."""


def printable(text: str, limit: int = LIMIT) -> str:
    """`text` on one line, cut at `limit`; what steers a display, or shows as nothing, as escapes.

    Safe for terminals, log commands, XML and HTML text once the format's own escaping is done.
    """
    if len(text) <= limit and text.isprintable():
        return text
    cut = len(text) > limit
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(_escape(character) for character in shown)
    return shown + "…" if cut else shown


def short(name: str) -> str:
    """A node's name for a reader: the first of the names that TensorFlow's converter strings together."""
    if ";" not in name:
        return printable(name)
    return printable(name.partition(";")[0]) + ";…"


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    point = ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
