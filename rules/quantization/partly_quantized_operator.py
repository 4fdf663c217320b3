"""EL322."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.constants import is_constant
from edgelint.analysis.operands import named
from edgelint.analysis.quantization.layers import integers_behind
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node, Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_OPERANDS = {
    **dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div"), 2),
    "Concat": None,
}
"""Operators that run in integers if all of so many first operands are dequantized; None: if all are."""

_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


class PartlyQuantizedOperator(Rule):
    """An operator in an ONNX QDQ model of which only some inputs are quantized.

    ## Why it matters
    Runtimes turn DequantizeLinear → operator → QuantizeLinear into one integer operator, but only where
    all its inputs come from a DequantizeLinear. With one input in float32 the operator stays in float, and
    the conversions around it are extra work: the model is slower than before it was quantized.

    ## What to do
    Quantize all inputs of the operator: let `quantize_static` insert both sides (no `nodes_to_exclude`
    that cut through an addition, no folding of weights back to float), or leave the operator out altogether.

    ## Source
    ONNX Runtime, "Quantize ONNX models": the QDQ format; the node group selectors of its QDQ
    transformer.
    """

    code = "EL322"
    name = "partly-quantized-operator"
    severity = Severity.WARNING
    needs = ("onnx",)
    operators = ("DequantizeLinear",)
    hint = "quantize its other inputs too, or none of them"

    VALID = [
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1")
        .op("Add", "float32[1,8]", reads=("dequantizelinear_0", "dequantizelinear_0"))
        .from_format("onnx"),
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1")
        .op("Mul", "float32[1,8]", other="float32[1]")
        .from_format("onnx"),
        chain("float32[1,8]").op("MatMul", "float32[1,2]", weight="float32[8,2]").from_format("onnx"),
    ]
    INVALID = [
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1")
            .op("Relu", "float32[1,8]")
            .op("Add", "float32[1,8]", reads=("dequantizelinear_0", "relu_1"))
            .from_format("onnx"),
            "Add reads 'dequantizelinear_0' dequantized from int8, but 'relu_1' as float32: "
            "it runs in float32",
        ),
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1")
            .op("MatMul", "float32[1,2]", weight="float32[8,2]")
            .from_format("onnx"),
            "MatMul reads 'dequantizelinear_0' dequantized from int8, but 'matmul_1/weight' as float32: "
            "it runs in float32",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each operator that mixes them."""
        if context.model.format != "onnx":
            return
        if not any(node.op == "DequantizeLinear" for _, node in context.model.nodes()):
            return
        for graph, node in context.model.nodes():
            if node.op not in _OPERANDS or node.domain:
                continue
            mixed = _mixed(context, graph, node)
            if mixed is not None:
                integer, dequantized, floating = mixed
                yield self.at(
                    graph,
                    node,
                    f"{printable(node.source.op)} reads {named(dequantized)} "
                    f"dequantized from {integer.dtype}, "
                    f"but {named(floating)} as {floating.dtype}: it runs in {floating.dtype}",
                )


def _mixed(context: Context, graph: Graph, node: Node) -> tuple[Value, Value, Value] | None:
    """The integers behind an operand, that operand, and one in float; None where the node does not mix."""
    integer: Value | None = None
    read: Value | None = None
    floating: Value | None = None
    for place, name in enumerate(node.inputs[: _OPERANDS[node.op]]):
        value, behind = graph.value(name), integers_behind(graph, name)
        if value is None or value.dtype is None or not value.dtype.is_float:
            return None
        if behind is not None and not behind.is_constant:
            integer, read = integer or behind, read or value
        elif behind is None and _stays_float(context, graph, node, place):
            floating = floating or value
    return (integer, read, floating) if integer and read and floating else None


def _stays_float(context: Context, graph: Graph, node: Node, place: int) -> bool:
    """Whether a float operand keeps the operator from integers: a stored factor in a Mul does not."""
    name = node.inputs[place]
    value = graph.value(name)
    if value is not None and value.is_constant:
        return node.op in _LAYERS and place == 1
    return not is_constant(context.model, graph, name)
