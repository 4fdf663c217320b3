"""B-trees of version 2, which list records: of links, attributes, chunks and large objects (§III.A.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgelint.loaders.hdf5.btree_v1 import DEEPEST
from edgelint.loaders.hdf5.checksum import verify
from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Fields, Source

_NODE_HEAD = 6
_CHECKSUM = 4


class _Level(NamedTuple):
    """Sizes of the nodes of one level. total: the most records below a node of it."""

    pointer: int
    total: int


class BTree2:
    """A tree of records of one size, in order."""

    def __init__(self, source: Source, address: int) -> None:
        """The tree whose header is at `address`."""
        length = 22 + source.offset_size + source.length_size
        fields = source.fields(address, length)
        fields.expect(b"BTHD")
        version, self.kind = fields.number(1), fields.number(1)
        self._node, self.record_size, self._depth = fields.number(4), fields.number(2), fields.number(2)
        fields.skip(2)
        self._root = fields.address()
        self._count = fields.number(2)
        verify(fields.data, address)
        if version != 0 or self._depth > DEEPEST or self.record_size == 0:
            raise Damaged("a B-tree has an unknown version, or no sensible sizes", address)
        self._source = source
        room = self._node - _NODE_HEAD - _CHECKSUM
        self._count_width = _width(room // self.record_size)
        self._levels = self._sizes(room)

    def records(self) -> Iterator[Fields]:
        """Every record, in order."""
        if self._root is None:
            return
        pending: list[tuple[int, int, int] | Fields] = [(self._root, self._count, self._depth)]
        while pending:
            item = pending.pop()
            if isinstance(item, Fields):
                yield item
            else:
                pending.extend(reversed(self._inside(*item)))

    def _sizes(self, room: int) -> list[_Level]:
        levels = [_Level(0, room // self.record_size)]
        for depth in range(1, self._depth + 1):
            below = levels[-1]
            # How many records lie below a child is said for children that have children themselves.
            pointer = self._source.offset_size + self._count_width + (_width(below.total) if depth > 1 else 0)
            most = max(room - pointer, 0) // (self.record_size + pointer)
            levels.append(_Level(pointer, (most + 1) * below.total + most))
        return levels

    def _inside(self, address: int, count: int, depth: int) -> list[tuple[int, int, int] | Fields]:
        """Records of a node and its children, in order."""
        source, size = self._source, self.record_size
        pointer = self._levels[depth].pointer
        children = count + 1 if depth else 0
        used = _NODE_HEAD + count * size + children * pointer + _CHECKSUM
        source.step(count + children)
        fields = source.fields(address, used)
        verify(fields.data, address)
        fields.expect(b"BTIN" if depth else b"BTLF")
        if fields.number(1) != 0 or fields.number(1) != self.kind:
            raise Damaged("a node of a B-tree has another type than the tree", address)
        found: list[tuple[int, int, int] | Fields] = []
        records = [Fields(source, fields.take(size), fields.place - size) for _ in range(count)]
        for place in range(children):
            at = fields.known_address()
            below = fields.number(self._count_width)
            fields.skip(pointer - source.offset_size - self._count_width)
            found.append((at, below, depth - 1))
            found.extend(records[place : place + 1])
        return found or list(records)


def _width(most: int) -> int:
    """Bytes that a number up to `most` takes."""
    return max(most.bit_length() + 7, 8) // 8
