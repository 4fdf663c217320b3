"""What an object keeps outside its header, in a heap that a B-tree lists: many attributes, many links."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgelint.loaders.hdf5.errors import Damaged
from edgelint.loaders.hdf5.source import Fields, Source


def listed(
    source: Source, fields: Fields, kind: int, what: str, identity: Callable[[Fields, int], bytes]
) -> Iterator[Fields]:
    """The content of each thing listed; none where all are in the header.

    fields: of the header's message, at the addresses of heap and tree. kind: of the tree. what: the things,
    as messages call them. identity: takes from a record of the tree what the heap knows the thing by, of so
    many bytes.
    """
    heap_at, tree_at = fields.address(), fields.address()
    if heap_at is None or tree_at is None:
        return
    from edgelint.loaders.hdf5.btree_v2 import BTree2
    from edgelint.loaders.hdf5.fractal_heap import FractalHeap

    heap, tree = FractalHeap(source, heap_at), BTree2(source, tree_at)
    if tree.kind != kind:
        raise Damaged(f"{what} are not listed by name", tree_at)
    for record in tree.records():
        yield Fields(source, heap.object(identity(record, heap.id_size)), heap_at)
