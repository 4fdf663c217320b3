"""EL319."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.conversions import Pair, conversion, pairs, same_quantization
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class CancellingConversions(Rule):
    """Conversions that undo each other, or change nothing.

    ## Why it matters
    Integers turned into floats and at once back into the same integers, or requantized to the scale that
    they have already, cost two passes over the tensor, and its float copy takes four times the RAM. The
    other way round, floats that are rounded to integers and at once turned back lose precision for nothing.

    ## What to do
    Remove the pair and connect its ends. It is left over where models were quantized in parts and joined,
    or where an operator between was removed after quantization.
    """

    code = "EL319"
    name = "cancelling-conversions"
    severity = Severity.WARNING
    operators = ("QuantizeLinear", "DequantizeLinear")
    hint = "remove the conversions and connect what is before them with what is behind"

    VALID = [
        chain("int8[1,4] @0.1")
        .op("DequantizeLinear", "float32[1,4]", source="DEQUANTIZE")
        .op("Gelu", "float32[1,4]")
        .op("QuantizeLinear", "int8[1,4] @0.1", source="QUANTIZE"),
        chain("float32[1,4]")
        .op("QuantizeLinear", "int8[1,4] @0.1")
        .op("DequantizeLinear", "float32[1,4]")
        .from_format("onnx"),
        chain("int8[1,4] @0.1").op("QuantizeLinear", "int8[1,4] @0.2", source="QUANTIZE"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1")
            .op("DequantizeLinear", "float32[1,4]", source="DEQUANTIZE")
            .op("QuantizeLinear", "int8[1,4] @0.1", source="QUANTIZE"),
            "QUANTIZE undoes DEQUANTIZE: 'quantizelinear_1' holds the same int8 numbers as 'input'",
        ),
        (
            chain("float32[1,4]")
            .op("QuantizeLinear", "int8[1,4] @0.1", source="QUANTIZE")
            .op("DequantizeLinear", "float32[1,4]", source="DEQUANTIZE"),
            "DEQUANTIZE undoes QUANTIZE: 'dequantizelinear_1' is 'input' rounded to int8",
        ),
        (
            chain("int8[1,4] @0.1").op("QuantizeLinear", "int8[1,4] @0.1", source="QUANTIZE"),
            "QUANTIZE changes nothing: 'input' and 'quantizelinear_0' "
            "have the same type, scale and zero point",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such pair; rounding in ONNX models is how QDQ says that a value is quantized."""
        onnx = context.model.format == "onnx"
        severity = Severity.NOTE if onnx else Severity.WARNING
        for graph in context.model.graphs:
            for pair in pairs(graph, "DQ", "Q"):
                yield from self._undone(graph, pair, severity)
            if onnx:
                continue
            for pair in pairs(graph, "Q", "DQ"):
                yield from self._rounded(graph, pair)
            for node in graph.nodes:
                yield from self._idle(graph, node)

    def _undone(self, graph: Graph, pair: Pair, severity: Severity) -> Iterator[Finding]:
        before, after = graph.value(pair.first.inputs[0]), graph.value(pair.second.outputs[0])
        if before and after and same_quantization(before, after):
            yield self.at(
                graph,
                pair.second,
                f"{_word(pair.second)} undoes {_word(pair.first)}: {named(after)} holds "
                f"the same {after.dtype} numbers as {named(before)}",
                severity=severity,
            )

    def _rounded(self, graph: Graph, pair: Pair) -> Iterator[Finding]:
        before, after = graph.value(pair.first.inputs[0]), graph.value(pair.second.outputs[0])
        between = graph.value(pair.second.inputs[0])
        if before and after and between and before.dtype is after.dtype:
            yield self.at(
                graph,
                pair.second,
                f"{_word(pair.second)} undoes {_word(pair.first)}: {named(after)} is {named(before)} "
                f"rounded to {between.dtype}",
            )

    def _idle(self, graph: Graph, node: Node) -> Iterator[Finding]:
        if conversion(graph, node) != "R":
            return
        before, after = graph.value(node.inputs[0]), graph.value(node.outputs[0])
        if before and after and same_quantization(before, after):
            yield self.at(
                graph,
                node,
                f"{_word(node)} changes nothing: {named(before)} and {named(after)} "
                "have the same type, scale and zero point",
            )


def _word(node: Node) -> str:
    return printable(node.source.op)
