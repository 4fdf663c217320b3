"""B-trees of version 1, whose keys lie between addresses, and of version 2, which hold records (§III.A)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgelint.loaders.hdf5.checksum import verify
from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Fields, Source

DEEPEST = 32
"""Levels of a B-tree; one of two records a node would have 2^32 of them."""

_NODE_HEAD = 6
_CHECKSUM = 4


def leaves_v1(source: Source, address: int, kind: int, key_size: int) -> Iterator[tuple[bytes, int]]:
    """What the nodes on the lowest level point at, in order, each with the key before it.

    kind: 0 for the names of a group, 1 for the chunks of a dataset.
    """
    pending: list[tuple[int, int | None]] = [(address, None)]
    while pending:
        address, level = pending.pop()
        found, children = _node_v1(source, address, kind, key_size, level)
        if found == 0:
            yield from children
        else:
            pending.extend((child, found - 1) for _, child in reversed(children))


def _node_v1(
    source: Source, address: int, kind: int, key_size: int, level: int | None
) -> tuple[int, list[tuple[bytes, int]]]:
    head = 8 + 2 * source.offset_size
    fields = source.fields(address, head)
    fields.expect(b"TREE")
    actual, found, used = fields.number(1), fields.number(1), fields.number(2)
    if actual != kind or found > DEEPEST or level not in (None, found):
        raise Damaged("a node of a B-tree has a wrong type or level", address)
    source.step(used)
    fields = source.fields(address + head, used * (key_size + source.offset_size))
    return found, [(fields.take(key_size), fields.known_address()) for _ in range(used)]


class _Level(NamedTuple):
    """Sizes of the nodes of one level. total: the most records below a node of it."""

    pointer: int
    total: int


class BTree2:
    """A B-tree of version 2: records of one size, in order."""

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
