"""EL306."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class AsymmetricWeights(Rule):
    """Signed weights with a zero point other than 0.

    ## Why it matters
    TensorFlow Lite's int8 weights are symmetric by specification: zero point 0, so that a kernel need not
    take it off each weight. Its convolution kernels, in TFLite Micro, CMSIS-NN and LiteRT alike, never
    read the zero point of int8 or int4 weights: they compute with other weights than the file means. Fully
    connected kernels do read it in some builds, and TFLite Micro's debug builds stop there.

    In ONNX a zero point is allowed. ONNX Runtime then takes its slower path; TensorRT and most
    accelerators refuse it.

    ## What to do
    Quantize weights symmetrically: the default of the TensorFlow Lite converter; in ONNX Runtime
    `quantize_static(..., extra_options={"WeightSymmetric": True})`.

    ## Source
    TensorFlow Lite's 8-bit quantization specification; `ConvPerChannel` of the int8 reference kernels,
    which has no filter offset.
    """

    code = "EL306"
    name = "asymmetric-weights"
    severity = Severity.ERROR
    needs = ("integer layers", "quantization")
    hint = "quantize the weights symmetrically, with zero point 0"
    yields_to = ("EL102", "EL106")

    VALID = [
        chain("int8[1,4,4,2] @0.1:3").op(
            "Conv", "int8[1,4,4,2] @0.1:5", source="CONV_2D", weight="int8[2,1,1,2] @0.1,0.2:0,0/0"
        ),
        chain("uint8[1,4,4,2] @0.1:3").op(
            "Conv", "uint8[1,4,4,2] @0.1:5", source="CONV_2D", weight="uint8[2,1,1,2] @0.1:128"
        ),
    ]
    INVALID = [
        (
            chain("int8[1,4,4,2] @0.1").op(
                "Conv", "int8[1,4,4,2] @0.1", source="CONV_2D", weight="int8[2,1,1,2] @0.1:7"
            ),
            "CONV_2D has int8 weights 'conv_0/weight' with zero point 7, which its kernel takes for 0",
        ),
        (
            chain("int8[1,2] @0.1").op(
                "Gemm",
                "int8[1,2] @0.1",
                source="FULLY_CONNECTED",
                weight="int8[2,2] @0.1:-3",
            ),
            "FULLY_CONNECTED has int8 weights 'gemm_0/weight' with zero point -3, "
            "where the specification has 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each layer whose signed weights have another zero point."""
        for layer in context.quantized_layers:
            quantization = calibrated(layer.weights)
            if quantization is None or layer.weights.dtype not in (DType.INT8, DType.INT4):
                continue
            point = next((point for point in quantization.zero_point if point), 0)
            if not point:
                continue
            if context.model.format == "onnx":
                severity, said = Severity.NOTE, "which slows its kernel down"
            elif layer.kind == "product":
                severity, said = Severity.WARNING, "where the specification has 0"
            else:
                severity, said = Severity.ERROR, "which its kernel takes for 0"
            yield self.at(
                layer.graph,
                layer.node,
                f"{printable(layer.node.source.op)} has {layer.weights.dtype} weights "
                f"{named(layer.weights)} with zero point {point}, {said}",
                severity=severity,
                zero_point=point,
            )
