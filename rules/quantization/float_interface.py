"""EL303."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node, Value
from edgelint.printable import printable
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Rule, Severity


class FloatInterface(Rule):
    """Floats at the inputs or outputs of a network that computes with integers.

    ## Why it matters
    The first operator turns floats into int8, or the last one int8 into floats. That costs an
    operator, four times the bytes for the tensor, and on a core without a floating-point unit slow
    arithmetic per element. Sensors deliver integers anyway; comparing scores needs no floats.

    It is convenient, and right where the application works in floats: a note.

    ## What to do
    Set `converter.inference_input_type = tf.int8` and `converter.inference_output_type = tf.int8`, and
    use the scale and zero point of the tensors in your own code.
    """

    code = "EL303"
    name = "float-interface"
    severity = Severity.NOTE
    operators = ("QuantizeLinear", "DequantizeLinear")
    needs = ("tflite",)
    yields_to = ("EL319",)

    VALID = [
        chain("int8[1,64] @0.1").op("Gemm", "int8[1,8] @0.1", weight="int8[8,64] @0.1"),
        chain("float32[1,64]").op("QuantizeLinear", "int8[1,64] @0.1", source="QUANTIZE").on("litert-cpu"),
        chain("float32[1,64]").op("QuantizeLinear", "int8[1,64] @0.1").from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("QuantizeLinear", "int8[1,64] @0.1", source="QUANTIZE")
            .op("Gemm", "int8[1,8] @0.1", weight="int8[8,64] @0.1")
            .on("cortex-m4"),
            "takes input 'input' as float32 of 256 B, and QUANTIZE makes int8 of 64 B of it",
        ),
        (
            chain("int8[1,64] @0.1")
            .op("Gemm", "int8[1,8] @0.1", weight="int8[8,64] @0.1")
            .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE"),
            "gives output 'dequantizelinear_1' as float32 of 32 B, made by DEQUANTIZE of int8 of 8 B",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each conversion at an edge of the first graph, where bytes are dear."""
        if context.model.format != "tflite" or not context.model.graphs:
            return
        if context.target is not None and not context.target.microcontroller:
            return
        graph = context.model.main
        outputs, inputs = frozenset(graph.outputs), frozenset(graph.inputs)
        for node in graph.nodes:
            if node.source.op == "QUANTIZE" and node.inputs[:1] and node.inputs[0] in inputs:
                yield from self._taken(graph, node)
            if node.source.op == "DEQUANTIZE" and node.outputs[:1] and node.outputs[0] in outputs:
                yield from self._given(graph, node)

    def _taken(self, graph: Graph, node: Node) -> Iterator[Finding]:
        outer, inner = graph.value(node.inputs[0]), graph.value(next(iter(node.outputs), None))
        if outer is None or inner is None or not _converts(outer, inner):
            return
        if len(graph.readers.get(outer.name, ())) > 1:
            return
        yield self.at(
            graph,
            node,
            f"takes input {named(outer)} as float32{_bytes(outer)}, "
            f"and {printable(node.source.op)} makes {inner.dtype}{_bytes(inner)} of it",
            hint=f"convert with inference_input_type = tf.{inner.dtype}",
            float_bytes=outer.nbytes,
            integer_bytes=inner.nbytes,
        )

    def _given(self, graph: Graph, node: Node) -> Iterator[Finding]:
        outer, inner = graph.value(node.outputs[0]), graph.value(next(iter(node.inputs), None))
        if outer is None or inner is None or inner.is_constant or not _converts(outer, inner):
            return
        yield self.at(
            graph,
            node,
            f"gives output {named(outer)} as float32{_bytes(outer)}, "
            f"made by {printable(node.source.op)} of {inner.dtype}{_bytes(inner)}",
            hint=f"convert with inference_output_type = tf.{inner.dtype}",
            float_bytes=outer.nbytes,
            integer_bytes=inner.nbytes,
        )


def _converts(outer: Value, inner: Value) -> bool:
    """Whether one side is float32 and the other a quantized integer."""
    return str(outer.dtype) == "float32" and inner.dtype is not None and inner.dtype.is_integer


def _bytes(value: Value) -> str:
    return "" if value.nbytes is None else f" of {show_bytes(value.nbytes)}"
