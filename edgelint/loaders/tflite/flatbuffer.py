"""FlatBuffers read with every offset checked: tables become dicts, large byte vectors stay where they are.

The layout (https://flatbuffers.dev/internals): a table begins with the distance back to its vtable,
which holds 16-bit field offsets; vectors and strings begin with a 32-bit length; references are
32-bit distances forward. All little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import cache
from mmap import mmap
from typing import Any, NamedTuple, NoReturn

from edgelint.loaders.limits import MOST

MAX_TABLES = MOST["tables"]
"""Tables read from one file; the limit of the FlatBuffers C++ verifier."""

MAX_REREADS = 16
"""How many times the file's own size may be read as vectors and strings.

Sharing makes honest files a little smaller; without a bound a hostile one could point a million
tables at one large vector.
"""

MAX_KNOWN = 4096
"""Descriptions of tables that are kept; writers store each once, so that a file has a few dozen."""

MAX_DEPTH = 64
"""Nesting of tables; the limit of the FlatBuffers C++ verifier."""

Record = dict[str, Any]
"""A table: field name to content, defaults filled in."""

_Read = Callable[["FlatBuffer", int], Any]

LETTERS = {
    "bool": "B",
    "byte": "b",
    "ubyte": "B",
    "short": "h",
    "ushort": "H",
    "int": "i",
    "uint": "I",
    "long": "q",
    "ulong": "Q",
    "float": "f",
    "double": "d",
}
"""Scalar type of the schema language to its struct letter."""

_SCALARS = {name: struct.Struct("<" + letter) for name, letter in LETTERS.items()}
_I32, _U32, _VTABLE_HEAD = struct.Struct("<i"), struct.Struct("<I"), struct.Struct("<HH")


class Malformed(Exception):
    """Bytes that are not what the schema says.

    problem: what is wrong, a clause. offset: the byte it was noticed at.
    trail: the fields that lead there, innermost first.
    """

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset
        self.trail: list[str] = []

    @property
    def where(self) -> str:
        """The place in words: `subgraphs[0].tensors[3].shape, offset 0x1f0`."""
        path = "".join(reversed(self.trail)).lstrip(".")
        return f"{path}, offset {self.offset:#x}" if path else f"offset {self.offset:#x}"


class TooManyTables(Malformed):
    """More tables than are read."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"it holds more than {MAX_TABLES:,} tables", offset)


class Span(NamedTuple):
    """A byte vector that was located but not read."""

    offset: int
    length: int


class Schema(NamedTuple):
    """What a file of one kind may hold.

    tables: table name to its fields as `name:type` or `name:type=default`, in the schema's order,
        apart by blanks; `-name:type` is a deprecated field that is skipped. Types are those of the
        FlatBuffers schema language; `[ubyte]` is located, not read. A union takes two places:
        `name_type` (the number) and `name` (its table, None when of an unknown type).
    enums: enum name to its stored type and its values' names from 0 on; a value outside is malformed.
    unions: union name to its members' tables, the first being type 1.
    """

    tables: Mapping[str, str]
    enums: Mapping[str, tuple[str, tuple[str, ...]]]
    unions: Mapping[str, tuple[str, ...]]


class _Layout(NamedTuple):
    defaults: Record
    fields: tuple[tuple[str, int, _Read | None], ...]
    """Per vtable place: name, bytes in the table, reader; None for what is skipped or a union."""
    unions: Mapping[str, tuple[str, ...]]


class VTable(NamedTuple):
    """What describes tables of `size` bytes: where their fields lie, 0 for one that is left out.

    stored: for each kind of table that was read by it, its fields that are there: name, place, reader.
    """

    size: int
    places: tuple[int, ...]
    stored: dict[str, list[tuple[str, int, _Read | None]]]


def _stored(vtable: VTable, layout: _Layout) -> list[tuple[str, int, _Read | None]]:
    """The fields that are there, up to one that lies outside the table: to read that is an error."""
    found: list[tuple[str, int, _Read | None]] = []
    for place, (field, width, read) in zip(vtable.places, layout.fields, strict=False):
        if place and (place < 4 or place + width > vtable.size):
            return [*found, (field, place, _misplaced(place, vtable.size))]
        if place and (read is not None or field in layout.unions):
            found.append((field, place, read))
    return found


def _misplaced(place: int, size: int) -> _Read:
    def read(buffer: FlatBuffer, at: int) -> NoReturn:
        raise Malformed(f"a field lies at byte {place} of a table of {size} bytes", at - place)

    return read


