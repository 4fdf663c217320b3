"""Damage to the structures of an HDF5 file (HDF5 file format specification, version 3.0).

Nothing here parses a file as a reader would: structures are found by their signatures and by the
marks of object headers, so that a file which was damaged before can be damaged again.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from edgelint.loaders.hdf5.checksum import lookup3
from tests.fuzz.numbers import changed_bytes

SIGNATURE = b"\x89HDF\r\n\x1a\n"
UNDEFINED = 2**64 - 1

_MARKS = re.compile(rb"TREE|SNOD|HEAP|GCOL|OHDR|OCHK|FRHP|FHDB|FHIB|BTHD|BTIN|BTLF|SMTB|EAHD|EAIB|FAHD|FADB")
_SUMMED = re.compile(rb"\x89HDF\r\n\x1a\n|OHDR|OCHK|BTHD|FRHP")
_SUMMED_SIZES = {SIGNATURE: 44, b"BTHD": 34, b"FRHP": 142}
"""Structures of one size that end with a checksum, to the bytes that it is of."""

LARGEST_SUMMED = 4096
"""Bytes of a structure whose checksum is put right; it takes a millisecond."""

_SIZES = {8: "Q", 4: "I", 2: "H", 1: "B"}
_HEADER_1 = re.compile(rb"\x01\x00..[\x01-\xff]\x00\x00\x00..\x00\x00\x00\x00\x00\x00", re.DOTALL)
"""An object header of version 1: a count of messages, a count of references, the size of what follows."""

MESSAGES = {
    0x00: "nil",
    0x01: "dataspace",
    0x02: "link info",
    0x03: "datatype",
    0x04: "old fill value",
    0x05: "fill value",
    0x06: "link",
    0x07: "external files",
    0x08: "layout",
    0x0A: "group info",
    0x0B: "filters",
    0x0C: "attribute",
    0x0D: "comment",
    0x0E: "old modification time",
    0x0F: "shared messages",
    0x10: "continuation",
    0x11: "symbol table",
    0x12: "modification time",
    0x13: "B-tree sizes",
    0x15: "attribute info",
    0x16: "reference count",
}
COUNTS = (0, 1, 2, 3, 7, 8, 16, 64, 127, 128, 255, 256, 4096, 32767, 32768, 65535)
SIZES = (*COUNTS, 2**16, 2**20, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**63 - 1, 2**63, UNDEFINED)


@dataclass(frozen=True)
class Message:
    """A message in an object header of version 1. at: of its own header of 8 bytes."""

    at: int
    kind: int
    size: int


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to five things wrong."""
    content = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        if len(content) < 64:
            break
        chance.choice(_DAMAGES)(content, chance)
    if chance.random() < 0.8:
        _repair(content)
    return bytes(content)


def _repair(content: bytearray) -> None:
    """Right checksums for the newer structures, so that what is wrong in them is looked at."""
    for match in _SUMMED.finditer(content):
        start = match.start()
        end = start + _SUMMED_SIZES.get(match[0], 0)
        if match[0] == b"OHDR" and start + 8 < len(content):
            flags = content[start + 5]
            head = 6 + 16 * (flags >> 5 & 1) + 4 * (flags >> 4 & 1)
            width = 1 << (flags & 3)
            end = start + head + width + _whole(content, start + head, width)
        elif match[0] == b"OCHK" and (told := content.find(start.to_bytes(8, "little"))) >= 0:
            # Whoever continues in it says how long it is, behind the address.
            end = start + _whole(content, told + 8, 8) - 4
        elif match[0] == SIGNATURE and content[start + 8 : start + 9] < b"\x02":
            continue
        if 0 < end - start <= LARGEST_SUMMED and end + 4 <= len(content):
            content[end : end + 4] = lookup3(bytes(content[start:end])).to_bytes(4, "little")


def marks(content: bytes | bytearray) -> list[int]:
    """Where structures begin that have a signature, or look like an object header."""
    found = [match.start() for match in _MARKS.finditer(content)]
    return found + [match.start() for match in _HEADER_1.finditer(content) if match.start() % 8 == 0]


