"""EL509."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.redundancy import SHARE, saving, weigh
from edgelint.analysis.structure.regions import regions
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class UnusedNode(Rule):
    """Operators whose results reach no output, no variable and no body of a loop or branch.

    ## Why it matters
    An interpreter runs them all the same: TensorFlow Lite Micro calls every operator of the file. Their
    weights stay in flash, their results take RAM. Often an output was forgotten when the model was
    exported, or a head for training was left in.

    ## What to do
    Export only what the outputs need (`keras.Model(inputs, outputs)`, the `outputs` of the signature),
    or add the output that was meant. `onnxsim` and `onnx.utils.extract_model` cut an ONNX graph.
    """

    code = "EL509"
    name = "unused-node"
    severity = Severity.NOTE
    needs = ("no keras",)
    hint = "leave these operators out, or add the output that was forgotten"
    options = {"percent": SHARE}

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]").op("Tanh", "float32[1,8]"),
        chain("float32[1,8]")
        .op("ASSIGN_VARIABLE", "float32[1,8]", domain="tflite")
        .op("Tanh", "float32[1,8]", reads=("input",)),
        chain("float32[1,8]")
        .op("Blink", "float32[1,8]", domain="acme")
        .op("Tanh", "float32[1,8]", reads=("input",)),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="float32[8,8]")
            .op("Relu", "float32[1,8]", source="RELU")
            .op("Tanh", "float32[1,8]", source="TANH", reads=("input",))
            .on("cortex-m4"),
            "RELU and 1 operator before it reach no output: they can go, which saves "
            "384 bytes moved, 8 element operations and 64 MACs",
        ),
        (
            chain("float32[n,8]")
            .op("Relu", "float32[n,8]")
            .op("Tanh", "float32[n,8]", reads=("input",))
            .from_format("onnx"),
            "Relu reaches no output: it can go",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each group of operators that are joined and that nothing needs."""
        if context.model.format not in ("tflite", "onnx") or not context.model.complete:
            return
        for number, graph in enumerate(context.model.graphs):
            dead = [place for place in range(len(graph.nodes)) if place not in context.usage.live[number]]
            for group in regions(graph, dead):
                nodes = [graph.nodes[place] for place in group]
                work = context.workload.of(number, nodes)
                others = len(nodes) - 1
                many = f"and {others} operator{'s' * (others > 1)} before it reach no output: they can go"
                said = many if others else "reaches no output: it can go"
                message = f"{printable(nodes[-1].source.op)} {said}{saving(work)}"
                yield self.at(
                    graph,
                    nodes[-1],
                    message,
                    severity=weigh(context, self, work),
                    operators=len(nodes),
                    **work.data,
                )
