"""How many elements a sparse TFLite constant really stores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.flatbuffer import Record, Span


def stored_elements(sparsity: Record, shape: Sequence[int], buffers: Buffers) -> int:
    """The number of elements in the buffer of a sparse tensor of `shape`.

    The format is a tree with one level per dim, dense or compressed (TACO; the comments on
    SparsityParameters in the schema). Raises ValueError, saying why, when the levels contradict
    one another or the shape.
    """
    order, levels = sparsity["traversal_order"], sparsity["dim_metadata"]
    if len(levels) != len(order):
        raise ValueError(f"{len(levels)} levels for {len(order)} dims")
    rank = len(shape)
    if sorted(order[:rank]) != list(range(rank)) or sorted(order[rank:]) != list(range(rank, len(order))):
        raise ValueError("its order of dims is no permutation")
    sizes = _sizes(sparsity, shape)
    elements = 1
    for dim, level in zip(order, levels, strict=True):
        if level["format"] == "DENSE":
            if level["dense_size"] != sizes[dim]:
                raise ValueError(
                    f"dim {dim} is {level['dense_size']} in one place and {sizes[dim]} in another"
                )
            elements *= sizes[dim]
        else:
            elements = _compressed(level, elements, sizes[dim], buffers)
    return elements


def _sizes(sparsity: Record, shape: Sequence[int]) -> list[int]:
    """The size of each dim of the tree: the shape's in blocks, then the blocks' own."""
    rank, blocks = len(shape), sparsity["block_map"]
    order, levels = sparsity["traversal_order"], sparsity["dim_metadata"]
    if len(blocks) != len(order) - rank:
        raise ValueError(f"{len(blocks)} block dims for {len(order) - rank}")
    sizes = [*shape, *blocks]
    for place, original in enumerate(blocks):
        size = levels[rank + place]["dense_size"]
        if size <= 0 or not 0 <= original < rank:
            raise ValueError(f"a block of {size} along dim {original}")
        sizes[order[rank + place]] = size
        sizes[original] //= size
    return sizes


def _compressed(level: Record, parents: int, size: int, buffers: Buffers) -> int:
    segments = _numbers(level["array_segments"], buffers)
    indices = _numbers(level["array_indices"], buffers)
    if len(segments) != parents + 1 or segments[0] != 0 or segments[-1] != len(indices):
        raise ValueError(f"{len(segments)} segments over {len(indices)} indices for {parents} parents")
    if any(before > after for before, after in pairwise(segments)):
        raise ValueError("segments that go back")
    if len(indices) and (min(indices) < 0 or max(indices) >= size):
        raise ValueError(f"an index outside a dim of {size}")
    return len(indices)


def _numbers(vector: Record | None, buffers: Buffers) -> Sequence[int]:
    if vector is None:
        raise ValueError("a compressed dim without indices")
    values: Sequence[int] | Span | None = vector["values"]
    return buffers.read(values) if isinstance(values, Span) else values or ()
