"""Protobuf's wire format: the fields of a message, one after the other, whatever they mean.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from edgelint.ir.files import Bytes

DEPTH_LIMIT = 100
"""Nesting at which protobuf's own parsers stop."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; those of groups, which protobuf no longer has, are 3 and 4."""

Field = tuple[int, int, int, int, int]
"""A field's number and wire type, and the offsets of its tag, of its content, and of what follows."""


class WireFault(Exception):
    """Bytes that are no protobuf.

    where: the fields that lead there, dotted; number: the field in it that is at fault, 0 for none.
    offset: in the file. problem: a phrase that follows the field.
    """

    def __init__(self, where: str, offset: int, problem: str, number: int = 0) -> None:
        super().__init__(where, offset, problem, number)
        self.number = number
        self.where = where
        self.offset = offset
        self.problem = problem


def fields(data: Bytes | bytes, start: int, end: int, where: str = "") -> Iterator[Field]:
    """Every field of the message in `data[start:end]`. Raises WireFault at the first that does not fit."""
    position = start
    while position < end:
        tag_at = position
        # Most numbers are of one byte: no call is made for those.
        tag = data[position]
        if tag < 0x80:
            position += 1
        else:
            tag, position = _varint(data, position, end, where)
        number, wire = tag >> 3, tag & 7
        content = position
        if wire == BYTES:
            if position < end and (length := data[position]) < 0x80:
                content += 1
            else:
                length, content = _varint(data, position, end, where)
            position = content + length
        elif wire == VARINT:
            _, position = _varint(data, position, end, where)
        elif wire == FIXED32:
            position += 4
        elif wire == FIXED64:
            position += 8
        else:
            raise WireFault(where, tag_at, f"has a field of wire type {wire}, which protobuf no longer has")
        if number == 0:
            raise WireFault(where, tag_at, "has a field numbered 0")
        if position > end:
            _overrun(data, where, number, tag_at, position - content, end - content)
        yield number, wire, tag_at, content, position


def _varint(data: Bytes | bytes, position: int, end: int, where: str) -> tuple[int, int]:
    """The varint at `position`, and the offset behind it."""
    if position < end and data[position] < 0x80:
        return data[position], position + 1
    value = 0
    for shift in range(0, 70, 7):
        if position + shift // 7 >= end:
            break
        byte = data[position + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + shift // 7 + 1
    else:
        raise WireFault(where, position, "has a number of more than 10 bytes")
    raise WireFault(where, position, "ends inside a number")


def _overrun(data: Bytes | bytes, where: str, number: int, offset: int, length: int, left: int) -> NoReturn:
    limit = "the file" if offset + length >= len(data) else "its message"
    raise WireFault(where, offset, f"has {length} bytes, where {limit} has {max(left, 0)} left", number)
