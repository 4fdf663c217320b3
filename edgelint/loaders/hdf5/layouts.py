"""Data layouts: where a dataset's elements lie, in one piece or in chunks (§IV.A.2.i)."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.loaders.hdf5.errors import Damaged, LiesElsewhere, Unreadable
from edgelint.loaders.hdf5.source import Fields

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)

BTREE_V1, SINGLE, IMPLICIT, FIXED_ARRAY, EXTENSIBLE_ARRAY, BTREE_V2 = range(6)
"""How chunks are found: the first by layouts up to version 3, the others by version 4."""

_PARAMETERS = {IMPLICIT: 0, FIXED_ARRAY: 1, EXTENSIBLE_ARRAY: 5, BTREE_V2: 6}
"""Bytes of what a layout tells about the index, which says the same in its own header."""

_EDGES_UNFILTERED, _SINGLE_FILTERED = 0x01, 0x02


@dataclass(frozen=True, slots=True)
class Layout:
    """Where elements lie.

    kind: one of this module's constants. address: of the elements or of the index of chunks; None where
    nothing was written. data: the elements of a compact dataset. chunk: dims of a chunk, the last one
    the size of an element. index: how chunks are found. whole_edges: whether chunks that reach over the
    dataset's end are filtered too. single_size, single_mask: of a filtered chunk that is the only one.
    """

    kind: int
    address: int | None = None
    data: bytes = b""
    chunk: tuple[int, ...] = ()
    index: int = BTREE_V1
    whole_edges: bool = True
    single_size: int | None = None
    single_mask: int = 0


def read_layout(fields: Fields) -> Layout:
    """The layout that comes next in `fields`. Raises LiesElsewhere for one that other files take part in."""
    version = fields.number(1)
    if version in (1, 2):
        return _first(fields)
    if version not in (3, 4):
        raise Unreadable(f"a data layout of version {version}", fields.offset)
    kind = fields.number(1)
    if kind == COMPACT:
        return Layout(kind, data=fields.take(fields.number(2)))
    if kind == CONTIGUOUS:
        return Layout(kind, fields.address())
    if kind == CHUNKED:
        return _chunked(fields) if version == 3 else _indexed(fields)
    if kind == VIRTUAL:
        raise LiesElsewhere("a dataset put together from other files", fields.offset)
    raise Damaged("a data layout has an unknown class", fields.offset)


def _first(fields: Fields) -> Layout:
    rank, kind = fields.number(1), fields.number(1)
    fields.skip(5)
    address = None if kind == COMPACT else fields.address()
    dims = tuple(fields.number(4) for _ in range(rank))
    if kind == COMPACT:
        return Layout(kind, data=fields.take(fields.number(4)))
    if kind == CONTIGUOUS:
        return Layout(kind, address)
    if kind == CHUNKED:
        return Layout(kind, address, chunk=_sound(dims, fields))
    raise Damaged("a data layout has an unknown class", fields.offset)


def _chunked(fields: Fields) -> Layout:
    rank, address = fields.number(1), fields.address()
    return Layout(CHUNKED, address, chunk=_sound(tuple(fields.number(4) for _ in range(rank)), fields))


def _indexed(fields: Fields) -> Layout:
    flags, rank, width = fields.number(1), fields.number(1), fields.number(1)
    chunk = _sound(tuple(fields.number(width) for _ in range(rank)), fields)
    index = fields.number(1)
    size, mask = None, 0
    if index == SINGLE:
        if flags & _SINGLE_FILTERED:
            size, mask = fields.length(), fields.number(4)
    elif index in _PARAMETERS:
        fields.skip(_PARAMETERS[index])
    else:
        raise Damaged("chunks are listed in an unknown way", fields.offset)
    whole = not flags & _EDGES_UNFILTERED
    return Layout(CHUNKED, fields.address(), b"", chunk, index, whole, size, mask)


def _sound(chunk: tuple[int, ...], fields: Fields) -> tuple[int, ...]:
    if len(chunk) < 2 or 0 in chunk:
        raise Damaged("a chunk has no elements", fields.offset)
    return chunk
