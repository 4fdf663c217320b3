"""Local heaps, which hold names in old groups, and global heaps, which hold long values (§III.D, §III.E)."""

from __future__ import annotations

from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Source


class LocalHeap:
    """The heap of one group."""

    def __init__(self, source: Source, address: int) -> None:
        """The heap at `address`."""
        fields = source.fields(address, 8 + 2 * source.length_size + source.offset_size)
        fields.expect(b"HEAP")
        if fields.number(1) != 0:
            raise Damaged("a local heap has an unknown version", address)
        fields.skip(3)
        length = fields.length()
        fields.length()
        self.offset = fields.known_address()
        self._source = source
        self._data = source.read(self.offset, length)

    def text(self, place: int) -> bytes:
        """The zero-terminated text at byte `place` of the heap."""
        end = self._data.find(b"\0", place)
        if end < 0:
            raise Damaged("a name never ends", self.offset + place)
        found = self._data[place:end]
        # Names that overlap could be many times as long together as the heap.
        self._source.spend(len(found))
        return found


class GlobalHeaps:
    """The collections of values of a file, each read when a value in it is first asked for."""

    def __init__(self, source: Source) -> None:
        """The collections of `source`, none read yet."""
        self._source = source
        self._collections: dict[int, dict[int, bytes]] = {}

    def value(self, address: int, number: int) -> bytes:
        """Object `number` of the collection at `address`."""
        if address not in self._collections:
            self._collections[address] = self._read(address)
        found = self._collections[address].get(number)
        if found is None:
            raise Damaged(f"a collection of values has no number {number}", address)
        return found

    def _read(self, address: int) -> dict[int, bytes]:
        source = self._source
        # Heads of the collection and of its values end at multiples of eight; its length counts its own.
        head = 16
        fields = source.fields(address, head)
        fields.expect(b"GCOL")
        if fields.number(1) != 1:
            raise Damaged("a collection of values has an unknown version", address)
        fields.skip(3)
        fields = source.fields(address + head, max(fields.length() - head, 0))
        found: dict[int, bytes] = {}
        while fields.left >= head:
            source.step()
            number = fields.number(2)
            fields.skip(6)
            length = fields.length()
            fields.skip(8 - source.length_size)
            if number == 0:
                break
            found[number] = fields.take(length)
            fields.skip(min(-length % 8, fields.left))
        return found
