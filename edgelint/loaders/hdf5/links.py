"""The links of a group, old and new: what its members are called and where they are (§III.C, §IV.A.2.g)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgelint.loaders.hdf5.btree_v1 import leaves
from edgelint.loaders.hdf5.dense import listed
from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.heaps import LocalHeap
from edgelint.loaders.hdf5.objects import LINK, LINK_INFO, SYMBOL_TABLE, Message
from edgelint.loaders.hdf5.source import Fields, Source

_HARD, _SOFT, _EXTERNAL = 0, 1, 64
_NAMES_OF_GROUP = 0
"""Type of the version 1 B-trees that list the members of groups."""
_LINKS_BY_NAME = 5
"""Type of the version 2 B-trees that do."""
_CACHED_SOFT_LINK = 2


_STEPS_OF_LINK = 5
"""What a link counts: it takes as long as so many fields."""


class Link(NamedTuple):
    """A member's name. address: of the object; None for a soft link, which has a `path` in the file.

    outside: whether it leads to another file. order: of creation, None where that was not kept.
    """

    name: str
    address: int | None = None
    path: str = ""
    outside: bool = False
    order: int | None = None


def is_group(header: list[Message]) -> bool:
    """Whether an object with these messages is a group."""
    return any(message.kind in (SYMBOL_TABLE, LINK_INFO) for message in header)


def read_links(source: Source, header: list[Message]) -> dict[str, Link]:
    """The members of a group by name: in the order of creation where it was kept, else as they are listed."""
    found: list[Link] = []
    for message in header:
        if message.kind == SYMBOL_TABLE:
            found.extend(_symbols(source, message.fields(source)))
        elif message.kind == LINK:
            found.append(_link(message.fields(source)))
        elif message.kind == LINK_INFO:
            found.extend(_dense(source, message.fields(source)))
    if all(link.order is not None for link in found):
        found.sort(key=lambda link: link.order or 0)
    return {link.name: link for link in found}


def _symbols(source: Source, fields: Fields) -> Iterator[Link]:
    """The members of an old group: a B-tree of tables, names in a heap."""
    tree, heap = fields.known_address(), LocalHeap(source, fields.known_address())
    seen: set[int] = set()
    for _, address in leaves(source, tree, _NAMES_OF_GROUP, source.length_size):
        if address in seen:
            raise Damaged("a group lists the same members twice", address)
        seen.add(address)
        yield from _symbol_table(source, address, heap)


def _symbol_table(source: Source, address: int, heap: LocalHeap) -> Iterator[Link]:
    fields = source.fields(address, 8)
    fields.expect(b"SNOD")
    if fields.number(1) != 1:
        raise Damaged("a table of members has an unknown version", address)
    fields.skip(1)
    count = fields.number(2)
    source.step(count)
    entries = source.fields(address + 8, count * (source.length_size + source.offset_size + 24))
    for _ in range(count):
        at = entries.place
        name = _decoded(heap.text(entries.length()), at)
        target, cached = entries.address(), entries.number(4)
        entries.skip(4)
        scratch = entries.take(16)
        if cached == _CACHED_SOFT_LINK:
            yield Link(name, path=_decoded(heap.text(int.from_bytes(scratch[:4], "little")), at))
        elif target is None:
            raise Damaged("a member of a group has no address", at)
        else:
            yield Link(name, target)


def _dense(source: Source, fields: Fields) -> Iterator[Link]:
    """The members that a new group keeps in a heap; none where all are in its header."""
    if fields.number(1) != 0:
        raise Damaged("a group's header has an unknown version", fields.offset)
    fields.skip(8 if fields.number(1) & 1 else 0)
    yield from map(_link, listed(source, fields, _LINKS_BY_NAME, "the members of a group", _identity))


def _identity(record: Fields, size: int) -> bytes:
    record.skip(4)
    return record.take(size)


def _link(fields: Fields) -> Link:
    """A link message."""
    fields.source.step(_STEPS_OF_LINK)
    version, flags = fields.number(1), fields.number(1)
    if version != 1:
        raise Damaged("a link has an unknown version", fields.offset)
    kind = fields.number(1) if flags & 0x08 else _HARD
    order = fields.number(8) if flags & 0x04 else None
    fields.skip(1 if flags & 0x10 else 0)
    name = _decoded(fields.take(fields.number(1 << (flags & 3))), fields.place)
    if kind == _HARD:
        return Link(name, fields.known_address(), order=order)
    if kind == _SOFT:
        return Link(name, path=_decoded(fields.take(fields.number(2)), fields.place), order=order)
    if kind == _EXTERNAL:
        return Link(name, outside=True, order=order)
    raise Unreadable(f"a link of type {kind}", fields.offset)


def _decoded(name: bytes, offset: int) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise Damaged("a name is not UTF-8", offset) from error
