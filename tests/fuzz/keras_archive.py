"""Zip archives written field by field, so that any of them can be a lie."""

from __future__ import annotations

import bz2
import io
import lzma
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

METADATA = b'{"keras_version": "3.15.0", "date_saved": "2026-01-01@00:00:00"}'

LARGEST_MEMBER = 512 * 1024
"""Bytes of a member that are taken over from an archive that is to be damaged."""

NAMES = (
    *("../config.json", "..\\evil.py", "/etc/passwd", "C:\\boot.ini", "c:x", "\\\\host\\share", "a/../../b"),
    *("config.json\x00.txt", "\x1b[2Jx", "\u202egpj.exe", "", ".", "..", "./config.json", "config.json/"),
    *("CONFIG.JSON", "x" * 5000, "assets/vocabulary.txt", "evil.pkl", "run.py", "lib.so", "nested.keras"),
)
HEADS = (
    *(
        b"",
        b"\x80\x04\x95cos\nsystem\n.",
        b"\x7fELF\x02",
        b"MZ\x90",
        b"#!/bin/sh\n",
        b"PK\x03\x04",
        b"\x89HDF\r\n\x1a\n",
    ),
    *(b"{", b"[]", b"\x93NUMPY", b"version https://git-lfs.github.com/spec/v1\n", b"<html>", b"\xff" * 40),
)
LENGTHS = (0, 1, 7, 255, 65535, 2**20, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
METHODS = (0, 8, 8, 1, 9, 12, 14, 93, 95, 98, 99, 65535)
FLAGS = (0, 1, 8, 0x20, 0x40, 0x41, 0x800, 0x2000, 0xFFFF)


@dataclass
class Member:
    """A member and what the archive says of it; None stands for the truth."""

    name: bytes
    data: bytes
    method: int = 0
    flags: int = 0
    packed: bytes | None = None
    checksum: int | None = None
    packed_size: int | None = None
    size: int | None = None
    offset: int | None = None
    extra: bytes = b""
    local: dict[str, int] = field(default_factory=dict)
    listed: bool = True


def unpacked(data: bytes) -> list[Member]:
    """The members of a sound archive; none for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = []
            for info in archive.infolist()[:20]:
                if info.file_size > LARGEST_MEMBER:
                    continue
                content = archive.read(info)
                found.append(Member(info.filename.encode("utf-8", "replace"), content, info.compress_type))
            return found
    except Exception:
        return []


def packed(members: list[Member], comment: bytes = b"", end: dict[str, int] | None = None) -> bytes:
    """An archive of `members`. end: fields of the end record that are to be a lie."""
    parts, listing, place = [], [], 0
    for member in members:
        body, method = _body(member)
        checksum = zlib.crc32(member.data) if member.checksum is None else member.checksum
        packed_size = len(body) if member.packed_size is None else member.packed_size
        size = len(member.data) if member.size is None else member.size
        told = {"method": method, "checksum": checksum, "packed": packed_size, "size": size} | member.local
        head = struct.pack(
            *("<4sHHHHHIIIHH", b"PK\x03\x04", 20, member.flags & 0xFFFF, told["method"] & 0xFFFF, 0, 33),
            *(told["checksum"] & 0xFFFFFFFF, told["packed"] & 0xFFFFFFFF, told["size"] & 0xFFFFFFFF),
            *(len(member.name), len(member.extra)),
        )
        offset = place if member.offset is None else member.offset
        if member.listed:
            listing.append(
                struct.pack(
                    *("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, member.flags & 0xFFFF, method & 0xFFFF),
                    *(0, 33, checksum & 0xFFFFFFFF, packed_size & 0xFFFFFFFF, size & 0xFFFFFFFF),
                    *(len(member.name), len(member.extra), 0, 0, 0, 0, offset & 0xFFFFFFFF),
                )
                + member.name
                + member.extra
            )
        parts += [head, member.name, member.extra, body]
        place += len(head) + len(member.name) + len(member.extra) + len(body)
    directory = b"".join(listing)
    truth = {"disk": 0, "here": len(listing), "all": len(listing), "size": len(directory), "start": place}
    told = truth | {"comment": len(comment)} | (end or {})
    tail = struct.pack(
        *("<4sHHHHIIH", b"PK\x05\x06", told["disk"] & 0xFFFF, told["disk"] & 0xFFFF, told["here"] & 0xFFFF),
        *(told["all"] & 0xFFFF, told["size"] & 0xFFFFFFFF, told["start"] & 0xFFFFFFFF),
        told["comment"] & 0xFFFF,
    )
    return b"".join(parts) + directory + tail + comment


def damaged(members: list[Member], rng: random.Random) -> bytes:
    """An archive of `members` whose structure is wrong in one to three ways."""
    state = _State(list(members))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not state.members:
            break
        rng.choice(_DAMAGES)(rng, state)
    data = packed(state.members, state.comment, state.end)
    return state.after(data)


@dataclass
class _State:
    members: list[Member]
    comment: bytes = b""
    end: dict[str, int] = field(default_factory=dict)
    after: Callable[[bytes], bytes] = lambda data: data


def _body(member: Member) -> tuple[bytes, int]:
    if member.packed is not None:
        return member.packed, member.method
    if member.method == 8:
        machine = zlib.compressobj(1, zlib.DEFLATED, -15)
        return machine.compress(member.data) + machine.flush(), 8
    return member.data, member.method


def _rename(rng: random.Random, state: _State) -> None:
    rng.choice(state.members).name = rng.choice(NAMES).encode("utf-8", "surrogatepass")


def _again(rng: random.Random, state: _State) -> None:
    member = rng.choice(state.members)
    state.members += [Member(member.name, member.data, member.method) for _ in range(rng.choice((1, 2, 300)))]


def _attach(rng: random.Random, state: _State) -> None:
    name, head = rng.choice(NAMES).encode("utf-8", "surrogatepass"), rng.choice(HEADS)
    place = rng.randrange(len(state.members) + 1)
    state.members.insert(place, Member(name, head * rng.choice((1, 1, 50)), rng.choice((0, 8))))


def _lie_about_size(rng: random.Random, state: _State) -> None:
    member = rng.choice(state.members)
    value = rng.choice((*LENGTHS, len(member.data) - 1, len(member.data) + 1))
    rng.choice(
        (
            lambda: setattr(member, "size", value),
            lambda: setattr(member, "packed_size", value),
            lambda: setattr(member, "checksum", value),
            lambda: setattr(member, "offset", value),
            lambda: member.local.update({rng.choice(("method", "checksum", "packed", "size")): value}),
        )
    )()


def _bomb(rng: random.Random, state: _State) -> None:
    """A member that unpacks to far more than it takes, with each method that unpacks."""
    member = rng.choice(state.members)
    member.method = rng.choice((8, 8, 12, 14))
    body = member.packed = _blank(rng.choice((2**16, 2**20)), member.method)
    member.size = rng.choice((len(member.data), 2**20, 2**32 - 1, len(body) * 1000))


@cache
def _blank(size: int, method: int) -> bytes:
    """So many spaces, packed with deflate (8), bzip2 (12) or LZMA (14)."""
    if method == 8:
        machine = zlib.compressobj(9, zlib.DEFLATED, -15)
        return machine.compress(b" " * size) + machine.flush()
    if method == 12:
        return bz2.compress(b" " * size)
    filters = [{"id": lzma.FILTER_LZMA1}]
    packed = lzma.compress(b" " * size, format=lzma.FORMAT_RAW, filters=filters)
    return b"\x09\x04\x05\x00\x5d\x00\x00\x80\x00" + packed


def _another_method(rng: random.Random, state: _State) -> None:
    member = rng.choice(state.members)
    member.packed = rng.choice((None, member.data, member.data[: rng.randrange(len(member.data) + 1)]))
    member.method = rng.choice(METHODS)
    member.packed = member.data if member.packed is None and member.method != 8 else member.packed


def _another_flag(rng: random.Random, state: _State) -> None:
    rng.choice(state.members).flags = rng.choice(FLAGS)


def _zip64(rng: random.Random, state: _State) -> None:
    member = rng.choice(state.members)
    sizes = [rng.choice((*LENGTHS, 2**63, 2**64 - 1)) for _ in range(rng.choice((0, 1, 2, 3)))]
    body = struct.pack(f"<{len(sizes)}Q", *sizes) + b"\x00" * rng.choice((0, 0, 3))
    kind = rng.choice((1, 1, 1, 0x7075, 0x9901))
    member.extra = struct.pack("<HH", kind, rng.choice((len(body), len(body) + 4, 0, 65535))) + body
    for name in rng.sample(("size", "packed_size", "offset"), rng.randrange(4)):
        setattr(member, name, 0xFFFFFFFF)


def _missing(rng: random.Random, state: _State) -> None:
    member = rng.choice(state.members)
    if rng.random() < 0.5:
        member.listed = False
    else:
        state.members.remove(member)


def _end_record(rng: random.Random, state: _State) -> None:
    state.end[rng.choice(("disk", "here", "all", "size", "start", "comment"))] = rng.choice(LENGTHS)


def _comment(rng: random.Random, state: _State) -> None:
    state.comment = rng.choice((b"PK\x05\x06" * 5, *HEADS, b"\x1b]0;x\x07", b"x" * 65535))


def _before(rng: random.Random, state: _State) -> None:
    head = rng.choice((b"\x00" * 7, b"PK\x03\x04", b"#!/bin/sh\n", b"\x7fELF" * 200))
    state.after = rng.choice((lambda data: head + data, lambda data: data + head, lambda data: data[7:]))


def _cut_off(rng: random.Random, state: _State) -> None:
    share = rng.random()
    state.after = lambda data: data[: int(len(data) * share)]


_DAMAGES: tuple[Callable[[random.Random, _State], None], ...] = (
    *(_rename, _again, _attach, _attach, _lie_about_size, _lie_about_size, _bomb, _another_method),
    *(_another_flag, _zip64, _missing, _end_record, _comment, _before, _cut_off),
)
