"""EL503."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.no_ops import data_of
from edgelint.analysis.structure.redundancy import SHARE, is_bookkeeping, runs_as_drawn, saving, weigh
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class NoOp(Rule):
    """An operator whose output is what it reads, number by number.

    ## Why it matters
    An interpreter such as TensorFlow Lite Micro copies the whole tensor for it, and needs room for
    both copies at once: nothing works in place there. A reshape to the same shape, a transposition of
    nothing, a pad of zero rows, a cast to the same type, an addition of 0 all cost like any other.

    ## What to do
    Drop the layer, or the line that makes it (`x.float()`, `F.pad` by zero, `Reshape` after
    `Flatten`). For ONNX, `onnxsim in.onnx out.onnx` takes most of them out before a conversion.
    Runtimes and converters that do so themselves are known: with such a target nothing is said.
    """

    code = "EL503"
    name = "no-op"
    severity = Severity.NOTE
    needs = ("drawn",)
    hint = "drop the layer that makes it, or simplify the graph before it is converted"
    options = {"percent": SHARE}
    yields_to = ("EL501", "EL506", "EL507", "EL509")

    VALID = [
        chain("int8[1,8] @0.5:0").op("Reshape", "int8[1,8] @0.25:0", source="RESHAPE"),
        chain("float32[1,8]").op("Add", "float32[1,8]", source="ADD", other="float32[1] = 0.5"),
        chain("float32[?,8]").op("Reshape", "float32[?,8]", shape="int64[2] = -1 8").from_format("onnx"),
        chain("float32[1,8]").op("Identity", "float32[1,8]").from_format("onnx"),
        chain("float32[1,4,4]")
        .op("Relu", "float32[1,4,4]")
        .op("Slice", "float32[1,4,4]", attributes={"starts": [-1], "ends": [-9], "steps": [-1]}),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("Relu", "float32[1,64]", source="RELU")
            .op("Reshape", "float32[1,64]", source="RESHAPE", shape="int32[2] = 1 64")
            .on("cortex-m4"),
            "RESHAPE keeps the shape [1, 64]: it can go, which saves 520 bytes moved",
        ),
        (
            chain("float32[1,64]")
            .op("Relu", "float32[1,64]")
            .op("Add", "float32[1,64]", other="float32[1] = 0")
            .from_format("onnx"),
            "Add has the constant 0 as an operand: it can go, which saves "
            "516 bytes moved and 64 element operations",
        ),
        (
            chain("float32[n,8]")
            .op("Relu", "float32[n,8]")
            .op("Transpose", "float32[n,8]", attributes={"perm": [0, 1]})
            .from_format("onnx"),
            "Transpose leaves every axis where it is: it can go",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each operator that changes nothing, but for those that a graph needs to name its output."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for place, why in context.fixed_values.no_ops(number).items():
                node = graph.nodes[place]
                if _renames(graph, node) or is_bookkeeping(graph, [node]):
                    continue
                work = context.workload.of(number, [node])
                message = f"{printable(node.source.op)} {why}: it can go{saving(work)}"
                yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)


def _renames(graph: Graph, node: Node) -> bool:
    """Whether the graph needs `node` because an output can't be an input, a constant or another output."""
    if not any(name in graph.outputs for name in node.outputs):
        return False
    data = data_of(graph, node)
    return data is None or data.name not in graph.producers or data.name in graph.outputs
