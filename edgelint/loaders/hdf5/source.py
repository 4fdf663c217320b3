"""The bytes of an HDF5 file, given out within bounds that every sound file keeps."""

from __future__ import annotations

from typing import BinaryIO

from edgelint.loaders.hdf5.errors import Damaged

FEWEST_STEPS = 20_000
MOST_STEPS = 2_000_000
"""Structures, messages and entries read from one file, which take a few microseconds each. In between, one
for each byte of the file: sound ones need less than half of that."""

FEWEST_BYTES = 2**20
MOST_REREADS = 6
"""How many times the file's own size may be read as structures; sound files need each byte once or twice."""

_TOO_MANY = "its structures never end"


class Source:
    """A stretch of a file that holds HDF5 content, and what has been read of it.

    Close it, or use it in a with block. start: where the superblock lies in the file; size: bytes from
    there on. steps_left: parts of structures that may still be read. offset_size, length_size: bytes that
    an address and a length take, as the superblock says.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        """`size` bytes of `file` from byte `start`."""
        self.start = start
        self.size = size
        self.offset_size = 8
        self.length_size = 8
        self._file = file
        self.steps_left = FEWEST_STEPS + min(size, MOST_STEPS - FEWEST_STEPS)
        self._bytes = FEWEST_BYTES + MOST_REREADS * size

    def __enter__(self) -> Source:
        """The source itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Closes the file."""
        self._file.close()

    def step(self, count: int = 1) -> None:
        """Counts `count` parts of a structure. Raises Damaged where no sound file has so many."""
        self.steps_left -= count
        if self.steps_left < 0:
            raise Damaged(_TOO_MANY)

    def spend(self, length: int) -> None:
        """Counts `length` bytes taken out of structures that were read. Raises Damaged as `step` does."""
        self._bytes -= length
        if self._bytes < 0:
            raise Damaged(_TOO_MANY)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes of a structure. Raises Damaged where they are not in the file, or read too often."""
        self.step()
        self.spend(length)
        return self.content(offset, length)

    def content(self, offset: int, length: int) -> bytes:
        """`length` bytes of elements, read as often as wanted. Raises Damaged where they are not there."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise Damaged(f"{length} bytes are needed where the file has no more", offset)
        self._file.seek(self.start + offset)
        data = self._file.read(length)
        if len(data) != length:
            raise Damaged("the file ends here, though it was longer before", offset)
        return data

    def fields(self, offset: int, length: int) -> Fields:
        """A structure of `length` bytes, to be read field by field."""
        return Fields(self, self.read(offset, length), offset)


class Fields:
    """The fields of a structure, read one after the other; all are little-endian.

    offset: of the structure in the file. at: of the next field in the structure.
    """

    __slots__ = ("at", "data", "offset", "source")

    def __init__(self, source: Source, data: bytes, offset: int) -> None:
        """The fields in `data`, which begins at byte `offset` of `source`."""
        self.source = source
        self.data = data
        self.offset = offset
        self.at = 0

    @property
    def place(self) -> int:
        """Offset of the next field in the file."""
        return self.offset + self.at

    @property
    def left(self) -> int:
        """Bytes behind the fields read so far."""
        return len(self.data) - self.at

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        end = self.at + length
        if length < 0 or end > len(self.data):
            raise Damaged("a structure ends before its last field", self.place)
        found = self.data[self.at : end]
        self.at = end
        return found

    def skip(self, length: int) -> None:
        """Passes over `length` bytes."""
        self.take(length)

    def number(self, width: int) -> int:
        """The next `width` bytes as a number without a sign."""
        return int.from_bytes(self.take(width), "little")

    def length(self) -> int:
        """A field as wide as the superblock says lengths are."""
        return self.number(self.source.length_size)

    def address(self) -> int | None:
        """An address; None for the one that stands for nowhere."""
        width = self.source.offset_size
        found = self.number(width)
        return None if found == (1 << 8 * width) - 1 else found

    def known_address(self) -> int:
        """An address of something that must be there."""
        at, found = self.place, self.address()
        if found is None:
            raise Damaged("an address is missing", at)
        return found

    def expect(self, signature: bytes) -> None:
        """Passes over a structure's `signature`."""
        at = self.place
        if self.take(len(signature)) != signature:
            raise Damaged(f"there is no {signature.decode()} here", at)
