"""Attributes of objects: small named values (§IV.A.2.m, §IV.A.2.v)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from edgelint.loaders.hdf5.dataspace import Dataspace, dataspace
from edgelint.loaders.hdf5.datatypes import ENUM, FLOAT, INTEGER, STRING, VARIABLE, Datatype, datatype
from edgelint.loaders.hdf5.dense import listed
from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.heaps import GlobalHeaps
from edgelint.loaders.hdf5.objects import ATTRIBUTE, ATTRIBUTE_INFO, DATASPACE, DATATYPE, Message, committed
from edgelint.loaders.hdf5.source import Fields, Source

Scalar = bytes | int | float | bool
Value = Scalar | list[Scalar]

_ATTRIBUTES_BY_NAME = 8
"""Type of the B-trees that list the attributes of an object that has many."""
_SHARED = 0x02
_STEPS_OF_ATTRIBUTE = 10
"""What an attribute counts: it takes as long as so many fields."""
_ZERO_TERMINATED, _SPACE_PADDED = 0, 2

_STRUCT_CODES = {
    **{"float16": "e", "float32": "f", "float64": "d", "bool": "?"},
    **{f"int{8 * size}": code for size, code in ((1, "b"), (2, "h"), (4, "i"), (8, "q"))},
    **{f"uint{8 * size}": code for size, code in ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))},
}


class Attribute(NamedTuple):
    """An attribute; `content` are its elements, undecoded."""

    name: str
    kind: Datatype
    space: Dataspace
    content: Fields


def attributes(source: Source, header: list[Message]) -> dict[str, Attribute]:
    """The attributes of an object with these messages, by name, in the order they are listed."""
    found: dict[str, Attribute] = {}
    for message in header:
        if message.kind == ATTRIBUTE:
            read = _attribute(_plain(source, message))
            found[read.name] = read
        elif message.kind == ATTRIBUTE_INFO:
            for read in _dense(source, message.fields(source)):
                found[read.name] = read
    return found


def value(source: Source, heaps: GlobalHeaps, attribute: Attribute) -> Value:
    """An attribute's elements: texts as bytes without their padding; a list unless it is scalar.

    Raises Unreadable for elements that are neither texts nor numbers.
    """
    kind, space = attribute.kind, attribute.space
    content = attribute.content
    count = space.elements
    if count * kind.size > content.left:
        raise Damaged("an attribute has more elements than bytes", content.offset)
    source.step(count * kind.size // 8)
    found = list(_elements(source, heaps, kind, count, content))
    return found if space.shape else found[0]


def _plain(source: Source, message: Message) -> Fields:
    if message.flags & _SHARED:
        return committed(source, message.fields(source), ATTRIBUTE).fields(source)
    return message.fields(source)


def _dense(source: Source, fields: Fields) -> Iterator[Attribute]:
    """The attributes that an object keeps in a heap; none where all are in its header."""
    if fields.number(1) != 0:
        raise Damaged("a list of attributes has an unknown version", fields.offset)
    fields.skip(2 if fields.number(1) & 1 else 0)
    what = "the attributes of an object"
    yield from map(_attribute, listed(source, fields, _ATTRIBUTES_BY_NAME, what, _identity))


def _identity(record: Fields, size: int) -> bytes:
    found = record.take(size)
    if record.number(1) & _SHARED:
        raise Unreadable("a table of messages shared by objects", record.offset)
    return found


def _attribute(fields: Fields) -> Attribute:
    fields.source.step(_STEPS_OF_ATTRIBUTE)
    version, flags = fields.number(1), fields.number(1)
    if version not in (1, 2, 3):
        raise Damaged("an attribute has an unknown version", fields.offset)
    sizes = [fields.number(2) for _ in range(3)]
    fields.skip(1 if version == 3 else 0)
    parts = []
    for size in sizes:
        offset = fields.place
        parts.append(Fields(fields.source, fields.take(size), offset))
        # The first version fills each part up to a multiple of eight bytes.
        fields.skip(min(-size % 8, fields.left) if version == 1 else 0)
    name = parts[0].data.partition(b"\0")[0].decode("utf-8", "replace")
    shared = flags if version > 1 else 0
    kind = datatype(_own(parts[1], DATATYPE) if shared & 1 else parts[1])
    space = dataspace(_own(parts[2], DATASPACE) if shared & 2 else parts[2])
    return Attribute(name, kind, space, Fields(fields.source, fields.data[fields.at :], fields.place))


def _own(fields: Fields, kind: int) -> Fields:
    return committed(fields.source, fields, kind).fields(fields.source)


def _elements(
    source: Source, heaps: GlobalHeaps, kind: Datatype, count: int, content: Fields
) -> Iterator[Scalar]:
    data = content.data[: count * kind.size]
    if kind.kind == STRING:
        for at in range(0, len(data), kind.size):
            yield _unpadded(data[at : at + kind.size], kind.padding)
    elif kind.kind == VARIABLE and kind.text:
        for at in range(0, len(data), kind.size):
            yield _long_text(source, heaps, Fields(source, data[at : at + kind.size], content.offset + at))
    elif kind.kind in (INTEGER, FLOAT, ENUM) and kind.label in _STRUCT_CODES:
        order = ">" if kind.big_endian else "<"
        yield from struct.unpack(f"{order}{count}{_STRUCT_CODES[kind.label]}", data)
    else:
        raise Unreadable(f"an attribute of {kind.name} elements", content.offset)


def _long_text(source: Source, heaps: GlobalHeaps, fields: Fields) -> bytes:
    length, address, number = fields.number(4), fields.address(), fields.number(4)
    # An empty text may have no place at all.
    if not length or not address:
        return b""
    found = heaps.value(address, number)[:length]
    source.spend(len(found))
    return found.partition(b"\0")[0]


def _unpadded(text: bytes, padding: int) -> bytes:
    if padding == _ZERO_TERMINATED:
        return text.partition(b"\0")[0]
    return text.rstrip(b" " if padding == _SPACE_PADDED else b"\0")
