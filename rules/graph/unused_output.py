"""EL510."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node, Value
from edgelint.printable import printable, short
from edgelint.rule import Finding, Option, Rule, Severity

PERCENT = 5
"""Percent of the peak of activation memory from which an unused result is worth a word.

Our own choice: states, counts and small indices that come for free stay below it.
"""

LEAST = 1024
"""Bytes below which it is not: the smallest step in which parts' RAM is sold."""

FIXED = frozenset({"TopK", "Unique"})
"""Operators, besides loops and branches, that can't leave out any of their outputs."""


class UnusedOutput(Rule):
    """A result that an operator makes beside others, and that nobody reads.

    ## Why it matters
    All outputs of an operator are computed and take RAM at once, read or not: a part of a split, the
    indices of a max pool, the whole sequence of a recurrent layer whose last state is all that counts.

    ## What to do
    Slice the parts that are used instead of splitting into all, and don't ask for what isn't needed:
    `return_indices=False`, `return_sequences=False`, "" in place of the name in the ONNX node.
    """

    code = "EL510"
    name = "unused-output"
    severity = Severity.NOTE
    needs = ("no keras",)
    hint = "slice out the parts that are used, or don't ask the layer for this result"
    options = {
        "percent": Option(PERCENT, "percent of the peak activation memory from which it is reported"),
        "least": Option(LEAST, "bytes from which it is reported"),
    }

    VALID = [
        chain("float32[1,512]")
        .op("Split", "float32[1,256]", also=("float32[1,256]",))
        .with_output("split_0:1"),
        chain("float32[1,512]").op("TopK", "float32[1,8]", also=("int32[1,8]",)),
        chain("float32[1,8,64]").op("LSTM", "float32[1,8,64]", also=("float32[1,8]",)),
    ]
    INVALID = [
        (
            chain("float32[1,512]").op("Split", "float32[1,256]", source="SPLIT", also=("float32[1,256]",)),
            "nobody reads output 1 of SPLIT, 1,024 bytes of 4,096 at the peak",
        ),
        (
            chain("float32[1,8,8,8]")
            .op("MaxPool", "float32[1,4,4,8]", also=("int64[1,4,4,8]",))
            .from_format("onnx"),
            "nobody reads output 1 of MaxPool, 1,024 bytes of 3,584 at the peak",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each unread output of a node whose other outputs are read, if it is large enough."""
        if context.model.format not in ("tflite", "onnx") or not context.model.complete:
            return
        for number, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                if len(node.outputs) < 2 or node.op in FIXED or node.subgraphs:
                    continue
                for place, value in _unread(context, number, graph, node):
                    peak = context.stored.peak_activation.value
                    if not peak:
                        return
                    size = value.nbytes
                    if size is None or size < self._least(context, peak):
                        continue
                    message = (
                        f"nobody reads output {place} of {printable(node.source.op)}, "
                        f"{size:,} bytes of {peak:,} at the peak"
                    )
                    yield self.at(graph, node, message, output=short(value.name), bytes=size, peak=peak)

    def _least(self, context: Context, peak: int) -> float:
        """Bytes from which an output is large enough, where `peak` is live at most."""
        return max(context.option(self, "least"), context.option(self, "percent") * peak / 100)


def _unread(context: Context, number: int, graph: Graph, node: Node) -> list[tuple[int, Value]]:
    """The outputs of `node` that go nowhere, by place; none where no output goes anywhere."""
    leaving = context.usage.leaving[number]
    unread = [
        (place, value)
        for place, value in enumerate(graph.outputs_of(node))
        if value is not None and value.name not in leaving and value.name not in graph.readers
    ]
    return unread if len(unread) < len([name for name in node.outputs if name]) else []
