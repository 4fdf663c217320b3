"""EL604."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.analysis.weights.statistics import Statistics
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

CODES = 127
"""Steps from 0 to the largest weight in symmetric 8-bit quantization."""


def _conv(weights: str) -> str:
    return f"float32[4,1,1,2] = {weights}"


class ChannelRangeRatio(Rule):
    """Output channels whose weights differ so much in range that one scale cannot serve all.

    ## Why it matters
    Quantized per tensor, a kernel has one step for all its weights: the largest divided by 127. A
    channel whose weights stay below 1/64 of that is left with five codes, -2 to 2, and its output with
    an error as large as its signal. That is how MobileNets lose all their accuracy (Nagel et al. 2019,
    "Data-Free Quantization Through Weight Equalization and Bias Correction", figure 2).

    The rule judges float ONNX models: ONNX Runtime's `quantize_static` works per tensor unless told
    otherwise. TensorFlow's converter quantizes convolutions per channel, so that Keras and TFLite
    models are left alone, and a batch normalization behind a layer would change its ranges first.

    ## What to do
    Quantize per channel, `quantize_static(..., per_channel=True)`; or equalize the ranges of neighbouring
    layers first (cross-layer equalization, in AIMET and in `neural-compressor`).
    """

    code = "EL604"
    name = "channel-range-ratio"
    severity = Severity.NOTE
    needs = ("onnx",)
    hint = "quantize this model per channel (per_channel=True), or equalize the layers' ranges first"
    yields_to = ("EL610",)
    options = {
        "ratio": Option(64.0, "the layer's range divided by the channel's; at 64 five of 255 codes are left"),
        "share": Option(
            0.1, "least share of a layer's channels that are that weak; single ones matter little"
        ),
    }

    VALID = [
        chain("float32[1,2,4,4]")
        .op("Conv", "float32[1,4,4,4]", weight=_conv("1 1 0.1 0.1"))
        .from_format("onnx"),
        chain("float32[1,2,4,4]").op("Conv", "float32[1,4,4,4]", weight=_conv("1 1 0.01 0.01")),
        chain("float32[1,2,4,4]")
        .op("Conv", "float32[1,4,4,4]", weight=_conv("1 1 0.01 0.01"))
        .op("BatchNormalization", "float32[1,4,4,4]", scale="float32[4]")
        .from_format("onnx"),
        chain("float32[1,2,4,4]").op("Conv", "float32[1,4,4,4]", weight=_conv("1 1 0 0")).from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,2,4,4]")
            .op("Conv", "float32[1,4,4,4]", weight=_conv("1 1 0.01 -0.01"))
            .from_format("onnx"),
            "one int8 scale per kernel would leave channels of 1 of 1 kernels five codes or fewer; in "
            "'conv_0/weight' of Conv, 2 of 4 channels have less than 1/64 of the largest one's range",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for an ONNX model, at the kernel with most of such channels: one setting serves all."""
        if context.model.format != "onnx":
            return
        ratio = context.option(self, "ratio")
        kernels = [
            (use, ranges, found.magnitude / ratio)
            for use, found in context.weights.judged(Role.KERNEL)
            if (ranges := _ranges(use, found)) and not _is_normalized(use) and not _is_quantized(use)
        ]
        weak = [(sum(reach < limit for reach in ranges), use, ranges) for use, ranges, limit in kernels]
        share = context.option(self, "share")
        found = [entry for entry in weak if entry[0] and entry[0] >= share * len(entry[2])]
        if not found:
            return
        count, use, ranges = max(found, key=lambda entry: entry[0] / len(entry[2]))
        if use.reader is None:
            return
        yield self.at(
            use.graph,
            use.reader,
            f"one int8 scale per kernel would leave channels of {len(found):,} of {len(kernels):,} kernels "
            f"{_codes(ratio)} codes or fewer; in {named(use.value)} of {printable(use.reader.source.op)}, "
            f"{count:,} of {len(ranges):,} channels have less than 1/{ratio:g} of the largest one's range",
            kernels={each.value.name: weak for weak, each, _ in found},
            of=len(kernels),
            ratio=max(ranges) / min(ranges),
        )


def _codes(ratio: float) -> str:
    """How many of the 255 codes a channel has whose range is that many times smaller than the largest."""
    codes = 2 * round(CODES / ratio) + 1
    return {5: "five", 3: "three", 1: "one"}.get(codes, str(codes))


def _ranges(use: Use, found: Statistics) -> list[float]:
    """How far from 0 the weights of each channel reach, those that are 0 left out."""
    is_float = use.value.dtype is not None and use.value.dtype.is_float
    if not is_float or found.channels < 2 or found.nans or found.infinities:
        return []
    reaches = [max(-low, high) for low, high in zip(found.lows, found.highs, strict=True)]
    return [reach for reach in reaches if reach > 0]


def _is_normalized(use: Use) -> bool:
    """Whether a batch normalization follows, that a converter folds into the layer."""
    graph, node = use.graph, use.reader
    readers = graph.readers.get(node.outputs[0] or "", ()) if node and node.outputs else ()
    return any(graph.nodes[place].op == "BatchNormalization" for place in readers)


def _is_quantized(use: Use) -> bool:
    """Whether the file quantizes these weights itself, as models trained with quantization do."""
    readers = use.graph.readers.get(use.value.name, ())
    return any(use.graph.nodes[place].op == "QuantizeLinear" for place in readers)
