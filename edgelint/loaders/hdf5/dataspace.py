"""Dataspaces: how many elements there are, in how many dims (§IV.A.2.b)."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Fields

MOST_DIMS = 32
"""The HDF5 library's own limit."""

_NULL = 2


class Dataspace(NamedTuple):
    """The dims of a dataset or an attribute.

    shape: (0,) for one that holds no elements by its kind. limits: what each dim may grow to, None
    without end.
    """

    shape: tuple[int, ...]
    limits: tuple[int | None, ...]

    @property
    def elements(self) -> int:
        """How many elements there are."""
        return prod(self.shape)


def dataspace(fields: Fields) -> Dataspace:
    """The dataspace that comes next in `fields`."""
    version, rank, flags = fields.number(1), fields.number(1), fields.number(1)
    if version not in (1, 2) or rank > MOST_DIMS:
        raise Damaged("a dataspace has an unknown version, or too many dims", fields.offset)
    kind = fields.number(1)
    if version == 1:
        fields.skip(4)
    elif kind == _NULL:
        return Dataspace((0,), (0,))
    shape = tuple(fields.length() for _ in range(rank))
    if not flags & 1:
        return Dataspace(shape, shape)
    endless = (1 << 8 * fields.source.length_size) - 1
    limits = (fields.length() for _ in range(rank))
    return Dataspace(shape, tuple(None if limit == endless else limit for limit in limits))
