"""EL323."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_PAIRS: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {
    ("", "DequantizeLinear"): ((0, 2),),
    ("", "QLinearConv"): ((0, 2), (3, 5)),
    ("", "QLinearMatMul"): ((0, 2), (3, 5)),
    ("", "ConvInteger"): ((0, 2), (1, 3)),
    ("", "MatMulInteger"): ((0, 2), (1, 3)),
    ("com.microsoft", "DequantizeLinear"): ((0, 2),),
    ("com.microsoft", "QLinearAdd"): ((0, 2), (3, 5)),
    ("com.microsoft", "QLinearMul"): ((0, 2), (3, 5)),
    ("com.microsoft", "QGemm"): ((0, 2), (3, 5)),
}
"""Input positions of integers and of their zero point, which have one type by the operators' definitions."""


class ZeroPointTypeMismatch(Rule):
    """A zero point of another type than the integers it belongs to.

    ## Why it matters
    By ONNX's definition of DequantizeLinear, QLinearConv and their kin the zero point has the type of the
    integers that it is taken off. A uint8 zero point beside int8 data makes runtimes refuse the model when
    it loads; where it is let through, all numbers are off by 128.

    ## What to do
    Write the zero point with the type of the tensor (int8 weights: an int8 zero, or none at all).
    It happens where weights were turned from uint8 into int8 and the zero point was forgotten.

    ## Source
    The type constraints of these operators in the ONNX operator specification, and in ONNX
    Runtime's contrib operators.
    """

    code = "EL323"
    name = "zero-point-type-mismatch"
    severity = Severity.ERROR
    needs = ("onnx",)
    hint = "store the zero point with the type of the integers it belongs to"

    VALID = [
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1", zero="int8[1]")
        .from_format("onnx"),
        chain("int8[1,8] @0.1")
        .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1")
        .from_format("onnx"),
    ]
    INVALID = [
        (
            chain("int8[1,8] @0.1")
            .op("DequantizeLinear", "float32[1,8]", scale="float32[1] = 0.1", zero="uint8[1]")
            .from_format("onnx"),
            "DequantizeLinear has int8 'input' with uint8 zero point 'dequantizelinear_0/zero'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such pair of operands."""
        if context.model.format != "onnx":
            return
        for graph, node in context.model.nodes():
            pairs = _PAIRS.get((node.domain, node.op))
            if pairs is None:
                continue
            values = graph.inputs_of(node)
            for place, zero_place in pairs:
                if zero_place >= len(values):
                    continue
                value, zero = values[place], values[zero_place]
                if value is None or zero is None or value.dtype is None or zero.dtype is None:
                    continue
                if value.dtype is not zero.dtype:
                    yield self.at(
                        graph,
                        node,
                        f"{printable(node.source.op)} has {value.dtype} {named(value)} "
                        f"with {zero.dtype} zero point {named(zero)}",
                    )
