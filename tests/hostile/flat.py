"""FlatBuffers of any content, sound or not: tables, vectors and texts, laid out with what refers before
what is referred to, as references only lead forward. What is used twice is written once.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(eq=False)
class Table:
    """Slot to content: a struct letter and a number, or what is referred to."""

    slots: Mapping[int, tuple[str, int | float] | Thing]


@dataclass(eq=False)
class Vector:
    """References to `items`, all of them `times` over."""

    items: Sequence[Thing]
    times: int = 1


@dataclass(eq=False)
class Numbers:
    """Numbers of a struct letter; `claim`: how many it says there are, if that is not the truth."""

    letter: str
    content: Sequence[int | float]
    claim: int | None = None


@dataclass(eq=False)
class Text:
    """A string."""

    content: bytes


Thing = Table | Vector | Numbers | Text


def written(root: Table, magic: bytes = b"TFL3") -> bytes:
    """The file."""
    order = _in_order(root)
    places: dict[int, int] = {}
    at = 8
    for thing in order:
        places[id(thing)] = at + (len(_vtable(thing)) if isinstance(thing, Table) else 0)
        at += _size(thing)
    out = bytearray(struct.pack("<I", places[id(root)]) + magic)
    for thing in order:
        out += _bytes(thing, places)
    return bytes(out)


def _in_order(root: Table) -> list[Thing]:
    """Everything below `root`, each before what it refers to."""
    finished: list[Thing] = []
    seen: set[int] = set()
    stack: list[tuple[Thing, Iterator[Thing]]] = [(root, _children(root))]
    seen.add(id(root))
    while stack:
        thing, children = stack[-1]
        child = next((each for each in children if id(each) not in seen), None)
        if child is None:
            finished.append(thing)
            stack.pop()
        else:
            seen.add(id(child))
            stack.append((child, _children(child)))
    return finished[::-1]


def _children(thing: Thing) -> Iterator[Thing]:
    if isinstance(thing, Table):
        return iter([content for content in thing.slots.values() if not isinstance(content, tuple)])
    return iter(thing.items if isinstance(thing, Vector) else ())


def _letters(table: Table) -> tuple[tuple[int, str], ...]:
    return tuple((slot, each[0] if isinstance(each, tuple) else "I") for slot, each in table.slots.items())


@cache
def _fields(letters: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """Slot and struct letter of each field, the widest first, so that each is aligned."""
    return tuple(sorted(letters, key=lambda each: (-struct.calcsize("<" + each[1]), each[0])))


@cache
def _layout(letters: tuple[tuple[int, str], ...]) -> tuple[bytes, int]:
    """The vtable, and the bytes of the table and what fills them up."""
    places, at = {}, 4
    for slot, letter in _fields(letters):
        places[slot] = at
        at += struct.calcsize("<" + letter)
    slots = [places.get(slot, 0) for slot in range(max(places, default=-1) + 1)]
    vtable = struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), at, *slots)
    return vtable + bytes(-len(vtable) % 4), at + -at % 4


def _vtable(table: Table) -> bytes:
    return _layout(_letters(table))[0]


def _size(thing: Thing) -> int:
    if isinstance(thing, Table):
        return sum(len(part) if isinstance(part, bytes) else part for part in _layout(_letters(thing)))
    if isinstance(thing, Vector):
        return 4 + 4 * len(thing.items) * thing.times
    if isinstance(thing, Text):
        size = 5 + len(thing.content)
    else:
        size = 4 + struct.calcsize("<" + thing.letter) * len(thing.content)
    return size + -size % 4


def _bytes(thing: Thing, places: Mapping[int, int]) -> bytes:
    if isinstance(thing, Table):
        return _table(thing, places)
    if isinstance(thing, Text):
        data = struct.pack("<I", len(thing.content)) + thing.content + b"\0"
    elif isinstance(thing, Numbers):
        packed = struct.pack(f"<{len(thing.content)}{thing.letter}", *thing.content)
        data = struct.pack("<I", len(thing.content) if thing.claim is None else thing.claim) + packed
    else:
        start = places[id(thing)] + 4
        targets = [places[id(item)] for item in thing.items]
        if len(targets) == 1:
            first = targets[0] - start
            references = array("I", range(first, first - 4 * thing.times, -4))
        else:
            targets *= thing.times
            references = array("I", (target - start - 4 * place for place, target in enumerate(targets)))
        return struct.pack("<I", len(references)) + references.tobytes()
    return data + bytes(-len(data) % 4)


def _table(table: Table, places: Mapping[int, int]) -> bytes:
    vtable = _vtable(table)
    own = places.get(id(table), 0)
    data = bytearray(struct.pack("<i", len(vtable)))
    for slot, letter in _fields(_letters(table)):
        content = table.slots[slot]
        if isinstance(content, tuple):
            data += struct.pack("<" + letter, content[1])
        else:
            data += struct.pack("<I", (places.get(id(content), 0) - own - len(data)) % (1 << 32))
    return vtable + bytes(data) + bytes(-len(data) % 4)
