"""EL309."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import dealings, named
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.ir.model import Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_KERNELS = frozenset(
    {
        *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL", "ADD", "SUB"),
        *("MUL", "CONCATENATION", "AVERAGE_POOL_2D", "MAX_POOL_2D", "TANH", "LOGISTIC", "LEAKY_RELU", "RELU"),
        *("PACK", "PAD", "RESHAPE", "MEAN", "MAXIMUM", "MINIMUM"),
    }
)
"""TFLite operators whose int16 form is of the 16x8 scheme. SOFTMAX is left out: from int8 it has -32768."""


class AsymmetricInt16(Rule):
    """16-bit activations with a zero point other than 0.

    ## Why it matters
    The 16x8 scheme is symmetric: its kernels take the zero point of int16 activations as 0. Most check
    it and refuse the model when it loads, the others compute with wrong numbers.

    ## What to do
    Convert with `EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8` in
    `converter.target_spec.supported_ops`, which makes int16 activations symmetric.

    ## Source
    `TF_LITE_ENSURE_EQ(…params.zero_point, 0)` in the kernels of LiteRT and TFLite Micro.
    """

    code = "EL309"
    name = "asymmetric-int16"
    severity = Severity.ERROR
    needs = ("tflite", "quantization")
    hint = "convert with symmetric int16 activations (the 16x8 scheme)"
    yields_to = ("EL102", "EL106")

    VALID = [
        chain("int16[1,8] @0.1").op("Tanh", "int16[1,8] @0.000030517578125", source="TANH"),
        chain("int8[1,8] @0.1:5").op("Softmax", "int16[1,8] @0.0000152587890625:-32768", source="SOFTMAX"),
    ]
    INVALID = [
        (
            chain("int16[1,8] @0.1:12").op("Tanh", "int16[1,8] @0.000030517578125", source="TANH"),
            "TANH reads int16 'input' with zero point 12, which its kernel takes for 0",
        ),
        (
            chain("int16[1,2] @0.1").op(
                "Gemm", "int16[1,2] @0.1:-9", source="FULLY_CONNECTED", weight="int8[2,2] @0.1"
            ),
            "FULLY_CONNECTED makes int16 'gemm_0' with zero point -9, which its kernel takes for 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The first such operand of each node."""
        if context.model.format != "tflite":
            return
        for graph in context.model.graphs:
            values = graph.values.items()
            wide = ((name, _point(value)) for name, value in values if value.dtype is DType.INT16)
            points = {name: point for name, point in wide if point}
            for node in graph.nodes if points else ():
                found = next(dealings(node, points), None) if node.source.op in _KERNELS else None
                if found is not None:
                    verb, name = found
                    yield self.at(
                        graph,
                        node,
                        f"{printable(node.source.op)} {verb} int16 {named(graph.values[name])} "
                        f"with zero point {points[name]}, which its kernel takes for 0",
                        zero_point=points[name],
                    )


def _point(value: Value) -> int:
    """The first zero point of `value` that is not 0; 0 without one."""
    quantization = calibrated(value)
    return next((point for point in quantization.zero_point if point), 0) if quantization else 0
