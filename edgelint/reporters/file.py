"""Reports in files: written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from edgelint.errors import EdgelintError


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file that becomes `path` at the end of the block; on any failure `path` is left as it was.

    Raises EdgelintError when it cannot be written.
    """
    import tempfile

    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            yield file  # type: ignore[misc]
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise EdgelintError(path, f"cannot be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            os.unlink(temporary)


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file would have."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
