"""An HDF5 file: its root group, and its objects by address."""

from __future__ import annotations

from edgelint.loaders.hdf5.dataset import Dataset, is_dataset
from edgelint.loaders.hdf5.datatypes import Datatype
from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.group import Group
from edgelint.loaders.hdf5.heaps import GlobalHeaps
from edgelint.loaders.hdf5.links import is_group
from edgelint.loaders.hdf5.objects import messages
from edgelint.loaders.hdf5.source import Source
from edgelint.loaders.hdf5.superblock import read_superblock

_KEPT = 2 * 64
"""Groups that are kept after they were read: those on the way to an object, and their neighbours."""


class File:
    """The HDF5 content of a source.

    end: where it ends by its own account, in bytes from its superblock.
    """

    def __init__(self, source: Source) -> None:
        """The file in `source`, of which only the superblock is read. Raises Damaged or Unreadable."""
        self.source = source
        superblock = read_superblock(source)
        self.end = superblock.end
        self.heaps = GlobalHeaps(source)
        self._root = superblock.root
        self._top: Group | None = None
        self._datatypes: dict[bytes, Datatype] = {}
        self._groups: dict[int, Group] = {}

    @property
    def root(self) -> Group:
        """The group that all paths begin in."""
        if self._top is None:
            found = self.object(self._root)
            if not isinstance(found, Group):
                raise Damaged("its root is no group", self._root)
            self._top = found
        return self._top

    def object(self, address: int) -> Group | Dataset | None:
        """The object whose header is at `address`; None for one that is neither group nor dataset."""
        group = self._groups.pop(address, None)
        if group is not None:
            # The one that was asked for last is given up last.
            self._groups[address] = group
            return group
        header = messages(self.source, address)
        if is_group(header):
            group = Group(self, header)
            self._groups[address] = group
            if len(self._groups) > _KEPT:
                del self._groups[next(iter(self._groups))]
            return group
        return Dataset(self.source, header, self._datatypes) if is_dataset(header) else None
