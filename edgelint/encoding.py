"""Text on streams whose encoding lacks some of our characters."""

from __future__ import annotations

import codecs
import re
from typing import TextIO

_PLAIN = {"·": "-", "…": "...", "×": "x", "→": "->", "█": "#", "≤": "<=", "≥": ">="} | dict.fromkeys(
    "▁▂▃▄▅▆▇", "#"
)
"""Our own characters beyond ASCII, and what stands for them."""


def make_encodable(stream: TextIO) -> None:
    """Makes `stream` write stand-ins or escapes for what its encoding lacks, instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        codecs.register_error("edgelint", _stand_in)
        reconfigure(errors="edgelint")


def whole_characters(json: str) -> str:
    """ASCII JSON whose halves of surrogate pairs, which strict parsers refuse, are escapes within its texts.

    Bytes of a file's name that are no UTF-8 are such halves.
    """
    return re.sub(_ESCAPE, _escaped_half, json) if "\\ud" in json else json


_ESCAPE = r"\\\\|\\ud[89ab]..\\ud[c-f]..|\\ud[89a-f].."
"""A backslash, a surrogate pair, or half of one: whatever fits first."""


def _escaped_half(match: re.Match[str]) -> str:
    is_half = len(match[0]) == len(r"\ud800")
    return "\\" + match[0] if is_half else match[0]


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    shown = "".join(
        _PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode() for letter in lacking
    )
    return shown, error.end
