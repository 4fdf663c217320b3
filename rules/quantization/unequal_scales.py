"""EL311."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.copied_codes import copies
from edgelint.analysis.quantization.ranges import affine
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity


class UnequalScales(Rule):
    """An operator that copies codes between tensors of different scales.

    ## Why it matters
    Pooling, concatenation, reshape, padding and their like hand integers on as they are. If the input has
    another scale or zero point than the output, the same code means another number behind the operator:
    the values come out shifted or stretched, and no runtime says so. Some check (int8 CONCATENATION in
    LiteRT) and refuse the model.

    In an ONNX model of QDQ form nothing gets wrong, but the operator cannot be run on integers: the
    conversions stay, and it copies floats (a note).

    ## What to do
    Convert with TensorFlow Lite's converter, which gives these tensors one scale or puts a QUANTIZE in
    front. After quantization-aware training, let concatenations share one observer.

    ## Source
    TensorFlow Lite's 8-bit quantization specification ("Inputs and outputs must all have same
    scale/zero_point"); for ONNX, the QDQ transformer of ONNX Runtime.
    """

    code = "EL311"
    name = "unequal-scales"
    severity = Severity.ERROR
    needs = ("quantization",)
    hint = "give its inputs and outputs one scale and zero point, or put a QUANTIZE in front of it"
    yields_to = ("EL102", "EL106")
    options = {
        "codes": Option(1.0, "output codes by which a number may move, at most, without a finding"),
        "severe": Option(8.0, "output codes from which it is an error: 3 % of the range of int8"),
    }

    VALID = [
        chain("int8[1,4,4,2] @0.1:3").op("MaxPool", "int8[1,2,2,2] @0.1:3", source="MAX_POOL_2D"),
        chain("int8[1,4] @0.1").op("Reshape", "int8[4] @0.1000001", source="RESHAPE", shape="int32[1]"),
        chain("uint8[1,4] @0.1").op("Concat", "uint8[1,8] @0.2", source="CONCATENATION"),
        chain("int8[1,4] @0.1").op("MaxPool", "int8[1,4] @0.9").from_format("onnx"),
    ]
    INVALID = [
        (
            chain("int8[1,4,4,2] @0.1:3").op("MaxPool", "int8[1,2,2,2] @0.2:3", source="MAX_POOL_2D"),
            "MAX_POOL_2D copies codes of 'input' (scale 0.1 and zero point 3) to 'maxpool_0' "
            "(scale 0.2 and zero point 3)",
        ),
        (
            chain("int8[1,4] @0.1")
            .op("Relu", "int8[1,4] @0.1:-2")
            .op("Concat", "int8[1,8] @0.1", source="CONCATENATION", reads=("input", "relu_0")),
            "CONCATENATION copies codes of 'relu_0' (scale 0.1 and zero point -2) to 'concat_1' "
            "(scale 0.1 and zero point 0)",
        ),
        (
            chain("int8[1,4] @0.1")
            .op("DequantizeLinear", "float32[1,4]")
            .op("Reshape", "float32[4]")
            .op("QuantizeLinear", "int8[4] @0.2")
            .from_format("onnx"),
            "Reshape copies floats, as 'input' (scale 0.1 and zero point 0) and 'quantizelinear_2' "
            "(scale 0.2 and zero point 0) differ",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The worst pair of each such operator."""
        for copy in copies(context.model):
            if copy.apart <= context.option(self, "codes"):
                continue
            one = f"{named(copy.read)} ({affine(copy.read)})"
            other = f"{named(copy.made)} ({affine(copy.made)})"
            if context.model.format == "onnx":
                severity, said = Severity.NOTE, f"copies floats, as {one} and {other} differ"
            else:
                severe = copy.apart >= context.option(self, "severe")
                severity = Severity.ERROR if severe else Severity.WARNING
                said = f"copies codes of {one} to {other}"
            yield self.at(
                copy.graph,
                copy.node,
                f"{printable(copy.node.source.op)} {said}",
                severity=severity,
                codes_apart=round(copy.apart, 2),
            )