def messages(content: bytes | bytearray) -> list[Message]:
    """The messages of all object headers of version 1, those in continuation blocks too."""
    found: list[Message] = []
    blocks = [
        (match.start() + 16, _whole(content, match.start() + 8, 4)) for match in _HEADER_1.finditer(content)
    ]
    seen: set[int] = set()
    while blocks and len(found) < 5000:
        at, left = blocks.pop()
        if at in seen:
            continue
        seen.add(at)
        while left >= 8 and at + 8 <= len(content):
            kind, size = _whole(content, at, 2), _whole(content, at + 2, 2)
            if kind > 0x18:
                break
            found.append(Message(at, kind, size))
            if kind == 0x10 and size >= 16:
                blocks.append((_whole(content, at + 8, 8), _whole(content, at + 16, 8)))
            at, left = at + 8 + size, left - 8 - size
    return found


def _whole(content: bytes | bytearray, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "little")


def _put(content: bytearray, at: int, value: int, size: int) -> None:
    """Writes a number of `size` bytes, cut off at the end of the file."""
    if 0 <= at <= len(content) - size:
        content[at : at + size] = (value % 256**size).to_bytes(size, "little")


def _address(content: bytearray, chance: random.Random) -> int:
    """An address that leads somewhere: to a structure, into one, to the end, nowhere."""
    places = marks(content)
    kind = chance.randrange(6)
    if places and kind < 4:
        return chance.choice(places) + chance.choice((0, 0, 0, 8, 16, 1))
    return chance.choice(
        (0, 8, len(content), len(content) - 8, UNDEFINED, 2**63, 2**31, chance.randrange(len(content)))
    )


def _in_structure(content: bytearray, chance: random.Random) -> None:
    """A field of a structure: another address, size or count."""
    places = marks(content)
    if not places:
        return
    start = chance.choice(places)
    at = start + chance.choice((4, 5, 6, 7, 8, 12, *range(16, 129, 8)))
    size = chance.choice((8, 8, 8, 4, 2, 1))
    value = _address(content, chance) if size == 8 and chance.random() < 0.7 else chance.choice(SIZES)
    _put(content, at, value, size)


def _circle(content: bytearray, chance: random.Random) -> None:
    """A structure whose address for another one is its own, or that of the one before."""
    places = sorted(marks(content))
    if not places:
        return
    place = chance.randrange(len(places))
    start = places[place]
    target = chance.choice((start, places[place - 1], places[0]))
    for at in chance.sample(range(8, 129, 8), 3):
        if _whole(content, start + at, 8) not in (0, UNDEFINED):
            _put(content, start + at, target, 8)


def _in_superblock(content: bytearray, chance: random.Random) -> None:
    start = max(content.find(SIGNATURE), 0)
    if chance.random() < 0.4:
        _put(content, start + chance.randrange(8, 24), chance.choice((0, 1, 2, 3, 4, 8, 16, 255)), 1)
    else:
        _put(content, start + chance.randrange(24, 96, 4), _address(content, chance), 8)


def _message_head(content: bytearray, chance: random.Random) -> None:
    """A message of another kind, size or flags."""
    found = messages(content)
    if not found:
        return
    message = chance.choice(found)
    field = chance.randrange(3)
    if field == 0:
        _put(content, message.at, chance.choice((*MESSAGES, 0x17, 0x18, 0xFF)), 2)
    elif field == 1:
        _put(content, message.at + 2, chance.choice((*COUNTS, message.size + 8, message.size - 8)), 2)
    else:
        _put(content, message.at + 4, chance.choice((0, 1, 2, 3, 4, 8, 16, 128, 255)), 1)


def _message_body(content: bytearray, chance: random.Random) -> None:
    """A number in a message: version, rank, dims, class, size, address, length of a name."""
    found = messages(content)
    if not found:
        return
    by_kind: dict[int, list[Message]] = {}
    for each in found:
        by_kind.setdefault(each.kind, []).append(each)
    message = chance.choice(by_kind[chance.choice(list(by_kind))])
    if not message.size:
        return
    at = message.at + 8 + min(chance.choice((0, 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)), message.size - 1)
    at = at if chance.random() < 0.7 else message.at + 8 + chance.randrange(message.size)
    size = chance.choice((1, 1, 1, 2, 2, 4, 8))
    value = _address(content, chance) if size == 8 and chance.random() < 0.4 else chance.choice(SIZES)
    _put(content, at, value, size)


