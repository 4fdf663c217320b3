"""The elements of a dataset in chunks, put together in stretches of whole rows."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgelint.loaders.hdf5.chunks import Chunk, Place, read_chunks
from edgelint.loaders.hdf5.dataspace import Dataspace
from edgelint.loaders.hdf5.errors import Unreadable
from edgelint.loaders.hdf5.filters import Filter, unpacked
from edgelint.loaders.hdf5.layouts import Layout
from edgelint.loaders.hdf5.source import Source

LARGEST_BAND = 64 * 2**20
"""Bytes of elements that are unpacked at once; chunks of the HDF5 library take 1 MiB or less."""

_BAND = LARGEST_BAND // 16
"""Bytes that bands have where chunks leave a choice."""


def bands(
    source: Source, layout: Layout, space: Dataspace, filters: tuple[Filter, ...], empty: bytes
) -> Iterator[bytes]:
    """The elements in order, each band as high as a chunk or several; `empty` is one that was never written.

    Raises Unreadable for chunks too large to be unpacked.
    """
    shape, chunk = space.shape, layout.chunk
    row = prod(shape[1:]) * chunk[-1]
    if not shape[0] * row:
        return
    largest = max(min(chunk[0], shape[0]) * row, prod(chunk))
    if largest > LARGEST_BAND:
        raise Unreadable(f"chunks of {largest} bytes")
    lines: dict[int, list[tuple[Place, Chunk]]] = {}
    for place, found in read_chunks(source, layout, space).items():
        lines.setdefault(place[0], []).append((place, found))
    height = max(_BAND // (chunk[0] * row), 1)
    for top in range(0, -(-shape[0] // chunk[0]), height):
        first = top * chunk[0]
        band = np.empty((min(height * chunk[0], shape[0] - first), *shape[1:], chunk[-1]), np.uint8)
        band[...] = np.frombuffer(empty, np.uint8)
        for line in range(top, top + height):
            for place, found in lines.get(line, ()):
                _enter(source, layout, space, filters, band, (line - top, *place[1:]), place, found)
        yield band.tobytes()


def _enter(
    source: Source,
    layout: Layout,
    space: Dataspace,
    filters: tuple[Filter, ...],
    band: np.ndarray,
    spot: Place,
    place: Place,
    found: Chunk,
) -> None:
    """Unpacks the chunk at `place` of the dataset to `spot` of the band, both counted in chunks."""
    chunk = layout.chunk
    over = any((at + 1) * part > dim for at, part, dim in zip(place, chunk, space.shape, strict=False))
    data = unpacked(
        source.content(found.address, found.size),
        filters if layout.whole_edges or not over else (),
        found.mask,
        prod(chunk),
        chunk[-1],
    )
    part = band[tuple(slice(at * size, (at + 1) * size) for at, size in zip(spot, chunk, strict=False))]
    part[...] = np.frombuffer(data, np.uint8).reshape(chunk)[tuple(slice(0, size) for size in part.shape)]
