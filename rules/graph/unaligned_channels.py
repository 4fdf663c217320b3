"""EL521."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.lanes import Waste, wasted
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

MODEL_SHARE = 10
"""Percent of all lanes of a run that stay empty before anything is said."""

LAYER_SHARE = 5
"""Percent of all lanes of a run that a layer must waste to be named."""


LEAST_MACS = 100_000
"""MACs of a model worth a word: about a millisecond at 100 MHz and one MAC a cycle."""


def _two_layers(first: int, second: int) -> Example:
    """A 3×3 layer over an image and a 1×1 layer behind it, with these output channels."""
    layout = {"layout": "NHWC"}
    shape = "int8[1,32,32,{}] @0.5:0"
    found = chain(shape.format(3))
    for kernel, before, after in (((3, 3), 3, first), ((1, 1), first, second)):
        weight = f"int8[{after},{kernel[0]},{kernel[1]},{before}] @0.5"
        found = found.op("Conv", shape.format(after), source="CONV_2D", weight=weight, attributes=layout)
    return found.op("Reshape", f"int8[1,{1024 * second}] @0.5:0", source="RESHAPE", shape="int32[2]")


class UnalignedChannels(Rule):
    """Channel counts that leave part of the target's vector or NPU lanes empty.

    ## Why it matters
    Hardware computes several numbers at once: Ethos-U55 eight output channels, the vector unit of a
    Cortex-M55 sixteen products of a sum. A layer with 9 output channels costs an Ethos-U55 as much as
    one with 16; a 1×1 convolution over 24 channels costs a Cortex-M55 as much as one over 32. The next
    full count is free, and the one below gives nothing up but width.

    ## What to do
    Round the width of the named layers up (better accuracy at the same time) or down (less memory) to
    full lanes: `filters=16` in place of 9; MobileNet's `_make_divisible(…, 8)` does that with its width
    multiplier. Sources: Vela 5.2.0, `ofm_ublock` in architecture_features.py; Armv8.1-M vectors of 128
    bits along which CMSIS-NN sums. Nothing is said for hardware without such a source.
    """

    code = "EL521"
    name = "unaligned-channels"
    severity = Severity.NOTE
    needs = ("target",)
    hint = "round the layer's channels to a full block; up costs no time"

    options = {
        "least_macs": Option(LEAST_MACS, "MACs of the model; about a millisecond at 100 MHz"),
        "model_share": Option(MODEL_SHARE, "percent of a run's lanes that stay empty in all; a choice"),
        "layer_share": Option(LAYER_SHARE, "percent of a run's lanes that the layer wastes; a choice"),
    }

    VALID = [
        _two_layers(16, 16).on("cortex-m55"),
        _two_layers(24, 16).on("cortex-m4"),
        _two_layers(9, 12).on("ethos-u85-256"),
    ]
    INVALID = [
        (
            _two_layers(24, 16).on("cortex-m55"),
            "CONV_2D sums over 24 numbers, 16 at a time: 25 % of its lanes stay empty, "
            "11 % of all that a run has",
        ),
        (
            _two_layers(9, 16).on("ethos-u55-128"),
            "CONV_2D makes 9 channels, 8 at a time: 43 % of its lanes stay empty, 32 % of all that a run has",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each layer that wastes a real share of a run, where the model as a whole does."""
        found = list(wasted(context))
        empty = sum(each.padded - each.macs for each in found)
        macs = context.cost.macs.value
        model = context.deployment
        if model is None or macs is None or macs < context.option(self, "least_macs"):
            return
        total = macs + empty
        if 100 * empty < context.option(self, "model_share") * total:
            return
        for each in found:
            lost = each.padded - each.macs
            if 100 * lost < context.option(self, "layer_share") * total:
                continue
            yield self.at(
                model.graphs[each.graph],
                each.node,
                f"{printable(each.node.source.op)} {_does(each)}, {each.width} at a time: "
                f"{100 * lost // each.padded} % of its lanes stay empty, {100 * lost // total} % of all "
                "that a run has",
                size=each.size,
                width=each.width,
                macs=each.macs,
                padded=each.padded,
            )


def _does(waste: Waste) -> str:
    return f"makes {waste.size} channels" if waste.along_output else f"sums over {waste.size} numbers"
