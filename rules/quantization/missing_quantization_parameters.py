"""EL307."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import dealings, named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.ir.model import Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_KERNELS = frozenset(
    {
        # Those that refuse to load without scales.
        *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"),
        # Those that multiply or divide by them.
        *("ADD", "SUB", "MUL", "MEAN", "SUM", "SQUARED_DIFFERENCE", "PRELU"),
        *("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "L2_NORMALIZATION"),
    }
)
"""TFLite operators whose integer form computes with scales."""

_NARROW = frozenset({DType.INT8, DType.UINT8})
"""Types that these operators read as quantized numbers only."""


class MissingQuantizationParameters(Rule):
    """Integers without a scale, in an operator that computes with scales.

    ## Why it matters
    An int8 number means nothing without its scale and zero point. Convolutions and fully connected layers
    refuse to load without ("affine_quantization" is missing); additions and activations divide by the
    scale, which is then 0, and give nonsense.

    ## What to do
    Convert again: tools that edit or rebuild `.tflite` files drop the quantization of tensors they make.
    The `quantization` table of each activation needs one scale and one zero point.
    """

    code = "EL307"
    name = "missing-quantization-parameters"
    severity = Severity.ERROR
    needs = ("tflite", "narrow integers")
    hint = "give each integer activation one scale and one zero point; convert again if a tool dropped them"
    yields_to = ("EL102", "EL106")

    VALID = [
        chain("int8[1,2] @0.1").op(
            "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.1"
        ),
        chain("int8[1,2]").op("Reshape", "int8[2]", source="RESHAPE"),
        chain("int32[1,2]").op("Add", "int32[1,2]", source="ADD", other="int32[2]"),
        chain("float32[1,2]").op("Gemm", "float32[1,2]", source="FULLY_CONNECTED", weight="int8[2,2] @0.1"),
    ]
    INVALID = [
        (
            chain("int8[1,2]").op(
                "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.1"
            ),
            "FULLY_CONNECTED reads int8 'input' without scale and zero point",
        ),
        (
            chain("int8[1,2] @0.1").op("Add", "int8[1,2]", source="ADD", other="int8[2] @0.1"),
            "ADD makes int8 'add_0' without scale and zero point",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The first such operand of each node."""
        if context.model.format != "tflite":
            return
        for graph in context.model.graphs:
            bare = {name: value for name, value in graph.values.items() if _is_bare(value)}
            for node in graph.nodes if bare else ():
                # MEAN, SUM and others have axes and shapes among their inputs, but not in 8 bits.
                found = next(dealings(node, bare), None) if node.source.op in _KERNELS else None
                if found is not None:
                    verb, name = found
                    yield self.at(
                        graph,
                        node,
                        f"{printable(node.source.op)} {verb} {bare[name].dtype} {named(bare[name])} "
                        "without scale and zero point",
                        tensor=name,
                    )


def _is_bare(value: Value) -> bool:
    return value.dtype in _NARROW and value.quantization is None
