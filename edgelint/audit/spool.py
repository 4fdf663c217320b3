"""Results on their way from engines, which give them in any order, to tables, which have one."""

from __future__ import annotations

import json
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from edgelint.audit.contents import Content
from edgelint.audit.rows import Record
from edgelint.errors import EdgelintError

_MISSING = -1


class Spool:
    """The records of some number of models, in a file without a name: it goes with the process."""

    def __init__(self, models: int) -> None:
        self.file = tempfile.TemporaryFile(prefix="edgelint-")  # noqa: SIM115 - closed by `__exit__`
        self.starts = array("q", [_MISSING]) * models

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        # What a full disk has not taken is told by now.
        with suppress(OSError):
            self.file.close()

    def put(self, place: int, content: Content | None, records: list[Record]) -> bool:
        """Takes the records of the model at `place`; False, and leaves them, where it has them already.

        Raises EdgelintError when the disk is full.
        """
        if self.starts[place] != _MISSING:
            return False
        entry = [content.sha256 or None, content.size] if content else [None, None]
        data = zlib.compress(json.dumps([*entry, records], separators=(",", ":")).encode(), 1)
        with _full_disk_told():
            start = self.file.seek(0, 2)
            self.file.write(len(data).to_bytes(8, "little") + data)
        self.starts[place] = start
        return True

    def missing(self) -> int:
        """How many models have no records yet."""
        return self.starts.count(_MISSING)

    def __iter__(self) -> Iterator[tuple[str | None, int | None, list[Record]]]:
        """SHA-256, size and records of each model, in the order of their places.

        Raises EdgelintError when the disk is full.
        """
        with _full_disk_told():
            self.file.flush()
        for start in self.starts:
            self.file.seek(start)
            length = int.from_bytes(self.file.read(8), "little")
            entry: Any = json.loads(zlib.decompress(self.file.read(length)))
            yield entry[0], entry[1], entry[2]


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "name a folder with more room by TMPDIR"
        raise EdgelintError(tempfile.gettempdir(), f"takes no more: {error.strerror}", hint=hint) from error
