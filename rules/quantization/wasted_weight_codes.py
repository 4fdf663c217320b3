"""EL315."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity


class WastedWeightCodes(Rule):
    """Integer weights that use a fraction of the codes there are.

    ## Why it matters
    The scale of int8 weights is meant to put the largest weight at code ±127. Where the largest code is 63,
    half the codes are never used: the layer has the accuracy of 7 bits and the size of 8. The scale was
    taken from a wider range than these weights have: an observer that saw other weights, a scale
    edited by hand, or a per-tensor scale that was repeated for each channel.

    Channels that are all zeros are not counted.

    ## What to do
    Quantize the weights by their own minimum and maximum, per channel, after training has ended: the
    default of TensorFlow Lite's converter and of `quantize_static`.
    """

    code = "EL315"
    name = "wasted-weight-codes"
    severity = Severity.WARNING
    needs = ("integer layers", "quantization")
    hint = "take the weight scales from the final weights themselves, per channel"
    yields_to = ("EL321",)
    options = {
        "codes": Option(63, "largest code of a channel, without sign, that wastes a bit: half of 127"),
        "share": Option(0.5, "share of the channels from which it is told"),
    }

    VALID = [
        chain("int8[1,2] @0.5").op(
            "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.25 = 3 -127"
        ),
        chain("int8[1,2] @0.5").op(
            "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.25 = 0"
        ),
    ]
    INVALID = [
        (
            chain("int8[1,2] @0.5").op(
                "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.25 = 3 -31"
            ),
            "FULLY_CONNECTED uses no code beyond ±31 in 'gemm_0/weight': 2 of its 8 bits carry nothing",
        ),
        (
            chain("int8[1,2] @0.5").op(
                "Gemm", "int8[1,2] @0.1", source="FULLY_CONNECTED", weight="int8[2,2] @0.2,0.5/0 = 3 127 4 5"
            ),
            "FULLY_CONNECTED uses no code beyond ±63 in 1 of the 2 channels of 'gemm_0/weight'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Per-tensor weights by their largest code, per-channel ones by how many channels fall short."""
        limit, share = int(context.option(self, "codes")), context.option(self, "share")
        for place, layer in enumerate(context.quantized_layers):
            quantization, largest = calibrated(layer.weights), context.weight_codes[place]
            used = [code for code in largest or () if code]
            if quantization is None or not used or layer.weights.dtype is not DType.INT8:
                continue
            if any(quantization.zero_point):
                continue
            top = max(used)
            short = sum(code <= limit for code in used)
            if len(quantization.scale) == 1:
                if top > limit:
                    continue
                bits = (127 // top).bit_length() - 1
                told = f"beyond ±{top} in {named(layer.weights)}: {bits} of its 8 bits carry nothing"
            else:
                if short < share * len(used):
                    continue
                told = (
                    f"beyond ±{limit} in {short} of the {layer.channels} channels of {named(layer.weights)}"
                )
            yield self.at(
                layer.graph,
                layer.node,
                f"{printable(layer.node.source.op)} uses no code {told}",
                largest_code=top,
                short_channels=short,
            )
