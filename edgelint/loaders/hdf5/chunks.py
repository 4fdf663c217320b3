"""The chunks of a dataset: where each of them lies (§III.A, §VII)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

from edgelint.loaders.hdf5.arrays import Entry, ExtensibleArray, FixedArray
from edgelint.loaders.hdf5.btree_v1 import leaves
from edgelint.loaders.hdf5.btree_v2 import BTree2
from edgelint.loaders.hdf5.dataspace import Dataspace
from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.layouts import (
    BTREE_V1,
    BTREE_V2,
    EXTENSIBLE_ARRAY,
    FIXED_ARRAY,
    SINGLE,
    Layout,
)
from edgelint.loaders.hdf5.source import Fields, Source

_CHUNKS_OF_DATASET = 1
"""Type of the version 1 B-trees that list chunks."""
_CHUNKS_UNFILTERED, _CHUNKS_FILTERED = 10, 11
"""Types of the version 2 B-trees that do."""

Place = tuple[int, ...]
"""Which chunk, counted in chunks along each dim."""


class Chunk(NamedTuple):
    """A chunk's bytes in the file. mask: bits of the filters that it was spared."""

    address: int
    size: int
    mask: int


def read_chunks(source: Source, layout: Layout, space: Dataspace) -> dict[Place, Chunk]:
    """The written chunks of a dataset; those behind its end, from when it was larger, are passed over."""
    if layout.address is None:
        return {}
    counts = tuple(-(-dim // part) for dim, part in zip(space.shape, layout.chunk, strict=False))
    size = prod(layout.chunk)
    found = {}
    for place, entry in _entries(source, layout, layout.address, space, counts, size):
        if all(at < count for at, count in zip(place, counts, strict=True)):
            found[place] = Chunk(entry.address, size if entry.size is None else entry.size, entry.mask)
    return found


def _entries(
    source: Source, layout: Layout, address: int, space: Dataspace, counts: Place, size: int
) -> Iterator[tuple[Place, Entry]]:
    if layout.index == BTREE_V1:
        return _of_btree_v1(source, layout, address)
    if layout.index == BTREE_V2:
        return _of_btree_v2(source, address, len(counts))
    if layout.index == SINGLE:
        return iter([((0,) * len(counts), Entry(address, layout.single_size, layout.single_mask))])
    return _of_array(source, layout, address, space, counts, size)


def _of_btree_v1(source: Source, layout: Layout, address: int) -> Iterator[tuple[Place, Entry]]:
    rank = len(layout.chunk) - 1
    for key, child in leaves(source, address, _CHUNKS_OF_DATASET, 8 + 8 * (rank + 1)):
        fields = Fields(source, key, child)
        size, mask = fields.number(4), fields.number(4)
        offsets = [fields.number(8) for _ in range(rank)]
        yield (
            tuple(at // part for at, part in zip(offsets, layout.chunk, strict=False)),
            Entry(child, size, mask),
        )


def _of_btree_v2(source: Source, address: int, rank: int) -> Iterator[tuple[Place, Entry]]:
    tree = BTree2(source, address)
    if tree.kind not in (_CHUNKS_UNFILTERED, _CHUNKS_FILTERED):
        raise Damaged("the B-tree of a dataset lists no chunks", address)
    width = tree.record_size - source.offset_size - 4 - 8 * rank
    for record in tree.records():
        child = record.known_address()
        entry = Entry(child)
        if tree.kind == _CHUNKS_FILTERED:
            entry = Entry(child, record.number(width), record.number(4))
        yield tuple(record.number(8) for _ in range(rank)), entry


def _of_array(
    source: Source, layout: Layout, address: int, space: Dataspace, counts: Place, size: int
) -> Iterator[tuple[Place, Entry]]:
    """Chunks in a row: the last dim changes fastest, an endless dim slowest."""
    source.step(prod(counts))
    order = list(range(len(counts)))
    if layout.index == EXTENSIBLE_ARRAY:
        order.sort(key=lambda dim: space.limits[dim] is not None)
    strides = _strides(layout, space, order)
    entries: FixedArray | ExtensibleArray | None = None
    if layout.index == FIXED_ARRAY:
        entries = FixedArray(source, address)
    elif layout.index == EXTENSIBLE_ARRAY:
        entries = ExtensibleArray(source, address)
    for place in product(*(range(count) for count in counts)):
        number = sum(at * stride for at, stride in zip(place, strides, strict=True))
        entry = entries.entry(number) if entries else Entry(address + number * size)
        if entry is not None:
            yield place, entry


def _strides(layout: Layout, space: Dataspace, order: list[int]) -> list[int]:
    """How far apart in the row the neighbours along each dim are; room is kept for what dims may grow to."""
    strides = [0] * len(order)
    stride = 1
    for place, dim in reversed(list(enumerate(order))):
        strides[dim] = stride
        limit = space.limits[dim]
        if place and limit is None:
            raise Damaged("chunks are listed in a row, though two dims are endless", layout.address)
        stride *= -(-(limit or 0) // layout.chunk[dim])
    return strides
