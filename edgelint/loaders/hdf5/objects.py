"""Object headers: the messages that say what an object is (§IV.A)."""

from __future__ import annotations

from typing import NamedTuple

from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.source import Fields, Source

DATASPACE, LINK_INFO, DATATYPE, OLD_FILL_VALUE, FILL_VALUE, LINK = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
EXTERNAL_FILES, LAYOUT, FILTERS, ATTRIBUTE, CONTINUATION = 0x07, 0x08, 0x0B, 0x0C, 0x10
SYMBOL_TABLE, ATTRIBUTE_INFO = 0x11, 0x15

_READ = frozenset(
    {
        *(DATASPACE, LINK_INFO, DATATYPE, OLD_FILL_VALUE, FILL_VALUE, LINK, EXTERNAL_FILES, LAYOUT, FILTERS),
        *(ATTRIBUTE, SYMBOL_TABLE, ATTRIBUTE_INFO),
    }
)
"""Types of messages that anybody here asks for."""
_LAST_KNOWN = 0x18
_SHARED, _MUST_BE_KNOWN = 0x02, 0x80
_IN_HEAP = 1
"""The kind of shared message that lies in a heap of the whole file."""


class Message(NamedTuple):
    """A header message: its type, its flags, its content, and where that lies."""

    kind: int
    flags: int
    data: bytes
    offset: int

    def fields(self, source: Source) -> Fields:
        """The content, to be read field by field."""
        return Fields(source, self.data, self.offset)


_Block = tuple[int, int]
"""Address and length of a stretch of messages."""


def messages(source: Source, address: int) -> list[Message]:
    """What the object at `address` says of itself, in its header's first block and those it continues in.

    Raises Damaged, or Unreadable for a message that the file forbids to pass over.
    """
    first = source.fields(address, min(16, max(source.size - address, 0)))
    return _new(source, first) if first.data[:4] == b"OHDR" else _old(source, first)


def resolved(source: Source, message: Message) -> Message:
    """`message` itself, or the one of a committed object that it stands for (§IV.A.2)."""
    if not message.flags & _SHARED:
        return message
    return committed(source, message.fields(source), message.kind)


def committed(source: Source, fields: Fields, kind: int) -> Message:
    """The message of type `kind` in the object that a shared message, next in `fields`, names."""
    version, way = fields.number(1), fields.number(1)
    if version == 1:
        fields.skip(6)
    elif version not in (2, 3):
        raise Damaged(f"a shared message has version {version}", fields.place)
    if version == 3 and way == _IN_HEAP:
        raise Unreadable("a table of messages shared by objects", fields.place)
    address = fields.known_address()
    for message in messages(source, address):
        if message.kind == kind and not message.flags & _SHARED:
            return message
    raise Damaged("a shared message is not where it should be", address)


def _old(source: Source, first: Fields) -> list[Message]:
    version = first.number(1)
    if version != 1:
        raise Damaged("there is no object header here", first.offset)
    first.skip(7)
    length = first.number(4)
    found: list[Message] = []
    # Four bytes make the messages begin at a multiple of eight.
    blocks: list[_Block] = [(first.offset + 16, length)]
    seen = {first.offset + 16}
    while blocks:
        fields = source.fields(*blocks.pop(0))
        while fields.left >= 8:
            source.step()
            kind, length, flags = fields.number(2), fields.number(2), fields.number(1)
            fields.skip(3)
            offset = fields.place
            message = Message(kind, flags, fields.take(length), offset)
            if kind == CONTINUATION:
                blocks.append(_continued(message.fields(source), seen))
            elif _is_read(message):
                found.append(message)
    return found


def _new(source: Source, first: Fields) -> list[Message]:
    from edgelint.loaders.hdf5.checksum import verify

    first.skip(4)
    version, flags = first.number(1), first.number(1)
    if version != 2:
        raise Unreadable(f"an object header of version {version}", first.offset)
    head = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = source.fields(first.offset + head, width).number(width)
    ordered = bool(flags & 0x04)
    found: list[Message] = []
    head += width
    blocks: list[_Block] = [(first.offset, head + length + 4)]
    seen = {first.offset}
    while blocks:
        address, length = blocks.pop(0)
        data = source.read(address, length)
        verify(data, address)
        fields = Fields(source, data[:-4], address)
        if address == first.offset:
            fields.skip(head)
        else:
            fields.expect(b"OCHK")
        while fields.left >= (6 if ordered else 4):
            source.step()
            kind, length, bits = fields.number(1), fields.number(2), fields.number(1)
            fields.skip(2 if ordered else 0)
            offset = fields.place
            message = Message(kind, bits, fields.take(length), offset)
            if kind == CONTINUATION:
                blocks.append(_continued(message.fields(source), seen))
            elif _is_read(message):
                found.append(message)
    return found


def _unknown(message: Message) -> Unreadable:
    return Unreadable(f"a header message of type {message.kind:#x}", message.offset)


def _is_read(message: Message) -> bool:
    """Whether the message matters here. Raises the error for one that must be known and is not."""
    if message.kind > _LAST_KNOWN and message.flags & _MUST_BE_KNOWN:
        raise _unknown(message)
    return message.kind in _READ


def _continued(fields: Fields, seen: set[int]) -> _Block:
    address = fields.known_address()
    if address in seen:
        raise Damaged("an object header continues in itself", fields.offset)
    seen.add(address)
    return address, fields.length()
