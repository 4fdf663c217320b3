"""EL316."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.ranges import Affine, affine
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

_INFINITE = float("inf")

_HANDS_ON = {
    "QUANTIZE": (-_INFINITE, _INFINITE),
    "RELU": (0.0, _INFINITE),
    "RELU6": (0.0, 6.0),
    "RELU_0_TO_1": (0.0, 1.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "LEAKY_RELU": (0.0, _INFINITE),
    "HARD_SWISH": (0.0, _INFINITE),
}
"""Operators that hand numbers on unchanged where these lie between two bounds."""


class SaturatingOutput(Rule):
    """A tensor whose scale cannot hold what the operator hands on to it.

    ## Why it matters
    The input's scale says which numbers were seen when the model was calibrated (a symmetric one says it
    of one side only, so such inputs are left alone). If the output of a
    requantization or a ReLU covers only a part of them, all beyond it become one and the same largest
    number: a bright spot, a loud sound, a sure class is cut off. That is a sign that the two scales come
    from different calibrations.

    ## What to do
    Calibrate the whole network in one go, with one `representative_dataset`, and don't set scales by hand.
    If the cut is meant, put it into the model: a ReLU6 or a clip.
    """

    code = "EL316"
    name = "saturating-output"
    severity = Severity.WARNING
    needs = ("tflite", "quantization")
    hint = "calibrate input and output of this operator together, or state the cut as a ReLU6 or clip"
    options = {"share": Option(0.5, "share of the input's range that the output must hold, at least")}

    VALID = [
        chain("int8[1,4] @0.1:-128").op("QuantizeLinear", "uint8[1,4] @0.1:0", source="QUANTIZE"),
        chain("int8[1,4] @0.1:3").op("Relu6", "int8[1,4] @0.0235:-128", source="RELU6"),
        chain("int8[1,4] @0.1:3").op("Relu", "int8[1,4] @0.04:-128", source="RELU"),
        chain("int16[1,4] @0.1").op("LeakyRelu", "int16[1,4] @0.01", source="LEAKY_RELU"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1:-128").op("QuantizeLinear", "int8[1,4] @0.01:-128", source="QUANTIZE"),
            "QUANTIZE hands on numbers up to 25.5 to 'quantizelinear_0', whose codes end at 2.55",
        ),
        (
            chain("int8[1,4] @0.1:1").op("QuantizeLinear", "int8[1,4] @0.1:-128", source="QUANTIZE"),
            "QUANTIZE hands on numbers down to -12.9 to 'quantizelinear_0', whose codes end at 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each side on which the output holds too little of what the input may be."""
        if context.model.format != "tflite":
            return
        share = context.option(self, "share")
        for graph, node in context.model.nodes():
            bounds = _HANDS_ON.get(node.source.op)
            if bounds is None or not node.inputs or not node.outputs:
                continue
            made = graph.value(node.outputs[0])
            above, below = affine(graph.value(node.inputs[0])), affine(made)
            if made is None or above is None or below is None or _is_symmetric(above):
                continue
            side = _cut(above, below, bounds, share)
            if side is not None:
                word, needed, held = side
                yield self.at(
                    graph,
                    node,
                    f"{printable(node.source.op)} hands on numbers {word} {needed:.4g} to {named(made)}, "
                    f"whose codes end at {held:.4g}",
                    needed=needed,
                    held=held,
                )


def _is_symmetric(above: Affine) -> bool:
    return above.zero_point == (above.lowest + above.highest + 1) // 2


def _cut(
    above: Affine, below: Affine, bounds: tuple[float, float], share: float
) -> tuple[str, float, float] | None:
    """Which side is cut ("up to"), the number that may come and the one that is held; None for neither."""
    top, bottom = min(above.high, bounds[1]), max(above.low, bounds[0])
    if top > 0 and below.high < share * top:
        return "up to", top, below.high
    if bottom < 0 and below.low > share * bottom:
        return "down to", bottom, below.low
    return None
