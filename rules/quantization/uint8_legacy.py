"""EL317."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.rule import Finding, Rule, Severity


class Uint8Legacy(Rule):
    """A network quantized to uint8, TensorFlow 1's scheme.

    ## Why it matters
    Before 2019 TensorFlow Lite quantized to uint8, weights and activations with one scale per tensor.
    Today's specification is int8 with one scale per output channel, which is more accurate, and which
    CMSIS-NN, TFLite Micro and XNNPACK are written for. TFLite Micro has dropped most uint8 kernels: there,
    other rules name each operator that it lacks, and this one stays quiet.

    A network made for the Edge TPU, which runs uint8 as well as int8, is left alone.

    ## What to do
    Convert the float model again with a current TensorFlow: full-integer quantization gives int8. If only
    the interface must be uint8, set `converter.inference_input_type = tf.uint8`.

    ## Source
    TensorFlow Lite's 8-bit quantization specification, "Signed integer vs unsigned integer".
    """

    code = "EL317"
    name = "uint8-legacy"
    severity = Severity.NOTE
    needs = ("tflite", "integer layers")
    hint = "convert the float model again: current converters quantize to int8, per channel"

    VALID = [
        chain("int8[1,2] @0.1").op(
            "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.1"
        ),
        chain("uint8[1,2] @0.1").op("QuantizeLinear", "int8[1,2] @0.1:-128", source="QUANTIZE"),
        chain("uint8[1,2] @0.1")
        .op("Gemm", "uint8[1,2] @0.1", source="FULLY_CONNECTED", weight="uint8[2,2] @0.1:128")
        .on("coral-edgetpu"),
    ]
    INVALID = [
        (
            chain("uint8[1,2] @0.1").op(
                "Gemm", "uint8[1,2] @0.1", source="FULLY_CONNECTED", weight="uint8[2,2] @0.1:128"
            ),
            "1 layer computes with uint8 weights and activations, the scheme of TensorFlow 1",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for the model, at its first such layer."""
        if context.model.format != "tflite":
            return
        target = context.target
        if target is not None and (target.accelerator or target.npu or target.runtime.name == "tflm"):
            return
        old = [
            layer
            for layer in context.quantized_layers
            if layer.weights.dtype is DType.UINT8 and layer.data is not None and calibrated(layer.weights)
        ]
        if old:
            count = f"{len(old)} layers compute" if len(old) > 1 else "1 layer computes"
            yield self.at(
                old[0].graph,
                old[0].node,
                f"{count} with uint8 weights and activations, the scheme of TensorFlow 1",
                layers=len(old),
            )
