"""EL326."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.quantization.copied_codes import ONNX_COPIES, requantized
from edgelint.analysis.quantization.layers import integers_behind
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_FUSED = ONNX_COPIES | {
    *("Conv", "Gemm", "MatMul", "Add", "Mul", "Concat", "Where", "Split", "Relu", "Clip"),
    *("AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax", "ArgMax"),
    *("ReduceMax", "ReduceMin"),
}
"""Operators that ONNX Runtime has an integer form of, or takes the conversions off.

Relu and Clip go into the scale behind them.
"""


class UnfusedConversions(Rule):
    """Conversions around an operator that ONNX Runtime computes in floats anyway.

    ## Why it matters
    ONNX Runtime replaces DequantizeLinear → operator → QuantizeLinear by one integer operator for a list of
    operators. For all others the three stay: each element is converted twice, and rounded, for an operator
    that runs in float32 as before. Quantization makes that part slower, not faster.

    ## What to do
    Leave these operators out of quantization: `quantize_static(..., op_types_to_quantize=[…])`, or
    `nodes_to_exclude`; or use operators of the list (ReLU for GELU or HardSwish).

    ## Source
    `qdq_selector_action_transformer.cc` of ONNX Runtime (microsoft/onnxruntime@008eeb96a1e2), the rules
    registered for the CPU execution provider.
    """

    code = "EL326"
    name = "unfused-conversions"
    severity = Severity.NOTE
    needs = ("onnx", "target")
    hint = "leave the operator out of quantization: nodes_to_exclude or op_types_to_quantize"

    VALID = [
        chain("int8[1,4] @0.1")
        .op("DequantizeLinear", "float32[1,4]")
        .op("Softmax", "float32[1,4]")
        .op("QuantizeLinear", "int8[1,4] @0.1")
        .from_format("onnx")
        .on("onnxruntime-cpu"),
        chain("int8[1,4] @0.1")
        .op("DequantizeLinear", "float32[1,4]")
        .op("Erf", "float32[1,4]")
        .from_format("onnx")
        .on("onnxruntime-cpu"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1")
            .op("DequantizeLinear", "float32[1,4]")
            .op("HardSwish", "float32[1,4]")
            .op("QuantizeLinear", "int8[1,4] @0.1")
            .from_format("onnx")
            .on("onnxruntime-cpu"),
            "HardSwish runs in float32 between DequantizeLinear and QuantizeLinear: "
            "ONNX Runtime has no integer form of it",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each operator with conversions on both sides that is not on the list."""
        if context.model.format != "onnx" or context.target is None:
            return
        if context.target.runtime.name != "onnxruntime" or context.target.accelerator:
            return
        for graph, node in context.model.nodes():
            if node.op in _FUSED or not node.inputs or "Linear" in node.op:
                continue
            integer = integers_behind(graph, node.inputs[0])
            if integer is None or integer.is_constant or requantized(graph, node) is None:
                continue
            yield self.at(
                graph,
                node,
                f"{printable(node.source.op)} runs in float32 between DequantizeLinear and QuantizeLinear: "
                f"{context.target.runtime.title} has no integer form of it",
            )
