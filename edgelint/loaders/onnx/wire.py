"""ONNX's protobuf wire format without its weights.

One pass over the mapped file copies everything but tensor payloads above `LIMIT` bytes, and notes
where those lie. Sub-messages below `LIMIT` hold none and are copied unread, so the pass costs time
by the number of fields in the large ones, not by the size of the file.

Wire format: https://protobuf.dev/programming-guides/encoding/. Field numbers: onnx-ml.proto.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import field
from functools import partial
from mmap import mmap
from typing import TYPE_CHECKING, NoReturn

from edgelint.deferred import dataclass
from edgelint.loaders.limits import MOST

if TYPE_CHECKING:
    from edgelint.ir.files import Bytes

LIMIT = 1024
"""Bytes of tensor content up to which it is kept: shapes depend on small integer tensors."""

BLOB_LIMIT = 64 * 1024
"""Bytes of a string attribute up to which it is kept (compiled engines are stored as one)."""

STRUCTURE_LIMIT = 512 * 1024 * 1024
"""Bytes of everything that is no tensor content; no graph that anybody drew comes near."""

DEPTH_LIMIT = 100
"""Nesting at which protobuf's own parsers stop."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_CHILDREN = {
    "ModelProto": {
        7: ("graph", "GraphProto"),
        20: ("training_info", "TrainingInfoProto"),
        25: ("functions", "FunctionProto"),
    },
    "TrainingInfoProto": {1: ("initialization", "GraphProto"), 2: ("algorithm", "GraphProto")},
    "FunctionProto": {7: ("node", "NodeProto"), 11: ("attribute_proto", "AttributeProto")},
    "GraphProto": {
        1: ("node", "NodeProto"),
        5: ("initializer", "TensorProto"),
        15: ("sparse_initializer", "SparseTensorProto"),
    },
    "NodeProto": {5: ("attribute", "AttributeProto")},
    "AttributeProto": {
        5: ("t", "TensorProto"),
        6: ("g", "GraphProto"),
        10: ("tensors", "TensorProto"),
        11: ("graphs", "GraphProto"),
        22: ("sparse_tensor", "SparseTensorProto"),
        23: ("sparse_tensors", "SparseTensorProto"),
    },
    "SparseTensorProto": {1: ("values", "TensorProto"), 2: ("indices", "TensorProto")},
    "TensorProto": {},
}
"""Message to field number to name and message: the ways that lead to tensors."""

_DROPPED = {
    "ModelProto": {6},
    "FunctionProto": {8, 14},
    "GraphProto": {10, 16},
    "NodeProto": {6, 9},
    "AttributeProto": {13},
    "TensorProto": {12, 16},
}
"""Documentation and exporter's notes (stack traces, often most of a node's bytes)."""

PAYLOADS = {
    4: "float_data",
    5: "int32_data",
    6: "string_data",
    7: "int64_data",
    9: "raw_data",
    10: "double_data",
    11: "uint64_data",
}
"""TensorProto's fields that hold content."""

_EXTERNAL_DATA = 13
_ATTRIBUTE_S = 4


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


class TooManyFields(Exception):
    """More fields on the ways to tensors than are walked."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Content that was left in the file: the TensorProto field, and where its bytes lie.

    For `string_data` the range spans all strings with their tags, `strings` of `content` bytes.
    """

    field: str
    offset: int
    length: int
    strings: int = 0
    content: int = 0


@dataclass(slots=True)
class Stripped:
    """A ModelProto's bytes without payloads.

    token: the key of the external_data entry, and the prefix of the string attribute, that stands
        for a payload; its rest is the place in `payloads`. Random, so that no file can forge it.
    """

    token: str = field(default_factory=lambda: "left-in-file:" + os.urandom(12).hex())
    payloads: list[Payload] = field(default_factory=list)
    data: bytes = b""


def strip(data: Bytes) -> Stripped:
    """The ModelProto in `data` with payloads above `LIMIT` bytes left out.

    Raises WireFault, naming field and offset, where the bytes are no protobuf; TooManyFields.
    """
    stripped = Stripped()
    walk = _Walk(data, stripped)
    pieces = walk.message("ModelProto", "", 0, len(data), 0)
    size = len(data) if pieces is None else sum(map(len, pieces))
    if size > STRUCTURE_LIMIT:
        raise WireFault("", 0, f"holds {size} bytes besides tensor content, more than {STRUCTURE_LIMIT}")
    stripped.data = data[:] if pieces is None else b"".join(pieces)
    return stripped


def fields(
    data: Bytes | bytes, start: int, end: int, where: str = ""
) -> Iterator[tuple[int, int, int, int, int]]:
    """Every field of the message in `data[start:end]`: number, wire type, offset of the tag, of the
    content, and of what follows.

    Raises WireFault at the first one that does not fit.
    """
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


