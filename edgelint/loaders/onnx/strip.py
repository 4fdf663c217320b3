"""An ONNX file's protobuf without its weights.

One pass over the mapped file copies everything but tensor payloads above `LIMIT` bytes, and notes
where those lie. Sub-messages below `LIMIT` hold none and are copied unread, so the pass costs time
by the number of fields in the large ones, not by the size of the file.

Field numbers: onnx-ml.proto.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import field
from functools import partial
from mmap import mmap
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.loaders.limits import MOST
from edgelint.loaders.onnx.wire import BYTES, DEPTH_LIMIT, Field, WireFault, fields

if TYPE_CHECKING:
    from edgelint.ir.files import Bytes

LIMIT = 1024
"""Bytes of tensor content up to which it is kept: shapes depend on small integer tensors."""

BLOB_LIMIT = 64 * 1024
"""Bytes of a string attribute up to which it is kept (compiled engines are stored as one)."""

STRUCTURE_LIMIT = 512 * 1024 * 1024
"""Bytes of everything that is no tensor content; no graph that anybody drew comes near."""

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

_STRING_DATA, _RAW_DATA, _EXTERNAL_DATA = 6, 9, 13
_ATTRIBUTE_S = 4


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

    def attribute(self, start: int, end: int, where: str) -> Iterator[Field]:
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

    def payload(self, where: str, content: list[Field]) -> Payload:
        """The one range that the content fields of a tensor amount to."""
        numbers = {entry[0] for entry in content}
        number = _RAW_DATA if _RAW_DATA in numbers else content[0][0]
        pieces = [entry for entry in content if entry[0] == number]
        _, _, tag_at, first, behind = pieces[-1]
        if number == _STRING_DATA:
            return Payload(
                PAYLOADS[number],
                pieces[0][2],
                behind - pieces[0][2],
                len(pieces),
                sum(entry[4] - entry[3] for entry in pieces),
            )
        if (len(pieces) > 1 and number != _RAW_DATA) or len(numbers - {_RAW_DATA}) > 1:
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
