"""EL313."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.layers import QuantizedLayer
from edgelint.analysis.quantization.weight_codes import bias_codes
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_TOP = 2**31

_LARGEST_INPUT, _LARGEST_WEIGHT = 255, 127

_NARROW = frozenset({DType.INT8, DType.UINT8})


class AccumulatorOverflow(Rule):
    """A bias so large that the 32-bit sum of its layer may overflow.

    ## Why it matters
    Kernels sum products and bias in 32 bits. A stored bias at the limit was cut off when it was
    quantized; one near the limit leaves no room for the products, and the sum wraps to the other sign:
    the rule compares it with the largest sum that the layer's weights can make.
    That happens when input × weight scale is tiny: a channel whose weights are nearly zero beside a
    bias that is not (a dead channel after batch normalisation is folded in), or an input whose range was
    calibrated on next to nothing.

    ## What to do
    Look at the float weights of that channel: prune a dead one, or clip its batch-normalisation scale
    before folding. Calibrate on real samples. Current converters widen the weight scale of such channels
    by themselves; convert again.

    ## Source
    int32 accumulators and bias of the 8-bit quantization specification: a code of the input less its
    zero point is at most 255, a weight's at most 127. Converters allow a bias of 2**30 by themselves.
    """

    code = "EL313"
    name = "accumulator-overflow"
    severity = Severity.ERROR
    needs = ("integer layers",)
    hint = "prune the channel or widen its weight scale, and calibrate on real samples"

    VALID = [
        chain("int8[1,2] @0.5").op(
            "Gemm",
            "int8[1,2] @0.1",
            source="FULLY_CONNECTED",
            weight="int8[2,2] @0.25",
            bias="int32[2] @0.125 = 1073741952 -5",
        ),
    ]
    INVALID = [
        (
            chain("int8[1,2] @0.5").op(
                "Gemm",
                "int8[1,2] @0.1",
                source="FULLY_CONNECTED",
                weight="int8[2,2] @0.25",
                bias="int32[2] @0.125 = 5 2147483647",
            ),
            "FULLY_CONNECTED has bias 'gemm_0/bias' of 2,147,483,647 in channel 1: "
            "it was cut off at the limit of int32",
        ),
        (
            chain("int8[1,2] @0.5").op(
                "Gemm",
                "int8[1,2] @0.1",
                source="FULLY_CONNECTED",
                weight="int8[2,2] @0.25 = 127",
                bias="int32[2] @0.125 = -2147480000",
            ),
            "FULLY_CONNECTED has bias 'gemm_0/bias' of -2,147,480,000 in channel 0: "
            "with products of up to 64,770 the sum may overflow int32",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The largest bias of each layer that sums in 32 bits."""
        for place, layer in enumerate(context.quantized_layers):
            if layer.bias is None or layer.data is None or layer.bias.dtype is not DType.INT32:
                continue
            numbers = bias_codes(layer.bias)
            if not numbers:
                continue
            channel = max(range(len(numbers)), key=lambda each: abs(numbers[each]))
            number = numbers[channel]
            products = _products(layer, _LARGEST_WEIGHT)
            if abs(number) + products >= _TOP:
                codes = context.weight_codes[place] or ()
                products = _products(layer, codes[channel] if channel < len(codes) else _LARGEST_WEIGHT)
            if abs(number) >= _TOP - 1 or abs(number) + products >= _TOP:
                yield self._told(layer, channel, number, products)

    def _told(self, layer: QuantizedLayer, channel: int, number: int, products: int) -> Finding:
        cut = abs(number) >= _TOP - 1
        said = (
            "it was cut off at the limit of int32"
            if cut
            else f"with products of up to {products:,} the sum may overflow int32"
        )
        bias = named(layer.bias) if layer.bias else ""
        return self.at(
            layer.graph,
            layer.node,
            f"{printable(layer.node.source.op)} has bias {bias} of {number:,} in channel {channel}: {said}",
            severity=Severity.ERROR if cut else Severity.WARNING,
            channel=channel,
            bias=number,
            products=products,
        )


def _products(layer: QuantizedLayer, largest: int) -> int:
    """The largest sum of products in a channel with weights up to `largest`; 0 for 16-bit activations.

    Their worst case is out of all proportion to sums that occur.
    """
    elements, channels = layer.weights.elements, layer.channels
    if elements is None or not channels or layer.data is None or layer.data.dtype not in _NARROW:
        return 0
    return elements // channels * _LARGEST_INPUT * largest
