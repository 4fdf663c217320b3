"""TFLite files written from trees as the loader reads them, whatever nonsense they hold."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, NamedTuple

from edgelint.loaders.tflite.flatbuffer import LETTERS, Record
from edgelint.loaders.tflite.schema import TFLITE

ENUMS, UNIONS = TFLITE.enums, TFLITE.unions


LARGEST = 64 * 1024
"""Bytes to which a file is written."""


class TooLarge(Exception):
    """A tree that would take more than `LARGEST` bytes."""


class Word(NamedTuple):
    """A field of a table. absent: its content where the file has none."""

    name: str
    kind: str
    absent: Any
    deprecated: bool


@cache
def words(table: str) -> tuple[Word, ...]:
    """The fields of a table, in the schema's order."""
    return tuple(_word(text) for text in TFLITE.tables[table].split())


def _word(text: str) -> Word:
    field, _, kind = text.partition(":")
    kind, _, default = kind.partition("=")
    absent: Any = None
    if kind in ENUMS:
        absent = ENUMS[kind][1][int(default or 0)]
    elif kind in LETTERS:
        absent = bool(int(default or 0)) if kind == "bool" else int(default or 0)
    elif kind.startswith("[") and kind != "[ubyte]":
        absent = ()
    return Word(field.lstrip("-"), kind, absent, field.startswith("-"))


def written(model: Record) -> bytes:
    """The file of a Model table. A record that occurs twice is written twice. Raises TooLarge."""
    out = bytearray(struct.pack("<I4s", 0, b"TFL3"))
    _refer(out, 0, _table(out, "Model", model))
    return bytes(out)


def _refer(out: bytearray, at: int, target: int) -> None:
    struct.pack_into("<I", out, at, target - at)


def _table(out: bytearray, name: str, record: Record) -> int:
    """Appends the table and what is below it; returns where it begins."""
    places: list[int] = []
    inline = bytearray(4)
    children: list[tuple[int, str, Any]] = []
    for word in words(name):
        content = record.get(word.name, word.absent)
        if word.kind in UNIONS:
            number = record.get(word.name + "_type", 0)
            places.append(_placed(inline, struct.pack("B", number & 0xFF)) if number else 0)
            if not number or content is None:
                places.append(0)
                continue
            known = UNIONS[word.kind][number - 1] if 0 < number <= len(UNIONS[word.kind]) else ""
            places.append(_placed(inline, bytes(4)))
            children.append((places[-1], known, content))
        elif word.deprecated or content is None or content == word.absent:
            places.append(0)
        elif word.kind in ENUMS or word.kind in LETTERS:
            places.append(_placed(inline, _packed(word.kind, content)))
        else:
            places.append(_placed(inline, bytes(4)))
            children.append((places[-1], word.kind, content))
    while places and not places[-1]:
        places.pop()
    vtable = struct.pack(f"<HH{len(places)}H", 4 + 2 * len(places), len(inline), *places)
    if len(out) > LARGEST:
        raise TooLarge
    out += bytes(-(len(out) + len(vtable)) % 8)
    out += vtable
    start = len(out)
    struct.pack_into("<i", inline, 0, len(vtable))
    out += inline
    for place, kind, content in children:
        _refer(out, start + place, _child(out, kind, content))
    return start


def _placed(inline: bytearray, data: bytes) -> int:
    """Where `data` was put in the table, aligned to its own size."""
    inline += bytes(-len(inline) % len(data))
    inline += data
    return len(inline) - len(data)


def _packed(kind: str, content: Any) -> bytes:
    if kind in ENUMS:
        stored, names = ENUMS[kind]
        # A change may have brought the word of another enum.
        return struct.pack("<" + LETTERS[stored], names.index(content) if content in names else 0)
    return struct.pack("<" + LETTERS[kind], content)


def _child(out: bytearray, kind: str, content: Any) -> int:
    out += bytes(-len(out) % 8 + 4)
    start = len(out)
    if not kind:
        out += struct.pack("<I", 0)
        return start
    if kind == "string":
        data = content.encode("utf-8", "surrogatepass")
        out += struct.pack("<I", len(data)) + data + b"\0"
    elif kind == "[ubyte]":
        out += struct.pack("<I", len(content)) + content
    elif not kind.startswith("["):
        return _table(out, kind, content)
    elif kind[1:-1] in TFLITE.tables:
        out += struct.pack("<I", len(content)) + bytes(4 * len(content))
        for place, each in enumerate(content):
            _refer(out, start + 4 + 4 * place, _table(out, kind[1:-1], each))
    else:
        out += struct.pack("<I", len(content)) + b"".join(_packed(kind[1:-1], each) for each in content)
    return start