def _continuation(content: bytearray, chance: random.Random) -> None:
    """A continuation block in place of a message: in a circle, beyond the end, of any length."""
    found = [message for message in messages(content) if message.size >= 16]
    if found:
        message = chance.choice(found)
        _put(content, message.at, 0x10, 2)
        _put(content, message.at + 8, chance.choice((message.at, _address(content, chance))), 8)
        _put(content, message.at + 16, chance.choice((*SIZES, message.size + 8, message.size + 16)), 8)


def _external(content: bytearray, chance: random.Random) -> None:
    """Content in other files, in place of any message that is long enough."""
    found = [message for message in messages(content) if message.size >= 24]
    if found:
        message = chance.choice(found)
        body = struct.pack(
            "<B3xHHQQQQ", 1, 1, chance.choice((1, 0, 65535)), _address(content, chance), 0, 0, 64
        )
        _put(content, message.at, 0x07, 2)
        content[message.at + 8 : message.at + 8 + message.size] = body[: message.size].ljust(
            message.size, b"\x00"
        )


def _filter(content: bytearray, chance: random.Random) -> None:
    """A filter pipeline of a kind, or length, that nobody has."""
    found = [message for message in messages(content) if message.size >= 8]
    if found:
        message = chance.choice([each for each in found if each.kind == 0x0B] or found)
        number = chance.choice((0, 1, 2, 3, 4, 5, 6, 32000, 65535))
        body = struct.pack(
            "<BB6xHHHH", chance.choice((1, 2, 255)), chance.choice((1, 2, 33)), number, 8, 1, 1
        )
        _put(content, message.at, 0x0B, 2)
        content[message.at + 8 : message.at + 8 + message.size] = body[: message.size].ljust(
            message.size, b"\x00"
        )


def _swap(content: bytearray, chance: random.Random) -> None:
    """A piece of one structure over another."""
    places = marks(content)
    if len(places) > 1:
        source, target = chance.sample(places, 2)
        length = chance.choice((8, 16, 24, 40, 96, 256))
        piece = bytes(content[source : source + length])
        content[target : target + len(piece)] = piece


def _bytes(content: bytearray, chance: random.Random) -> None:
    content[:] = changed_bytes(bytes(content), chance)


def _number(content: bytearray, chance: random.Random) -> None:
    size = chance.choice(list(_SIZES))
    _put(content, chance.randrange(0, len(content), size), chance.choice(SIZES), size)


def _text(content: bytearray, chance: random.Random) -> None:
    """A name that leads elsewhere, or has what no name has; as long as before."""
    words = list(re.finditer(rb"[A-Za-z_][A-Za-z0-9_:/ ]{3,40}", content))
    if words:
        word = chance.choice(words)
        other = chance.choice(
            (
                *(
                    b"/",
                    b"..",
                    b".",
                    b"\x1b[2J",
                    b"\xff\xfe\xfd",
                    b"\x00",
                    b"model_weights",
                    b"layers",
                    b"vars",
                ),
                *(b"weight_names", b"layer_names", b"model_config", b"0", b"C:\\x", b"kernel:0"),
            )
        )
        length = word.end() - word.start()
        content[word.start() : word.end()] = other[:length].ljust(
            length, chance.choice((b"\x00", b"x", b"/"))
        )


def _length(content: bytearray, chance: random.Random) -> None:
    kind = chance.randrange(4)
    if kind == 0:
        del content[chance.randrange(64, len(content) + 1) :]
    elif kind == 1:
        at = chance.randrange(len(content))
        del content[at : at + chance.choice((1, 8, 16, 512))]
    elif kind == 2:
        content[0:0] = b"\x00" * chance.choice((512, 1024, 2048, 1))
    else:
        content += b"\x00" * chance.choice((1, 8, 4096))


_DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_in_structure, _in_structure, _in_structure, _circle, _in_superblock, _message_head, _message_head),
    *(_message_body, _message_body, _message_body, _message_body, _continuation, _external, _filter),
    *(_swap, _bytes, _bytes, _number, _text, _text, _length),
)
