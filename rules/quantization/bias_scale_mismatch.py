"""EL312."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.bias_scales import BiasScale, bias_scale
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity


class BiasScaleMismatch(Rule):
    """A bias whose scale is not that of the sums it is added to.

    ## Why it matters
    An integer kernel adds the bias to products of input and weight codes, so its scale must be input scale
    × weight scale, channel by channel. Kernels for int8 convolutions don't look at the bias's own scale at
    all: with another one, the layer adds a wrong number. Fully connected kernels check it and refuse the
    model when |difference| / output scale is above 0.02.

    The rule reads the bias, and tells of it when the kernel refuses it, or when the difference moves an
    output by more than half a code.

    ## What to do
    Quantize the bias last, from the final scales of input and weights. It happens when a tool changes the
    input's scale (equalisation, a merged QUANTIZE, an edited input layer) and leaves the bias alone.

    ## Source
    TensorFlow Lite's 8-bit quantization specification; the limit of 0.02 and its reason stand in
    `GetQuantizedConvolutionMultipler` of `kernel_util.cc`.
    """

    code = "EL312"
    name = "bias-scale-mismatch"
    severity = Severity.ERROR
    needs = ("integer layers",)
    hint = "quantize the bias with input scale × weight scale, per channel, and zero point 0"
    yields_to = ("EL102", "EL106")
    options = {
        "codes": Option(0.5, "output codes by which the wrong scale moves an output, at least"),
        "severe": Option(2.0, "output codes from which it is an error"),
    }

    VALID = [
        chain("int8[1,2] @0.5").op(
            "Gemm",
            "int8[1,2] @0.1",
            source="FULLY_CONNECTED",
            weight="int8[2,2] @0.25",
            bias="int32[2] @0.125 = 100",
        ),
        chain("int8[1,1,1,2] @0.5").op(
            "Conv",
            "int8[1,1,1,2] @0.1",
            source="CONV_2D",
            weight="int8[2,1,1,2] @0.25,0.25/0",
            bias="int32[2] @0.5,0.5/0 = 0",
        ),
    ]
    INVALID = [
        (
            chain("int8[1,1,1,2] @0.5").op(
                "Conv",
                "int8[1,1,1,2] @0.1",
                source="CONV_2D",
                weight="int8[2,1,1,2] @0.25",
                bias="int32[2] @0.25 = 100 4",
            ),
            "CONV_2D has bias 'conv_0/bias' of scale 0.25, where input × weight scale is 0.125: "
            "outputs are off by up to 125 codes",
        ),
        (
            chain("int8[1,2] @0.5").op(
                "Gemm",
                "int8[1,2] @0.1",
                source="FULLY_CONNECTED",
                weight="int8[2,2] @0.25",
                bias="int32[2] @0.5 = 0",
            ),
            "FULLY_CONNECTED has bias 'gemm_0/bias' of scale 0.5, where input × weight scale is 0.125: "
            "its kernel refuses that",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The worst channel of each layer."""
        for layer in context.quantized_layers:
            found = bias_scale(layer)
            if found is None or layer.bias is None:
                continue
            if not found.refused and found.codes <= context.option(self, "codes"):
                continue
            severe = found.refused or found.codes >= context.option(self, "severe")
            yield self.at(
                layer.graph,
                layer.node,
                f"{printable(layer.node.source.op)} has bias {named(layer.bias)} "
                f"of scale {found.stored:.6g}, where input × weight scale is {found.wanted:.6g}: "
                f"{_effect(found)}",
                severity=Severity.ERROR if severe else Severity.WARNING,
                bias_scale=found.stored,
                expected_scale=found.wanted,
                codes=round(found.codes, 2),
            )


def _effect(found: BiasScale) -> str:
    if found.refused:
        return "its kernel refuses that"
    return f"outputs are off by up to {found.codes:.3g} codes"
