"""Where a TFLite file keeps constant bytes: in the flatbuffer, behind it, or in files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edgelint.errors import EdgelintError
from edgelint.ir.files import Bytes
from edgelint.ir.tensor import ExternalFile, FileRange, Inline, Storage
from edgelint.loaders.tflite.flatbuffer import Record, Span

INLINE_BYTES = 1024
"""Constants up to this size are kept in memory: shapes and axes are read from them."""


class Buffers:
    """The buffers of the file at `path`, each checked to lie inside it."""

    def __init__(self, path: Path, data: Bytes, model: Record) -> None:
        self.path = path
        self._data = data
        self._asked: set[int] = set()
        self._end = 0
        self._spans = [self._span(index, buffer) for index, buffer in enumerate(model["buffers"])]
        self._external = _external_files(path, model)

    def __len__(self) -> int:
        return len(self._spans)

    def span(self, index: int, where: str) -> Span | None:
        """Where buffer `index` lies; None when it holds no data. Raises EdgelintError when there is none."""
        if index >= len(self._spans):
            raise EdgelintError(self.path, f"buffer {index} of {len(self._spans)} is asked for", where=where)
        self._asked.add(index)
        return self._spans[index]

    def external(self, identifier: int, where: str) -> ExternalFile:
        """The declared file behind an external buffer."""
        if identifier not in self._external:
            raise EdgelintError(
                self.path, f"external buffer {identifier} is asked for and missing", where=where
            )
        return self._external[identifier]

    def storage(self, span: Span) -> Storage:
        """The bytes of `span`, at once when they are few."""
        if span.length <= INLINE_BYTES:
            return Inline(self.read(span))
        return FileRange(self.path, span.offset, span.length)

    def read(self, span: Span) -> bytes:
        """The bytes of `span`."""
        return self._data[span.offset : span.offset + span.length]

    def beyond(self, offset: int, length: int, where: str) -> Span:
        """The range behind the flatbuffer that 64-bit fields name."""
        if offset + length > len(self._data):
            raise EdgelintError(
                self.path,
                f"{length} bytes at {offset} are outside the {len(self._data)} of the file",
                where=where,
            )
        self._end = max(self._end, offset + length)
        return Span(offset, length)

    def unasked(self) -> Iterator[tuple[int, Span]]:
        """Every buffer with content that nothing has asked for so far."""
        for index, span in enumerate(self._spans):
            if span is not None and span.length and index not in self._asked:
                yield index, span

    @property
    def end(self) -> int:
        """The byte behind every range outside the flatbuffer that was asked for so far; 0 for none."""
        return self._end

    def _span(self, index: int, buffer: Record) -> Span | None:
        if buffer["data"] is not None:
            found: Span = buffer["data"]
            return found
        # Offset 1 is the converter's placeholder for "not placed yet" (LiteRT: `offset > 1`).
        if buffer["offset"] > 1:
            return self.beyond(buffer["offset"], buffer["size"], f"buffer {index}")
        return None


def _external_files(path: Path, model: Record) -> dict[int, ExternalFile]:
    groups: Sequence[Record] = model["external_buffer_groups"]
    found = {}
    for index, buffer in enumerate(model["external_buffers"]):
        if buffer["group"] >= len(groups):
            raise EdgelintError(
                path,
                f"group {buffer['group']} of {len(groups)} is asked for",
                where=f"external buffer {index}",
            )
        name = groups[buffer["group"]]["name"] or ""
        found[buffer["id"]] = ExternalFile(path.parent, name, buffer["offset"], buffer["length"])
    return found
