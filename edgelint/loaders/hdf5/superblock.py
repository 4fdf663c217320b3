"""The superblock: where addresses count from, how wide they are, where the root group is (§II.A)."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.source import Fields, Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_LARGEST = 128
"""Bytes of a superblock of any version with its fields 8 bytes wide."""
_WIDTHS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Superblock:
    """root: address of the root group's object header. end: of the content, counted as addresses are."""

    version: int
    root: int
    end: int


def read_superblock(source: Source) -> Superblock:
    """The superblock of `source`, which begins where it lies from then on.

    Raises Damaged when there is none, Unreadable for a version after 3.
    """
    _move_behind_user_block(source)
    fields = source.fields(0, min(source.size, _LARGEST))
    fields.skip(len(SIGNATURE))
    version = fields.number(1)
    if version > 3:
        raise Unreadable(f"superblock version {version}", 8)
    return _old(fields, version) if version < 2 else _new(fields, version)


def _move_behind_user_block(source: Source) -> None:
    """A file may begin with 0, 512, 1024, 2048, … bytes of the user's own."""
    offset = 0
    while offset + len(SIGNATURE) <= source.size:
        if source.read(offset, len(SIGNATURE)) == SIGNATURE:
            source.start += offset
            source.size -= offset
            return
        offset = offset * 2 or 512
    raise Damaged("it has no superblock", 0)


def _set_widths(fields: Fields) -> None:
    at = fields.place
    source = fields.source
    source.offset_size, source.length_size = fields.number(1), fields.number(1)
    if source.offset_size not in _WIDTHS or source.length_size not in _WIDTHS:
        raise Unreadable(
            f"addresses of {source.offset_size} bytes and lengths of {source.length_size} bytes", at
        )


def _old(fields: Fields, version: int) -> Superblock:
    fields.skip(4)
    _set_widths(fields)
    fields.skip(13 if version == 1 else 9)
    base = fields.address() or 0
    fields.address()
    end = fields.known_address()
    fields.address()
    # The root group's entry begins as those of its members do, with the place of a name.
    fields.length()
    return Superblock(version, fields.known_address(), _length(base, end))


def _new(fields: Fields, version: int) -> Superblock:
    from edgelint.loaders.hdf5.checksum import verify

    _set_widths(fields)
    fields.skip(1)
    base = fields.address() or 0
    fields.address()
    end = fields.known_address()
    root = fields.known_address()
    verify(fields.data[: fields.at + 4], 0)
    return Superblock(version, root, _length(base, end))


def _length(base: int, end: int) -> int:
    if end < base:
        raise Damaged("it ends before it begins", 0)
    return end - base