class _Walk:
    def __init__(self, data: Bytes, stripped: Stripped) -> None:
        self.data = data
        self.stripped = stripped
        self.fields_left = MOST["fields"]

    def message(self, kind: str, where: str, start: int, end: int, depth: int) -> list[bytes] | None:
        """The message's bytes without payloads, None when nothing has to go."""
        if depth > DEPTH_LIMIT:
            raise WireFault(where, start, f"is nested more than {DEPTH_LIMIT} deep")
        if kind == "TensorProto":
            return self.tensor(where, start, end)
        children = _CHILDREN[kind]
        dropped = _DROPPED.get(kind, set())
        pieces: list[bytes] = []
        kept_from = start
        walk = self.attribute if kind == "AttributeProto" else partial(fields, self.data)
        for number, wire, tag_at, content, behind in walk(start, end, where):
            self.fields_left -= 1
            if self.fields_left < 0:
                raise TooManyFields
            if wire != BYTES:
                continue
            length = behind - content
            replacement: list[bytes] | None = None
            if number in dropped:
                replacement = []
            elif length > LIMIT and number in children:
                name, child = children[number]
                path = f"{where}.{name}" if where else name
                inner = self.message(child, path, content, behind, depth + 1)
                if inner is not None:
                    replacement = [_head(number, sum(map(len, inner))), *inner]
            elif length > BLOB_LIMIT and kind == "AttributeProto" and number == _ATTRIBUTE_S:
                mark = (self.stripped.token + self.leave(Payload("s", content, length))).encode()
                replacement = [_head(number, len(mark)), mark]
            if replacement is not None:
                pieces.append(self.data[kept_from:tag_at])
                pieces.extend(replacement)
                kept_from = behind
        if kept_from == start:
            return None
        pieces.append(self.data[kept_from:end])
        return pieces

    def attribute(self, start: int, end: int, where: str) -> Iterator[tuple[int, int, int, int, int]]:
        """`fields`, skipping an attribute's long runs of single numbers at the speed of `re`."""
        position = start
        while position < end:
            position = _behind_numbers(self.data, position, end)
            for found in fields(self.data, position, end, where):
                position = found[4]
                yield found
                if found[1] != BYTES:
                    break

    def tensor(self, where: str, start: int, end: int) -> list[bytes] | None:
        """A TensorProto with a mark in place of its content, None when the content is small."""
        found = []
        for each in fields(self.data, start, end, where):
            self.fields_left -= 1
            if self.fields_left < 0:
                raise TooManyFields
            if each[1] == BYTES:
                found.append(each)
        content = [entry for entry in found if entry[0] in PAYLOADS]
        if sum(entry[4] - entry[3] for entry in content) <= LIMIT:
            return None
        mark = self.leave(self.payload(where, content)).encode()
        token = self.stripped.token.encode()
        entry = _head(1, len(token)) + token + _head(2, len(mark)) + mark
        pieces = []
        kept_from = start
        for number, _, tag_at, _, behind in found:
            if number in PAYLOADS or number in _DROPPED["TensorProto"]:
                pieces.append(self.data[kept_from:tag_at])
                kept_from = behind
        return [*pieces, self.data[kept_from:end], _head(_EXTERNAL_DATA, len(entry)) + entry]

    def payload(self, where: str, content: list[tuple[int, int, int, int, int]]) -> Payload:
        """The one range that the content fields of a tensor amount to."""
        numbers = {entry[0] for entry in content}
        number = 9 if 9 in numbers else content[0][0]
        pieces = [entry for entry in content if entry[0] == number]
        _, _, tag_at, first, behind = pieces[-1]
        if number == 6:
            return Payload(
                PAYLOADS[6],
                pieces[0][2],
                behind - pieces[0][2],
                len(pieces),
                sum(entry[4] - entry[3] for entry in pieces),
            )
        if (len(pieces) > 1 and number != 9) or len(numbers - {9}) > 1:
            raise WireFault(where, tag_at, "has its content in several pieces")
        return Payload(PAYLOADS[number], first, behind - first)

    def leave(self, payload: Payload) -> str:
        self.stripped.payloads.append(payload)
        return str(len(self.stripped.payloads) - 1)


_NUMBERS = re.compile(rb"(?:\x3d[\s\S]{4})*(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])*")
"""AttributeProto.floats and .ints, which ONNX stores one tagged element at a time."""


NUMBERS_AT_ONCE = 64 * 1024
"""Bytes of them that are fetched at a time of a file elsewhere."""


def _behind_numbers(data: Bytes, position: int, end: int) -> int:
    """The offset behind a run of single numbers, or in the middle of a long one."""
    if isinstance(data, (bytes, mmap)):
        run = _NUMBERS.match(data, position, end)
        return run.end() if run else position
    if data[position] not in _NUMBER_TAGS:
        return position
    run = _NUMBERS.match(data[position : min(position + NUMBERS_AT_ONCE, end)])
    return position + run.end() if run else position


_NUMBER_TAGS = (0x3D, 0x40)


def _head(number: int, length: int) -> bytes:
    """Tag and length of a length-delimited field."""
    return _encode(number << 3 | BYTES) + _encode(length)


def _encode(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
