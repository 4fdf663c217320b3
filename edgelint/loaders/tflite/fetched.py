"""FlatBuffers of which only what is read is fetched."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from edgelint.loaders.tflite.flatbuffer import FlatBuffer, Record, Schema, VTable

AHEAD = 8192
"""Bytes fetched from the start of each table of a vector: it, and the first of the data it leads to, which
files that are written from their end on have right behind it."""

_Read = Callable[[FlatBuffer, int], Any]


class Fetching(Protocol):
    """A file to be fetched. buffer: as large as the file, and right where `need` was called before."""

    buffer: Any

    def need(self, start: int, stop: int) -> None:
        """Fetches these bytes."""

    def need_all(self, wanted: Iterable[tuple[int, int]]) -> None:
        """Fetches several ranges, those outside the file left out."""


class FetchedFlatBuffer(FlatBuffer):
    """A file that calls `need` before every read of its parent."""

    def __init__(self, data: Fetching, schema: Schema) -> None:
        """The file of `schema` in `data`."""
        super().__init__(data.buffer, schema)
        self._file = data

    def text(self, at: int) -> str:
        """The string that the reference at `at` leads to."""
        start, length = self._vector(at, 1, is_read=False)
        self._need(start + length, 1)
        return super().text(at)

    def _need(self, at: int, count: int) -> None:
        if at >= 0 and at + count <= self.size:
            self._file.need(at, at + count)

    def _target(self, at: int) -> int:
        self._need(at, 4)
        return super()._target(at)

    def _vtable(self, at: int) -> VTable:
        self._need(at, 4)
        start = at - struct.unpack_from("<i", self.data, at)[0]
        self._need(start, 4)
        if 0 <= start <= self.size - 4:
            self._need(start, struct.unpack_from("<H", self.data, start)[0])
        known = super()._vtable(at)
        self._need(at, known.size)
        return known

    def _vector(self, at: int, width: int, *, is_read: bool = True) -> tuple[int, int]:
        self._need(self._target(at), 4)
        start, length = super()._vector(at, width, is_read=is_read)
        if is_read:
            self._need(start, length * width)
        return start, length

    def _reader(self, kind: str, default: str) -> tuple[int, Any, _Read]:
        if kind == "string":
            return 4, None, lambda buffer, at: self.text(at)
        return super()._reader(kind, default)

    def _vector_reader(self, kind: str) -> _Read:
        read = super()._vector_reader(kind)
        if kind not in self._schema.tables:
            return read

        def read_ahead(buffer: FlatBuffer, at: int) -> tuple[Record, ...]:
            start, length = buffer._vector(at, 4)
            places = struct.unpack_from(f"<{length}I", self.data, start)
            tables = (start + 4 * index + distance for index, distance in enumerate(places))
            self._file.need_all((table, table + AHEAD) for table in tables)
            found: tuple[Record, ...] = read(buffer, at)
            return found

        return read_ahead
