"""EL507."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.redundancy import SHARE, is_bookkeeping, runs_as_drawn, saving, weigh
from edgelint.analysis.structure.regions import regions
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity


class CommonSubexpression(Rule):
    """Operators that compute again what others have computed from the same inputs.

    ## Why it matters
    Same operator, same inputs, same weights, same settings: the result is there already. Computing it
    twice costs the time twice, and both copies take RAM while they live. It is also a sign that a
    branch was meant to have weights of its own.

    ## What to do
    Call the layer once and use its result twice. If two branches were meant, give each a layer of its
    own: one layer object that is called twice shares its weights.
    """

    code = "EL507"
    name = "common-subexpression"
    severity = Severity.NOTE
    needs = ("drawn",)
    hint = "compute it once and use the result twice, or give the second branch a layer of its own"
    options = {"percent": SHARE}
    yields_to = ("EL506", "EL509", "EL513")

    VALID = [
        chain("float32[1,16]").op("Relu", "float32[1,16]").op("Relu", "float32[1,16]"),
        chain("float32[1,16]")
        .op("Gemm", "float32[1,4]", weight="float32[4,16] = 1 2 3")
        .op("Gemm", "float32[1,4]", weight="float32[4,16] = 3 2 1", reads=("input",))
        .with_output("gemm_0"),
        chain("float32[1,16]")
        .op("RandomNormalLike", "float32[1,16]")
        .op("RandomNormalLike", "float32[1,16]", reads=("input",))
        .op("Add", "float32[1,16]", reads=("randomnormallike_0", "randomnormallike_1"))
        .from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,16]")
            .op("Relu", "float32[1,16]", source="RELU")
            .op("Relu", "float32[1,16]", source="RELU", reads=("input",))
            .op("Tanh", "float32[1,16]", source="TANH")
            .op("Concat", "float32[1,16]", source="CONCATENATION", reads=("relu_0", "tanh_2"))
            .on("cortex-m4"),
            "RELU makes what 'relu_0' has made already: once is enough, "
            "which saves 128 bytes moved and 16 element operations",
        ),
        (
            chain("float32[1,16]")
            .op("Exp", "float32[1,16]")
            .op("Gemm", "float32[1,2]", weight="float32[16,2] = 1")
            .op("Exp", "float32[1,16]", reads=("input",))
            .op("Gemm", "float32[1,2]", weight="float32[16,2] = 1")
            .op("Mul", "float32[1,2]", reads=("gemm_1", "gemm_3"))
            .from_format("onnx"),
            "Gemm and 1 operator before it make what 'gemm_1' has made already: once is enough, "
            "which saves 328 bytes moved, 16 element operations and 32 MACs",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each group of operators whose results are there already."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            found = context.fixed_values.numbering(number).repeats
            for group in regions(graph, found):
                nodes = [graph.nodes[place] for place in group]
                if is_bookkeeping(graph, nodes):
                    continue
                work = context.workload.of(number, nodes)
                severity = weigh(context, self, work)
                last, original = nodes[-1], graph.nodes[found[group[-1]]]
                others = len(nodes) - 1
                who = f"and {others} operator{'s' * (others > 1)} before it make" if others else "makes"
                message = (
                    f"{printable(last.source.op)} {who} what '{short(original.name)}' has made already: "
                    f"once is enough{saving(work)}"
                )
                yield self.at(graph, last, message, severity=severity, operators=len(nodes), **work.data)
