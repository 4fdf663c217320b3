"""EL321."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.layers import QuantizedLayer
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class WrongQuantizationAxis(Rule):
    """Per-channel scales along another axis than the output channels.

    ## Why it matters
    A kernel multiplies each output channel's sum by that channel's scale, so the scales must run along the
    output channels of the weights: dimension 0 of TFLite's CONV_2D and FULLY_CONNECTED, 3 of
    DEPTHWISE_CONV_2D, 0 of ONNX's Conv, 1 of ConvTranspose. Along another axis the sum cannot be taken in
    integers: TFLite refuses the model or computes with the wrong scales; ONNX runtimes keep the layer in
    float32. DequantizeLinear's `axis` is 1 when none is written, a common slip for Conv weights.

    ## What to do
    Set `axis=0` on the DequantizeLinear of Conv weights, and `quantized_dimension` as above when
    writing `.tflite` files; converters do so by themselves.
    """

    code = "EL321"
    name = "wrong-quantization-axis"
    severity = Severity.ERROR
    needs = ("integer layers", "quantization")
    hint = "let the scales of the weights run along their output channels"
    yields_to = ("EL102", "EL106")

    VALID = [
        chain("int8[1,4,4,2] @0.1").op(
            "Conv", "int8[1,4,4,3] @0.1", source="CONV_2D", weight="int8[3,1,1,2] @0.1,0.2,0.3/0"
        ),
        chain("int8[1,4,4,2] @0.1").op(
            "Conv", "int8[1,4,4,2] @0.1", source="DEPTHWISE_CONV_2D", weight="int8[1,3,3,2] @0.1,0.2/3"
        ),
    ]
    INVALID = [
        (
            chain("int8[1,4,4,2] @0.1").op(
                "Conv", "int8[1,4,4,3] @0.1", source="CONV_2D", weight="int8[3,1,1,2] @0.1,0.2/3"
            ),
            "CONV_2D has weights 'conv_0/weight' with 2 scales along axis 3; "
            "its 3 output channels are along axis 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each layer with several scales that are not its output channels'."""
        onnx = context.model.format == "onnx"
        for layer in context.quantized_layers:
            quantization = calibrated(layer.weights)
            if quantization is None or len(quantization.scale) < 2:
                continue
            if onnx and layer.node.op.startswith("Q"):
                continue  # QLinearConv and its kin have no axis to be wrong: it is fixed by definition
            count, axis = len(quantization.scale), _axis(layer.weights, quantization.axis)
            if axis == layer.axis and layer.channels in (None, count):
                continue
            # Old depthwise weights may have their one batch-like axis in front: the count tells.
            if axis is None and layer.channels == count:
                continue
            fits = axis is not None and _size(layer.weights, axis) == count
            yield self.at(
                layer.graph,
                layer.node,
                f"{printable(layer.node.source.op)} has weights {named(layer.weights)} with {count} scales "
                f"along axis {axis}; its {_channels(layer)} along axis {layer.axis}",
                severity=Severity.WARNING if onnx and fits else Severity.ERROR,
                axis=axis,
                expected_axis=layer.axis,
                scales=count,
            )


def _axis(weights: Value, axis: int | None) -> int | None:
    rank = len(weights.shape or ())
    return axis % rank if axis is not None and rank and -rank <= axis < rank else axis


def _size(weights: Value, axis: int) -> int | str | None:
    shape = weights.shape or ()
    return shape[axis] if 0 <= axis < len(shape) else None


def _channels(layer: QuantizedLayer) -> str:
    return f"{layer.channels} output channels are" if layer.channels else "output channels are"
