"""A dataset: its header, and its elements band by band."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.loaders.hdf5.dataspace import Dataspace, dataspace
from edgelint.loaders.hdf5.datatypes import COMPOUND, REFERENCE, VARIABLE, Datatype, datatype
from edgelint.loaders.hdf5.errors import Damaged, LiesElsewhere, Unreadable
from edgelint.loaders.hdf5.layouts import CHUNKED, COMPACT, CONTIGUOUS, read_layout
from edgelint.loaders.hdf5.objects import (
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILL_VALUE,
    FILTERS,
    LAYOUT,
    OLD_FILL_VALUE,
    Message,
    resolved,
)
from edgelint.loaders.hdf5.source import Fields, Source

_PIECE = 4 * 2**20
"""Bytes of elements in a row that are read at once."""

_STEPS_OF_DATASET = 5
"""What a header counts: it takes as long as so many fields."""


def is_dataset(header: list[Message]) -> bool:
    """Whether an object with these messages is a dataset."""
    return {DATASPACE, DATATYPE} <= {message.kind for message in header}


class Dataset:
    """The header of a dataset: its dataspace, its datatype, and where its elements are."""

    def __init__(self, source: Source, header: list[Message], known: dict[bytes, Datatype]) -> None:
        """The dataset with these header messages; datatypes read before are in `known`.

        Raises LiesElsewhere where its elements are in other files, Damaged, Unreadable.
        """
        source.step(_STEPS_OF_DATASET)
        self._source = source
        self._messages: dict[int, Message] = {}
        for message in header:
            if message.kind == EXTERNAL_FILES:
                raise LiesElsewhere("a dataset whose elements lie in another file", message.offset)
            self._messages.setdefault(message.kind, message)
        self._space: Dataspace = dataspace(self._fields(DATASPACE))
        described = self._fields(DATATYPE)
        if described.data not in known:
            known[described.data] = datatype(described)
        self.datatype = known[described.data]
        self._layout = read_layout(self._fields(LAYOUT))
        self.shape = self._space.shape
        self.elements = self._space.elements
        chunk = self._layout.chunk
        if chunk and (len(chunk) != len(self.shape) + 1 or chunk[-1] != self.datatype.size):
            raise Damaged("chunks have other dims or elements than their dataset", described.offset)

    @property
    def nbytes(self) -> int:
        """Bytes that the elements take, unpacked."""
        return self.elements * self.datatype.size

    @property
    def packed(self) -> bool:
        """Whether the elements lie in chunks, which may be compressed."""
        return self._layout.kind == CHUNKED

    @property
    def place(self) -> int | None:
        """Where the elements begin, in a row and little-endian; None where they do not lie like that."""
        address = self._layout.address
        if self._layout.kind != CONTIGUOUS or address is None or self.datatype.big_endian:
            return None
        return address if address + self.nbytes <= self._source.size else None

    def bands(self) -> Iterator[bytes]:
        """The elements in order, in stretches that fit in memory; numbers are little-endian.

        Elements that were never written have the dataset's fill value. Raises Damaged, and Unreadable for
        elements that stand for something elsewhere in the file, or chunks too large or of unknown packing.
        """
        if self.datatype.kind in (COMPOUND, REFERENCE, VARIABLE):
            raise Unreadable(f"{self.datatype.name} elements")
        parts = self._chunked() if self.packed else self._straight()
        return map(self._in_order, parts) if self.datatype.big_endian else parts

    def _fields(self, kind: int) -> Fields:
        message = self._messages.get(kind)
        if message is None:
            raise Damaged("a dataset has no layout")
        return resolved(self._source, message).fields(self._source)

    def _in_order(self, data: bytes) -> bytes:
        import numpy as np

        return np.frombuffer(data, np.uint8).reshape(-1, self.datatype.size)[:, ::-1].tobytes()

    def _straight(self) -> Iterator[bytes]:
        """Elements that lie in a row, or nowhere."""
        layout, size = self._layout, self.datatype.size
        step = max(_PIECE // size, 1) * size
        if layout.kind == COMPACT and len(layout.data) < self.nbytes:
            raise Damaged("a dataset has more elements than bytes")
        for start in range(0, self.nbytes, step):
            length = min(step, self.nbytes - start)
            if layout.kind == COMPACT:
                yield layout.data[start : start + length]
            elif layout.address is None:
                yield self._fill() * (length // size)
            else:
                yield self._source.content(layout.address + start, length)

    def _chunked(self) -> Iterator[bytes]:
        """Elements that lie in chunks."""
        from edgelint.loaders.hdf5.bands import bands
        from edgelint.loaders.hdf5.filters import read_filters

        message = self._messages.get(FILTERS)
        fields = None if message is None else resolved(self._source, message).fields(self._source)
        filters = () if fields is None else read_filters(fields)
        return bands(self._source, self._layout, self._space, filters, self._fill())

    def _fill(self) -> bytes:
        """An element that was never written."""
        size = self.datatype.size
        found = b""
        for kind, read in ((FILL_VALUE, _fill_value), (OLD_FILL_VALUE, _old_fill_value)):
            message = self._messages.get(kind)
            if message is not None and not found:
                found = read(resolved(self._source, message).fields(self._source))
        return found if len(found) == size else bytes(size)


def _fill_value(fields: Fields) -> bytes:
    version = fields.number(1)
    if version == 3:
        defined = fields.number(1) & 0x20
    elif version in (1, 2):
        fields.skip(2)
        defined = fields.number(1) or version == 1
    else:
        raise Damaged("a fill value has an unknown version", fields.offset)
    return fields.take(fields.number(4)) if defined else b""


def _old_fill_value(fields: Fields) -> bytes:
    return fields.take(fields.number(4))