class FlatBuffer:
    """A file of `schema` in `data`; reading raises Malformed where it is not one."""

    def __init__(self, data: mmap | bytes, schema: Schema) -> None:
        self.data = data
        self.size = len(data)
        self._schema = schema
        # A subclass reads in ways of its own, which may be bound to the one file.
        self._layouts = _laid_out(schema) if type(self) is FlatBuffer else {}
        self._vtables: dict[int, VTable] = {}
        self._tables_left = MAX_TABLES
        self._bytes_left = MAX_REREADS * self.size
        self._depth = 0
        self.end = 0
        """The byte behind everything that was read or located so far."""

    def root(self, table: str) -> Record:
        """The root table with everything below it."""
        if self.size < 4:
            raise Malformed("it ends inside a reference", 0)
        return self._follow(0, table)

    def text(self, at: int) -> str:
        """The string that the reference at `at` leads to, bytes that are not UTF-8 as escapes."""
        start, length = self._vector(at, 1)
        if start + length >= self.size or self.data[start + length]:
            raise Malformed("a string has no end", start + length)
        text: str = self.data[start : start + length].decode("utf-8", "backslashreplace")
        return text

    def _follow(self, at: int, table: str) -> Record:
        return self._table(self._target(at), table)

    def _target(self, at: int) -> int:
        """Where the reference at `at` leads, which lies in a table or a vector and thus in the file."""
        target: int = at + _U32.unpack_from(self.data, at)[0]
        if target == at or target + 4 > self.size:
            raise Malformed(f"a reference leads to byte {target} of {self.size}", at)
        if target % 4:
            raise Malformed(f"a reference leads to byte {target}, which is not aligned", at)
        return target

    def _table(self, at: int, name: str) -> Record:
        self._tables_left -= 1
        if self._tables_left < 0:
            raise TooManyTables(at)
        if self._depth >= MAX_DEPTH:
            raise Malformed(f"it is nested more than {MAX_DEPTH} deep", at)
        layout = self._layouts.get(name) or self._lay_out(name)
        vtable = self._vtable(at)
        stored = vtable.stored.get(name)
        if stored is None:
            stored = vtable.stored[name] = _stored(vtable, layout)
        record = layout.defaults.copy()
        field = ""
        self._depth += 1
        try:
            for field, place, read in stored:
                if read is not None:
                    record[field] = read(self, at + place)
                else:
                    record[field] = self._union(at + place, layout.unions[field], record[field + "_type"])
        except Malformed as error:
            error.trail.append("." + field)
            raise
        self._depth -= 1
        return record

    def _union(self, at: int, members: tuple[str, ...], kind: int) -> Record | None:
        target = self._target(at)
        return self._table(target, members[kind - 1]) if 0 < kind <= len(members) else None

    def _vtable(self, at: int) -> VTable:
        """What describes the table."""
        start = at - _I32.unpack_from(self.data, at)[0]
        known = self._vtables.get(start)
        if known is None:
            if start < 0 or start % 2 or start + 4 > self.size:
                raise Malformed(f"a table is described at byte {start} of {self.size}", at)
            length, size = _VTABLE_HEAD.unpack_from(self.data, start)
            if length < 4 or length % 2 or start + length > self.size or size < 4:
                raise Malformed(f"a description of {length} bytes for a table of {size}", start)
            places = struct.unpack_from(f"<{length // 2 - 2}H", self.data, start + 4)
            known = VTable(size, places, {})
            if len(self._vtables) < MAX_KNOWN:
                self._vtables[start] = known
        end = at + known.size
        if end > self.size:
            raise Malformed(f"it ends inside a table of {known.size} bytes", at)
        if end > self.end:
            self.end = end
        return known

    def _vector(self, at: int, width: int, *, is_read: bool = True) -> tuple[int, int]:
        """The first byte and the length of the vector that the reference at `at` leads to.

        is_read: whether its content is to be read, not only located.
        """
        target = self._target(at)
        (length,) = _U32.unpack_from(self.data, target)
        start = target + 4
        end = start + length * width
        if end > self.size:
            raise Malformed(
                f"a vector has {length} elements of {width} bytes where {self.size - start} are left", target
            )
        if end > self.end:
            self.end = end
        if is_read:
            self._bytes_left -= end - start
            if self._bytes_left < 0:
                raise Malformed("it refers to the same bytes over and over", start)
        return start, length

    def _lay_out(self, name: str) -> _Layout:
        defaults: Record = {}
        fields: list[tuple[str, int, _Read | None]] = []
        unions: dict[str, tuple[str, ...]] = {}
        for word in self._schema.tables[name].split():
            field, _, kind = word.partition(":")
            kind, _, default = kind.partition("=")
            if kind in self._schema.unions:
                unions[field] = self._schema.unions[kind]
                defaults |= {field + "_type": 0, field: None}
                fields += [(field + "_type", 1, _scalar("ubyte")), (field, 4, None)]
                continue
            width, absent, read = self._reader(kind, default)
            if not field.startswith("-"):
                defaults[field] = absent
            fields.append((field, width, None if field.startswith("-") else read))
        layout = self._layouts[name] = _Layout(defaults, tuple(fields), unions)
        return layout

    def _reader(self, kind: str, default: str) -> tuple[int, Any, _Read]:
        """Bytes in the table, content when absent, and how to read a field of this kind."""
        if kind == "bool":
            return 1, default == "1", _truth
        if kind in _SCALARS:
            number: float | int = float(default or 0) if kind in ("float", "double") else int(default or 0)
            return _SCALARS[kind].size, number, _scalar(kind)
        if kind in self._schema.enums:
            stored, names = self._schema.enums[kind]
            return _SCALARS[stored].size, names[int(default or 0)], _named(kind, stored, names)
        if kind == "string":
            return 4, None, FlatBuffer.text
        if kind == "[ubyte]":
            return 4, None, _span
        if kind.startswith("["):
            return 4, (), self._vector_reader(kind[1:-1])
        return 4, None, lambda buffer, at: buffer._follow(at, kind)

    def _vector_reader(self, kind: str) -> _Read:
        if kind in LETTERS or kind in self._schema.enums:
            return _numbers(LETTERS[self._schema.enums[kind][0] if kind in self._schema.enums else kind])
        return _tables(kind)


