"""Fixed and extensible arrays, which list the chunks of datasets with none or one endless dim (§VII)."""

from __future__ import annotations

from typing import NamedTuple

from edgelint.loaders.hdf5.checksum import verify
from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Fields, Source

_FILTERED = 1
_CHECKSUM = 4


class Entry(NamedTuple):
    """An array's entry for a chunk. size: stored bytes, None for those of an unfiltered chunk."""

    address: int
    size: int | None = None
    mask: int = 0


class _Array:
    """What both kinds have in common: a header, and blocks with a head each."""

    def __init__(self, source: Source, address: int, signature: bytes, numbers: int, lengths: int) -> None:
        """The header at `address`: after its client come `numbers` of one byte, then `lengths`."""
        size = 6 + numbers + lengths * source.length_size + source.offset_size + _CHECKSUM
        fields = source.fields(address, size)
        fields.expect(signature)
        version, self._client = fields.number(1), fields.number(1)
        self._entry, *self._numbers = (fields.number(1) for _ in range(numbers))
        self._lengths = [fields.length() for _ in range(lengths)]
        self._first = fields.address()
        verify(fields.data, address)
        least = source.offset_size + (5 if self._client == _FILTERED else 0)
        if version != 0 or self._client > _FILTERED or self._entry < least:
            raise Damaged("a list of chunks has an unknown version, or no sensible sizes", address)
        self._source = source
        self._head = 6 + source.offset_size
        self._read: dict[int, Fields] = {}

    def _block(self, address: int, signature: bytes, length: int) -> Fields:
        """A block of `length` bytes without its checksum, read once; at the field behind its head."""
        if address not in self._read:
            fields = self._source.fields(address, length + _CHECKSUM)
            verify(fields.data, address)
            fields.expect(signature)
            self._read[address] = fields
        found = self._read[address]
        found.at = self._head
        return found

    def _page(self, address: int, entries: int) -> Fields:
        """A page, which has no head."""
        if address not in self._read:
            fields = self._source.fields(address, entries * self._entry + _CHECKSUM)
            verify(fields.data, address)
            self._read[address] = fields
        found = self._read[address]
        found.at = 0
        return found

    def _entry_in(self, fields: Fields, number: int) -> Entry | None:
        fields.skip(number * self._entry)
        address = fields.address()
        if address is None:
            return None
        if self._client != _FILTERED:
            return Entry(address)
        return Entry(address, fields.number(self._entry - self._source.offset_size - 4), fields.number(4))


class FixedArray(_Array):
    """The chunks of a dataset none of whose dims is endless."""

    def __init__(self, source: Source, address: int) -> None:
        """The array whose header is at `address`."""
        super().__init__(source, address, b"FAHD", numbers=2, lengths=1)
        self._page_bits, self._count = min(self._numbers[0], 63), self._lengths[0]

    def entry(self, number: int) -> Entry | None:
        """Entry `number`; None for a chunk that was never written."""
        if self._first is None:
            return None
        if number >= self._count:
            raise Damaged("a list of chunks ends before the dataset", self._first)
        size = 1 << self._page_bits
        if self._count <= size:
            block = self._block(self._first, b"FADB", self._head + self._count * self._entry)
            return self._entry_in(block, number)
        pages = -(-self._count // size)
        head = self._head + -(-pages // 8)
        page, place = divmod(number, size)
        if not _bit(self._block(self._first, b"FADB", head), page):
            return None
        # The last page is as short as it can be.
        start = self._first + head + _CHECKSUM + page * (size * self._entry + _CHECKSUM)
        return self._entry_in(self._page(start, min(size, self._count - page * size)), place)


class ExtensibleArray(_Array):
    """The chunks of a dataset one of whose dims is endless: blocks that grow with their number."""

    def __init__(self, source: Source, address: int) -> None:
        """The array whose header is at `address`."""
        super().__init__(source, address, b"EAHD", numbers=6, lengths=6)
        bits, self._in_index, self._smallest, pointers, page_bits = self._numbers
        if not (_power(self._smallest) and _power(pointers) and bits <= 64 and page_bits <= 63):
            raise Damaged("a list of chunks has no sensible sizes", address)
        self._page_size = 1 << page_bits
        self._offset_width = (bits + 7) // 8
        self._blocks_in_index = 2 * (pointers - 1)
        # Super blocks whose blocks the index itself points at come first.
        self._supers_in_index = 2 * (pointers.bit_length() - 1)
        self._supers = max(1 + bits - (self._smallest.bit_length() - 1) - self._supers_in_index, 0)

    def entry(self, number: int) -> Entry | None:
        """Entry `number`; None for a chunk that was never written."""
        if self._first is None:
            return None
        width = self._source.offset_size
        lists = (self._blocks_in_index + self._supers) * width
        index = self._block(self._first, b"EAIB", self._head + self._in_index * self._entry + lists)
        if number < self._in_index:
            return self._entry_in(index, number)
        index.skip(self._in_index * self._entry)
        number -= self._in_index
        row = (number // self._smallest + 1).bit_length() - 1
        number -= self._smallest * ((1 << row) - 1)
        entries = self._smallest << (row + 1) // 2
        block, place = divmod(number, entries)
        if row < self._supers_in_index:
            # Rows before this one have 1, 1, 2, 2, 4, 4, … blocks.
            index.skip((sum(1 << r // 2 for r in range(row)) + block) * width)
            address = index.address()
            return None if address is None else self._entry_in(self._whole(address, entries), place)
        super_block = row - self._supers_in_index
        if super_block >= self._supers:
            raise Damaged("a list of chunks ends before the dataset", self._first)
        index.skip((self._blocks_in_index + super_block) * width)
        address = index.address()
        return None if address is None else self._in_super_block(address, row, block, entries, place)

    def _whole(self, address: int, entries: int) -> Fields:
        head = self._head + self._offset_width
        found = self._block(address, b"EADB", head + entries * self._entry)
        found.skip(self._offset_width)
        return found

    def _in_super_block(self, address: int, row: int, block: int, entries: int, place: int) -> Entry | None:
        blocks = 1 << row // 2
        pages = entries // self._page_size if entries > self._page_size else 0
        bitmap = -(-pages // 8)
        width = self._source.offset_size
        head = self._head + self._offset_width
        fields = self._block(address, b"EASB", head + blocks * (bitmap + width))
        fields.skip(self._offset_width + blocks * bitmap + block * width)
        found = fields.address()
        if found is None:
            return None
        if not pages:
            return self._entry_in(self._whole(found, entries), place)
        page, place = divmod(place, self._page_size)
        fields.at = head + block * bitmap
        if not _bit(fields, page):
            return None
        start = found + head + _CHECKSUM + page * (self._page_size * self._entry + _CHECKSUM)
        return self._entry_in(self._page(start, self._page_size), place)


def _bit(fields: Fields, number: int) -> bool:
    """Bit `number` of what comes next, the highest of a byte first."""
    fields.skip(number // 8)
    return bool(fields.number(1) & 0x80 >> number % 8)


def _power(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
