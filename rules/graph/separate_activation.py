"""EL512."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.constants import numbers
from edgelint.analysis.structure.redundancy import SHARE, Work, runs_as_drawn, saving, weigh
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

FUSED = {"Relu": "RELU", "Relu6": "RELU6", "ReluN1To1": "RELU_N1_TO_1"}
"""Activations that kernels apply to what they write, by the schema's name (ActivationFunctionType)."""

FUSING = frozenset(
    {
        *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL"),
        *("AVERAGE_POOL_2D", "MAX_POOL_2D"),
    }
)
"""Operators whose kernels do so, in LiteRT and in TensorFlow Lite Micro alike."""


class SeparateActivation(Rule):
    """A ReLU that runs by itself behind an operator that could apply it.

    ## Why it matters
    The kernel of a convolution clamps each number as it writes it, at no cost. A ReLU of its own reads
    and writes the whole tensor again, keeps two copies of it alive, and links one more kernel.

    ## What to do
    Put nothing between the layer and its activation (`Conv2D(..., activation="relu")`, or `Conv2D`,
    `BatchNormalization`, `ReLU` in this order): the converter fuses what follows directly. Where a file
    has them apart, another tool wrote it, or something stood between: convert again from the source.
    """

    code = "EL512"
    name = "separate-activation"
    severity = Severity.NOTE
    needs = ("tflite", "drawn")
    hint = "convert again from the source: the converter fuses an activation that directly follows its layer"
    options = {"percent": SHARE}

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", activation="Relu", weight="float32[4,8]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
        .op("Relu", "float32[1,4]", source="RELU")
        .with_output("gemm_0"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", weight="float32[8,4]")
        .op("Relu", "float32[1,4]")
        .from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
            .op("Relu6", "float32[1,4]", source="RELU6")
            .on("cortex-m4"),
            "RELU6 runs by itself behind FULLY_CONNECTED, which can apply RELU6 as it writes, "
            "which saves 32 bytes moved",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
            .op("Max", "float32[1,4]", source="MAXIMUM", floor="float32[] = 0"),
            "MAXIMUM runs by itself behind FULLY_CONNECTED, which can apply RELU as it writes, "
            "which saves 36 bytes moved",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each activation in a TFLite file that the operator before it could apply."""
        if context.model.format != "tflite" or not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                word = _clamp(graph, node)
                if word is None or node.activation is not None:
                    continue
                maker = next(
                    (each for name in node.inputs if (each := context.usage.only_maker(number, name))), None
                )
                if maker is None or maker.source.op not in FUSING or maker.activation is not None:
                    continue
                work = Work(context.workload.of(number, [node]).moved)
                message = (
                    f"{printable(node.source.op)} runs by itself behind {maker.source.op}, "
                    f"which can apply {word} as it writes{saving(work)}"
                )
                yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)


def _clamp(graph: Graph, node: Node) -> str | None:
    """The fused activation that does what `node` does; None for other operators."""
    if node.domain:
        return None
    if node.op == "Max" and len(node.inputs) == 2:
        return "RELU" if any(_is_zero(graph, name) for name in node.inputs) else None
    return FUSED.get(node.op)


def _is_zero(graph: Graph, name: str | None) -> bool:
    value = graph.value(name)
    zero = value.quantization.zero_point[:1] if value is not None and value.quantization else ()
    return numbers(value) == (zero or (0,))
