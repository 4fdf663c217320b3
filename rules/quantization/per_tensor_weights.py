"""EL305."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.layers import QuantizedLayer
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity


class PerTensorWeights(Rule):
    """Convolution weights with one scale for all output channels.

    ## Why it matters
    The channel with the largest weight sets the scale for all. Channels with small weights are left
    with a few codes, most of all in depthwise convolutions, whose channels differ widely after batch
    normalisation is folded in. Per-channel scales cost a few bytes and no time: the kernels have them
    anyway (8-bit specification: CONV_2D along dimension 0, DEPTHWISE_CONV_2D along 3).

    Where the stored weights show that channels have few codes, it is a warning with their number;
    else a note. A fully connected layer is told of only when its weights show it.

    ## What to do
    Convert again with a current converter: per-channel is the default of full-integer quantization
    (`_experimental_disable_per_channel` must stay False; in ONNX Runtime's `quantize_static`,
    `per_channel=True`). For quantization-aware training use the per-channel 8-bit scheme.

    ## Source
    TensorFlow Lite's 8-bit quantization specification; Krishnamoorthi, "Quantizing deep convolutional
    networks for efficient inference", 2018, section 3.1.2.
    """

    code = "EL305"
    name = "per-tensor-weights"
    severity = Severity.NOTE
    needs = ("integer layers",)
    hint = "quantize weights per channel: TensorFlow's converter does, ONNX Runtime's with per_channel=True"
    options = {
        "ratio": Option(16.0, "widest channel's codes over a poor channel's: 16 leaves it four bits"),
        "share": Option(0.1, "share of such channels from which it is a warning"),
    }

    VALID = [
        chain("int8[1,4,4,2] @0.1").op(
            "Conv", "int8[1,4,4,2] @0.1", source="CONV_2D", weight="int8[2,1,1,2] @0.1,0.2/0 = 127"
        ),
        chain("int8[1,2] @0.1").op(
            "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.1 = 127"
        ),
    ]
    INVALID = [
        (
            chain("int8[1,4,4,2] @0.1").op(
                "Conv", "int8[1,4,4,2] @0.1", source="CONV_2D", weight="int8[2,1,1,2] @0.1 = 127"
            ),
            "CONV_2D has one scale for the 2 output channels of 'conv_0/weight'",
        ),
        (
            chain("int8[1,4,4,2] @0.1").op(
                "Conv",
                "int8[1,4,4,2] @0.1",
                source="DEPTHWISE_CONV_2D",
                weight="int8[1,1,1,2] @0.1 = 127 5",
            ),
            "DEPTHWISE_CONV_2D has one scale for the 2 output channels of 'conv_0/weight', "
            "and 1 of them uses 1/16 of the codes or less",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such layer; fully connected ones only with channels that suffer."""
        ratio, share = context.option(self, "ratio"), context.option(self, "share")
        for place, layer in enumerate(context.quantized_layers):
            if not _is_per_tensor(layer, context.model.format):
                continue
            largest = context.weight_codes[place] or ()
            # A channel of zeros loses nothing.
            poor = sum(0 < code * ratio <= max(largest) for code in largest)
            suffers = bool(largest) and poor > 0 and poor >= share * len(largest)
            if layer.kind == "product" and not suffers:
                continue
            told = (
                f", and {poor} of them use{'s' * (poor == 1)} 1/{ratio:g} of the codes or less"
                if poor
                else ""
            )
            yield self.at(
                layer.graph,
                layer.node,
                f"{printable(layer.node.source.op)} has one scale for the {layer.channels} output channels "
                f"of {named(layer.weights)}{told}",
                severity=Severity.WARNING if suffers else Severity.NOTE,
                channels=layer.channels,
                poor_channels=poor if largest else None,
            )


def _is_per_tensor(layer: QuantizedLayer, format: str) -> bool:
    """Whether 8-bit weights of several channels have one scale, in a layer of integers."""
    quantization = calibrated(layer.weights)
    # TFLite's uint8 scheme knows nothing else, which is said once for the whole model.
    types = (DType.INT8,) if format == "tflite" else (DType.INT8, DType.UINT8)
    if quantization is None or layer.weights.dtype not in types or layer.data is None:
        return False
    return len(quantization.scale) == 1 and (layer.channels or 0) > 1
