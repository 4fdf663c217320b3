"""Files that people write or commit: read whole, within bounds."""

from __future__ import annotations

import stat
from pathlib import Path

from edgelint.errors import EdgelintError


def text_of(path: Path, largest: int, *, hint: str = "") -> str:
    """The text of the UTF-8 file `path`, of up to `largest` bytes, a multiple of a MiB.

    Raises EdgelintError for one that cannot be read, is larger, or is no regular file: a pipe might never
    end. `hint` goes with the word that it is missing. Raises UnicodeDecodeError for another encoding.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise EdgelintError(path, "is a directory" if path.is_dir() else "is no regular file")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError as error:
        raise EdgelintError(path, "does not exist", hint=hint) from error
    except OSError as error:
        raise EdgelintError(path, f"cannot be read: {error.strerror or error}") from error
    if len(content) > largest:
        raise EdgelintError(path, f"has more than {largest >> 20} MiB")
    return content.decode("utf-8-sig")