_known: dict[int, tuple[Schema, dict[str, _Layout]]] = {}
"""By identity; the schema is kept, so that no other one can get its number."""


def _laid_out(schema: Schema) -> dict[str, _Layout]:
    """The layouts of the schema's tables that were needed so far, in whichever file."""
    return _known.setdefault(id(schema), (schema, {}))[1]


def flatbuffer_in(data: Any, schema: Schema) -> FlatBuffer:
    """The file of `schema` in `data`: mapped from disk, or to be fetched from elsewhere."""
    if isinstance(data, (bytes, mmap)):
        return FlatBuffer(data, schema)
    from edgelint.loaders.tflite.fetched import FetchedFlatBuffer

    return FetchedFlatBuffer(data, schema)


def _scalar(kind: str) -> _Read:
    unpack = _SCALARS[kind].unpack_from
    return lambda buffer, at: unpack(buffer.data, at)[0]


def _truth(buffer: FlatBuffer, at: int) -> bool:
    number = buffer.data[at]
    if number > 1:
        raise Malformed(f"a yes or no is {number}", at)
    return bool(number)


def _named(kind: str, stored: str, names: tuple[str, ...]) -> _Read:
    unpack = _SCALARS[stored].unpack_from

    def read(buffer: FlatBuffer, at: int) -> str:
        (number,) = unpack(buffer.data, at)
        if not 0 <= number < len(names):
            raise Malformed(f"{kind} is {number}, and only 0 to {len(names) - 1} are known", at)
        return names[int(number)]

    return read


def _span(buffer: FlatBuffer, at: int) -> Span:
    return Span(*buffer._vector(at, 1, is_read=False))


@cache
def _numbers(letter: str) -> _Read:
    width = struct.calcsize("<" + letter)
    short = [struct.Struct(f"<{length}{letter}").unpack_from for length in range(9)]

    def read(buffer: FlatBuffer, at: int) -> tuple[Any, ...]:
        start, length = buffer._vector(at, width)
        if length < len(short):
            return short[length](buffer.data, start)
        return struct.unpack_from(f"<{length}{letter}", buffer.data, start)

    return read


def _tables(kind: str) -> _Read:
    def read(buffer: FlatBuffer, at: int) -> tuple[Record, ...]:
        start, length = buffer._vector(at, 4)
        if length > buffer._tables_left:
            raise TooManyTables(at)
        place = 0
        try:
            records = []
            for place in range(length):
                records.append(buffer._table(buffer._target(start + 4 * place), kind))
        except Malformed as error:
            error.trail.append(f"[{place}]")
            raise
        return tuple(records)

    return read
