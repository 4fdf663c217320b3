"""EL505."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.no_ops import changes_nothing
from edgelint.analysis.structure.redundancy import SHARE, is_bookkeeping, runs_as_drawn, saving, weigh
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
"""Operators that give the same elements, in the same order, another shape."""

LONGEST = 64
"""Reshapes in a row that are counted."""


class ReshapeChain(Rule):
    """Reshapes in a row, of which the last does the work of all.

    ## Why it matters
    A reshape changes no number, but TensorFlow Lite Micro has no views: each one copies the whole
    tensor and keeps both copies alive while it does. Only the last shape in a row counts.

    ## What to do
    Write one `Reshape` (or `Flatten`) to the final shape. Look for `Flatten` after `Reshape`,
    `squeeze` after `unsqueeze`, and pooling without `keepdims` that is reshaped again.
    """

    code = "EL505"
    name = "reshape-chain"
    severity = Severity.NOTE
    needs = ("drawn",)
    hint = "reshape once, to the last shape"
    options = {"percent": SHARE}
    yields_to = ("EL506", "EL507", "EL509")

    VALID = [
        chain("float32[1,4,4]").op("Reshape", "float32[1,16]", source="RESHAPE"),
        chain("float32[1,4,4]")
        .op("Reshape", "float32[1,16]")
        .op("Relu", "float32[1,16]")
        .op("Reshape", "float32[4,4]"),
        chain("float32[1,4,4]")
        .op("Reshape", "float32[1,16]")
        .op("Reshape", "float32[16]")
        .with_output("reshape_0"),
    ]
    INVALID = [
        (
            chain("float32[1,4,4]")
            .op("Reshape", "float32[16]", source="RESHAPE")
            .op("Squeeze", "float32[4,4]", source="SQUEEZE")
            .op("Unsqueeze", "float32[1,4,4,1]", source="EXPAND_DIMS")
            .on("cortex-m4"),
            "EXPAND_DIMS is the last of 3 reshapes in a row: it alone is enough, which saves 256 bytes moved",
        ),
        (
            chain("float32[n,4,4]")
            .op("Reshape", "float32[n,8,2]")
            .op("Flatten", "float32[n,16]")
            .from_format("onnx"),
            "Flatten is the last of 2 reshapes in a row: it alone is enough",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The last of each row of two reshapes or more."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                if not _is_view(graph, node):
                    continue
                reader = context.usage.only_reader(number, node.outputs[0])
                if reader is not None and _is_view(graph, reader):
                    continue
                earlier = _before(context, number, node)
                if not earlier or is_bookkeeping(graph, [node]):
                    continue
                work = context.workload.of(number, earlier)
                message = (
                    f"{printable(node.source.op)} is the last of {len(earlier) + 1} reshapes in a row: "
                    f"it alone is enough{saving(work)}"
                )
                yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)


def _is_view(graph: Graph, node: Node) -> bool:
    """Whether `node` reshapes data of this graph; those that keep the shape are another rule's."""
    if node.op not in VIEWS or node.domain or not node.inputs or not any(node.outputs):
        return False
    return not changes_nothing(graph, node)


def _before(context: Context, number: int, node: Node) -> list[Node]:
    """The reshapes that feed `node`, one after the other, and nothing else."""
    found: list[Node] = []
    while len(found) < LONGEST:
        maker = context.usage.only_maker(number, node.inputs[0])
        if maker is None or not _is_view(context.model.graphs[number], maker):
            break
        found.append(maker)
        node = maker
    return found
