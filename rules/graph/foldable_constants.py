"""EL506."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from edgelint.analysis.structure.redundancy import SHARE, runs_as_drawn, weigh
from edgelint.analysis.structure.regions import regions
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

GROWTH = 65536
"""Bytes that a computed constant may add to a file before computing it is the better choice."""

SHOWN = 64
"""Nodes that a finding's data names."""


class FoldableConstants(Rule):
    """Operators that compute the same in every run, from constants or from shapes that are fixed.

    ## Why it matters
    What they make could be stored. Instead an interpreter works it out again in every inference, keeps
    the result in RAM, and links a kernel for each kind of operator among them (SHAPE, GATHER, PACK).
    Weights that are stored small and unpacked as they are used are meant to be, and not named here.

    ## What to do
    Fix the dims before the conversion: `keras.Input(shape, batch_size=1)`, `torch.onnx.export` without
    `dynamic_axes`, and `tensor.shape[0]` replaced by the number. For ONNX, `onnxsim in.onnx out.onnx`
    folds what is left.
    """

    code = "EL506"
    name = "foldable-constants"
    severity = Severity.NOTE
    needs = ("drawn",)
    hint = "fix the dims before the conversion, or fold the constants (onnxsim does it for ONNX)"
    options = {"percent": SHARE}

    VALID = [
        chain("float32[1,8]").op("Reshape", "float32[8]", shape="int32[1] = 8"),
        chain("float32[?,8]").op("Shape", "int64[2]").from_format("onnx"),
        chain("float32[1,8]").op("RandomUniformLike", "float32[1,8]").from_format("onnx"),
        chain("float32[1,8]").op("Shape", "int64[2]").on("onnxruntime-cpu").from_format("onnx"),
        chain("float32[1,8]")
        .op("DequantizeLinear", "float32[8,8]", source="DEQUANTIZE", reads=(), weight="float16[8,8]")
        .op("MatMul", "float32[1,8]", reads=("input", "dequantizelinear_0")),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Shape", "int32[2]", source="SHAPE")
            .op("Slice", "int32[1]", source="STRIDED_SLICE")
            .on("cortex-m4"),
            "2 operators compute the same constants in every run, 4 bytes in all: STRIDED_SLICE is the last",
        ),
        (
            chain("float32[1,8]").op("Shape", "int64[2]").from_format("onnx"),
            "Shape computes the same constant in every run, 16 bytes",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for all operators of a graph that depend on no input."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            groups = regions(graph, context.fixed_values.foldable(number))
            places = [place for group in groups if _size(context, number, group) <= GROWTH for place in group]
            size = _size(context, number, places)
            if not places or not size:
                continue
            nodes = [graph.nodes[place] for place in sorted(places)]
            last = printable(nodes[-1].source.op)
            unit = "byte" if size == 1 else "bytes"
            message = f"{last} computes the same constant in every run, {size:,} {unit}"
            if len(nodes) > 1:
                message = (
                    f"{len(nodes)} operators compute the same constants in every run, "
                    f"{size:,} {unit} in all: {last} is the last"
                )
            work = context.workload.of(number, nodes)
            yield self.at(
                graph,
                nodes[-1],
                message,
                severity=weigh(context, self, work),
                nodes=[short(node.name) for node in nodes[:SHOWN]],
                operators=len(nodes),
                **work.data,
            )


def _size(context: Context, number: int, group: Collection[int]) -> int:
    """Bytes that the nodes at `group` make for others; 0 for none, and where they are not known."""
    graph, inside = context.model.graphs[number], set(group)
    total = 0
    for place in group:
        for value in graph.outputs_of(graph.nodes[place]):
            if value is None:
                continue
            read = not inside.issuperset(graph.readers.get(value.name, ()))
            if read or value.name in context.usage.leaving[number]:
                total += value.nbytes or 0
    return total
