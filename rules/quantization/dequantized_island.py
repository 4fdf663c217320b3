"""EL304."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgelint.analysis.quantization.float_islands import Island, float_islands
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_NAMED = 3
"""Kinds of operators that a message lists."""

_WHERE = {
    (True, True): "between DEQUANTIZE and QUANTIZE",
    (True, False): "behind DEQUANTIZE",
    (False, True): "in front of QUANTIZE",
}
"""By whether integers come in and go out."""


class DequantizedIsland(Rule):
    """Float operators in the middle of an integer network.

    ## Why it matters
    The converter had no integer kernel for these operators, so it put DEQUANTIZE in front of them and
    QUANTIZE behind. Each pass through an island converts every element twice, its activations take four
    times the RAM, its kernels must be linked in float as well, and an accelerator for integers (Ethos-U,
    Edge TPU, a DSP) hands the work back to the processor.

    ## What to do
    Use operators that have an integer kernel there: ReLU or ReLU6 for GELU, Swish and ELU, a sum of
    squares for a norm. Convert with `TFLITE_BUILTINS_INT8` alone in
    `converter.target_spec.supported_ops`: the converter then names each operator that it can't
    quantize in place of leaving it in float.

    Float operators in front of the first QUANTIZE, or behind the last DEQUANTIZE (a softmax, a filter on the
    detections), are a note: there they cost less, and may be meant.
    """

    code = "EL304"
    name = "dequantized-island"
    severity = Severity.WARNING
    hint = "use operators with an integer kernel there, or quantize them too"
    yields_to = ("EL101", "EL102")

    VALID = [
        chain("int8[1,8] @0.1").op("Relu", "int8[1,8] @0.1"),
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
        .op("TFLite_Detection_PostProcess", "float32[1,8]", domain="tflite.custom"),
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
        .op("LogSoftmax", "float32[1,8]", source="LOG_SOFTMAX")
        .on("litert-cpu"),
    ]
    INVALID = [
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
            .op("Gelu", "float32[1,8]", source="GELU")
            .op("QuantizeLinear", "int8[1,8] @0.1", source="QUANTIZE"),
            "GELU runs in float32 between DEQUANTIZE and QUANTIZE",
        ),
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
            .op("Exp", "float32[1,8]", source="EXP")
            .op("Gemm", "float32[1,2]", source="FULLY_CONNECTED", weight="float32[2,8]")
            .op("QuantizeLinear", "int8[1,2] @0.1", source="QUANTIZE"),
            "2 operators (EXP, FULLY_CONNECTED) run in float32 between DEQUANTIZE and QUANTIZE, "
            "100 % of the MACs",
        ),
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
            .op("LogSoftmax", "float32[1,8]", source="LOG_SOFTMAX"),
            "LOG_SOFTMAX runs in float32 behind DEQUANTIZE",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each island of the graph that runs."""
        if context.model.format == "onnx":
            return  # what is partly quantized there is told at the user's own nodes
        if not any(node.source.op in ("QUANTIZE", "DEQUANTIZE") for _, node in context.network.nodes()):
            return
        macs = {(cost.graph, id(cost.node)): cost.macs.value or 0 for cost in context.cost.nodes}
        every = sum(macs.values())
        for place, graph in enumerate(context.network.graphs):
            for island in float_islands(graph):
                inside = sum(macs.get((place, id(graph.nodes[node])), 0) for node in island.places)
                if island.entries and island.exits:
                    yield self._told(graph, island, inside, every, Severity.WARNING)
                elif _is_worth_a_note(context, graph, island) and 2 * inside <= every:
                    yield self._told(graph, island, inside, every, Severity.NOTE)

    def _told(self, graph: Graph, island: Island, inside: int, every: int, severity: Severity) -> Finding:
        words = Counter(printable(graph.nodes[place].source.op) for place in island.places)
        listed = ", ".join(list(words)[:_NAMED]) + (", …" if len(words) > _NAMED else "")
        count = len(island.places)
        subject = f"{listed} runs" if count == 1 else f"{count} operators ({listed}) run"
        where = _WHERE[bool(island.entries), bool(island.exits)]
        share = f", {100 * inside / every:.3g} % of the MACs" if inside and every else ""
        return self.at(
            graph,
            graph.nodes[island.places[0]],
            f"{subject} in float32 {where}{share}",
            severity=severity,
            operators=dict(words),
            conversions=island.entries + island.exits,
            macs=inside,
        )


def _is_worth_a_note(context: Context, graph: Graph, island: Island) -> bool:
    """Whether float operators at an edge cost something there, and something else could be used."""
    if context.target is not None and not context.target.microcontroller:
        return False
    return any(graph.nodes[place].domain != "tflite.custom" for place in island.places)
