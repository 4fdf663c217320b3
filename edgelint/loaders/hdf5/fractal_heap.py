"""Fractal heaps, which hold the links and attributes of objects that have many (§III.G)."""

from __future__ import annotations

from edgelint.loaders.hdf5.btree_v2 import BTree2
from edgelint.loaders.hdf5.checksum import verify
from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.source import Fields, Source

_MANAGED, _HUGE, _TINY = 0, 1, 2
_CHECKSUMS_IN_BLOCKS = 0x02
_HUGE_BY_ADDRESS = 1
"""Type of the B-tree that finds objects too large for a block, unfiltered, by number."""


class FractalHeap:
    """A heap: a table of blocks that double in size with every row but the second."""

    def __init__(self, source: Source, address: int) -> None:
        """The heap whose header is at `address`."""
        self._source = source
        self.address = address
        wide, far = source.length_size, source.offset_size
        fields = source.fields(address, 26 + 12 * wide + 3 * far)
        fields.expect(b"FRHP")
        if fields.number(1) != 0:
            raise Damaged("a heap has an unknown version", address)
        self.id_size = fields.number(2)
        filters, flags = fields.number(2), fields.number(1)
        if filters:
            raise Unreadable("a heap of compressed blocks", address)
        largest = fields.number(4)
        fields.length()
        self._huge_tree = fields.address()
        fields.skip(wide + far + 8 * wide)
        self._width = fields.number(2)
        self._first, self._largest_direct = fields.length(), fields.length()
        bits = fields.number(2)
        fields.skip(2)
        self._root = fields.address()
        self._rows = fields.number(2)
        verify(fields.data, address)
        self._checked = bool(flags & _CHECKSUMS_IN_BLOCKS)
        self._offset_width = (bits + 7) // 8
        self._length_width = (min(self._largest_direct, largest).bit_length() + 7) // 8
        if not (
            0 < self._width <= 4096 and _power(self._first) and _power(self._largest_direct) and bits <= 64
        ):
            raise Damaged("a heap has no sensible sizes", address)
        self._blocks: dict[int, bytes] = {}
        self._tables: dict[int, list[int | None]] = {}
        self._huge: dict[int, tuple[int, int]] | None = None

    def object(self, identity: bytes) -> bytes:
        """The object that a heap ID names."""
        fields = Fields(self._source, identity, self.address)
        first = fields.number(1)
        version, kind = first >> 6, first >> 4 & 3
        if version:
            raise Damaged("the ID of an object in a heap has an unknown version", self.address)
        if kind == _MANAGED:
            found = self._managed(fields.number(self._offset_width), fields.number(self._length_width))
        elif kind == _HUGE:
            found = self._huge_object(fields)
        elif kind == _TINY:
            found = self._tiny_object(fields, first)
        else:
            raise Damaged("the ID of an object in a heap has an unknown type", self.address)
        self._source.spend(len(found))
        return found

    def _managed(self, offset: int, length: int) -> bytes:
        if self._root is None:
            raise Damaged("a heap has no blocks", self.address)
        address, start, size = self._root, 0, self._first
        rows = self._rows
        while rows:
            row, column, begin, size = self._spot(offset - start)
            if row >= rows:
                raise Damaged("an object lies behind the last block of its heap", self.address)
            address = self._child(address, rows, row * self._width + column)
            start += begin
            rows = 0 if size <= self._largest_direct else self._rows_in(size)
        data = self._block(address, size)
        begin = offset - start
        if begin + length > len(data):
            raise Damaged("an object ends behind its block", address)
        return data[begin : begin + length]

    def _spot(self, offset: int) -> tuple[int, int, int, int]:
        """Row, column, first offset and size of the block of a table that `offset` in it lies in."""
        span = self._first * self._width
        row = (offset // span).bit_length()
        size = self._first << max(row - 1, 0)
        begin = span << (row - 1) if row else 0
        column = (offset - begin) // size
        return row, column, begin + column * size, size

    def _rows_in(self, size: int) -> int:
        """Rows of a table that stands for a block of `size` bytes."""
        return (size // (self._first * self._width)).bit_length()

    def _child(self, address: int, rows: int, number: int) -> int:
        if address not in self._tables:
            self._tables[address] = self._table(address, rows)
        table = self._tables[address]
        child = table[number] if number < len(table) else None
        if child is None:
            raise Damaged("a block of a heap is missing", address)
        return child

    def _table(self, address: int, rows: int) -> list[int | None]:
        source = self._source
        head = 5 + source.offset_size + self._offset_width
        count = rows * self._width
        source.step(count)
        fields = source.fields(address, head + count * source.offset_size + 4)
        verify(fields.data, address)
        fields.expect(b"FHIB")
        fields.skip(head - 4)
        return [fields.address() for _ in range(count)]

    def _block(self, address: int, size: int) -> bytes:
        """A block with its head: offsets in the heap count that too."""
        if address not in self._blocks:
            data = self._source.read(address, size)
            if not data.startswith(b"FHDB"):
                raise Damaged("there is no FHDB here", address)
            if self._checked:
                at = 5 + self._source.offset_size + self._offset_width
                cleared = data[:at] + bytes(4) + data[at + 4 :]
                verify(cleared + data[at : at + 4], address)
            self._blocks[address] = data
        return self._blocks[address]

    def _huge_object(self, fields: Fields) -> bytes:
        if self.id_size > self._source.offset_size + self._source.length_size:
            return self._source.read(fields.known_address(), fields.length())
        if self._huge is None:
            self._huge = self._huge_places()
        number = fields.number(min(fields.left, self._source.length_size))
        if number not in self._huge:
            raise Damaged(f"a heap has no large object {number}", self.address)
        return self._source.read(*self._huge[number])

    def _huge_places(self) -> dict[int, tuple[int, int]]:
        if self._huge_tree is None:
            raise Damaged("a heap has no large objects", self.address)
        tree = BTree2(self._source, self._huge_tree)
        if tree.kind != _HUGE_BY_ADDRESS:
            raise Damaged("the large objects of a heap are listed in another way", self._huge_tree)
        found = {}
        for record in tree.records():
            address, length = record.known_address(), record.length()
            found[record.length()] = (address, length)
        return found

    def _tiny_object(self, fields: Fields, first: int) -> bytes:
        length = first & 0x0F
        # IDs longer than 18 bytes say the length with 12 bits.
        if self.id_size > 18:
            length = length << 8 | fields.number(1)
        return fields.take(length + 1)


def _power(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
