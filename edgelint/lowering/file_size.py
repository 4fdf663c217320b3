"""The bytes a converted file takes, from its graph."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.ir.model import Graph

BASE = 610
"""Bytes of header, operator codes, signature and metadata."""

PER_GRAPH, PER_VALUE, PER_CONSTANT, PER_NODE = 43, 96, 11, 34
"""Bytes of a further subgraph's records, of a tensor's without its name, of a buffer's, of an operator's."""

ALIGNMENT = 16
"""Buffers begin at multiples of this."""


def file_bytes(graphs: Sequence[Graph]) -> int:
    """About the size of the flatbuffer, in bytes: constants exactly, records as they are on average.

    The constants above were fitted to 240 files that TensorFlow 2.21 wrote: mean error 4 %, 8 % for
    nine in ten, more for files of a few kilobytes.
    """
    total = BASE + PER_GRAPH * (len(graphs) - 1)
    for graph in graphs:
        total += PER_NODE * len(graph.nodes)
        for value in graph.values.values():
            total += PER_VALUE + len(value.name)
            if value.tensor is not None:
                total += PER_CONSTANT + -(-value.tensor.nbytes // ALIGNMENT) * ALIGNMENT
    return total
