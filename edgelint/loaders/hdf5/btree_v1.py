"""B-trees of version 1, which list the members of old groups and most chunks (§III.A.1)."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Source

DEEPEST = 32
"""Levels of a B-tree; one of two records a node would have 2^32 of them."""


def leaves(source: Source, address: int, kind: int, key_size: int) -> Iterator[tuple[bytes, int]]:
    """What the nodes on the lowest level point at, in order, each with the key before it.

    kind: 0 for the names of a group, 1 for the chunks of a dataset.
    """
    pending: list[tuple[int, int | None]] = [(address, None)]
    while pending:
        address, level = pending.pop()
        found, children = _node(source, address, kind, key_size, level)
        if found == 0:
            yield from children
        else:
            pending.extend((child, found - 1) for _, child in reversed(children))


def _node(
    source: Source, address: int, kind: int, key_size: int, level: int | None
) -> tuple[int, list[tuple[bytes, int]]]:
    head = 8 + 2 * source.offset_size
    fields = source.fields(address, head)
    fields.expect(b"TREE")
    actual, found, used = fields.number(1), fields.number(1), fields.number(2)
    if actual != kind or found > DEEPEST or level not in (None, found):
        raise Damaged("a node of a B-tree has a wrong type or level", address)
    source.step(used)
    fields = source.fields(address + head, used * (key_size + source.offset_size))
    return found, [(fields.take(key_size), fields.known_address()) for _ in range(used)]
