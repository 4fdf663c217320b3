"""Text on streams whose encoding lacks some of our characters."""

from __future__ import annotations

import codecs
from typing import TextIO

_PLAIN = {"·": "-", "…": "...", "×": "x", "→": "->", "█": "#", "≤": "<=", "≥": ">="} | dict.fromkeys(
    "▁▂▃▄▅▆▇", "#"
)
"""Our own characters beyond ASCII, and what stands for them."""


def encodable(stream: TextIO) -> TextIO:
    """`stream`, made to write stand-ins or escapes for what its encoding lacks, instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        codecs.register_error("edgelint", _stand_in)
        reconfigure(errors="edgelint")
    return stream


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    shown = "".join(
        _PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode() for letter in lacking
    )
    return shown, error.end
