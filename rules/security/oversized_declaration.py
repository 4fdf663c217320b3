"""EL705."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Value
from edgelint.rule import Finding, Option, Rule, Severity

LARGEST_BYTES = 16 * 2**30
"""Bytes of one tensor: twice the RAM of the largest board that edgelint knows (8 GiB)."""


class OversizedDeclaration(Rule):
    """A tensor that is said to be larger than any memory it could be in.

    ## Why it matters
    A shape is a few numbers in the file, and whoever runs the model allocates what they multiply to.
    A handful of bytes can so ask for terabytes: the process is killed, or a size that is computed in
    32 bits wraps round and the kernel writes past a small buffer. It comes from a damaged or forged
    file, or from a shape that was meant otherwise (a free dim that was set to its upper limit).

    ## What to do
    If the model is your own, look at the shape it names: a wrong `target_shape`, `repeats` or output
    size of a `Resize`, or an example input of the export that was too large. If it came from somebody
    else, do not run it. The limit is twice the RAM of the largest board among edgelint's targets.
    """

    code = "EL705"
    name = "oversized-declaration"
    severity = Severity.WARNING
    hint = "look at the shape it is given; do not run the model if it came from somebody else"

    options = {
        "largest_bytes": Option(LARGEST_BYTES, "bytes of one tensor; twice the largest board's RAM"),
    }

    VALID = [
        chain("float32[1,4096,4096,64]").op("Relu", "float32[1,4096,4096,64]"),
        chain("float32[1,8]").op("Relu", "float32[1,?]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Tile", "float32[1,1000000,1000000]"),
            "'tile_0' of shape [1, 1000000, 1000000] needs 3,725 GiB, more than any target has",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The first tensor of each graph that is too large, and how many are: one leads to the next."""
        largest = context.option(self, "largest_bytes")
        for graph in context.model.graphs:
            # Most values are like others: one of a kind is enough to know that all are small.
            kinds = {(value.dtype, value.shape): value for value in graph.values.values()}
            if not any([(value.nbytes or 0) > largest for value in kinds.values()]):
                continue
            found = [value for value in graph.values.values() if (value.nbytes or 0) > largest]
            first = found[0]
            more = f"; so do {len(found) - 1} others" if len(found) > 1 else ""
            message = f"{named(first)} of shape {_shown(first)} needs {(first.nbytes or 0) // 2**30:,} GiB, "
            message += f"more than any target has{more}"
            place = graph.producers.get(first.name)
            data: dict[str, Any] = {"bytes": first.nbytes, "tensors": len(found)}
            if place is None:
                yield self.finding(message, **data)
            else:
                yield self.at(graph, graph.nodes[place], message, **data)


def _shown(value: Value) -> str:
    return f"[{', '.join(map(str, value.shape or ()))}]"
