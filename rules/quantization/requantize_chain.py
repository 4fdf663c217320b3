"""EL320."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.quantization.conversions import pairs, same_quantization
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class RequantizeChain(Rule):
    """Requantizations one behind another, where one would do.

    ## Why it matters
    Each QUANTIZE from integers to integers reads, multiplies, rounds and writes every element. Two in a row
    round twice, and the first one's range limits the second's: both cost time, RAM and accuracy for the
    work of one. DEQUANTIZE and QUANTIZE with another scale are the same through floats.

    ## What to do
    Replace the chain by one QUANTIZE with the last scale. It is left over where models were quantized in
    parts and joined, where an operator between was removed, or where an int8 model was given a uint8
    interface on top of a requantized output.
    """

    code = "EL320"
    name = "requantize-chain"
    severity = Severity.NOTE
    operators = ("QuantizeLinear", "DequantizeLinear")
    needs = ("tflite",)
    hint = "replace both by one QUANTIZE from the first tensor to the last scale"
    yields_to = ("EL319",)

    VALID = [
        chain("int8[1,4] @0.1").op("QuantizeLinear", "uint8[1,4] @0.2", source="QUANTIZE"),
        chain("float32[1,4]")
        .op("QuantizeLinear", "int8[1,4] @0.1", source="QUANTIZE")
        .op("Relu", "int8[1,4] @0.2"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1")
            .op("QuantizeLinear", "int8[1,4] @0.2", source="QUANTIZE")
            .op("QuantizeLinear", "uint8[1,4] @0.2:128", source="QUANTIZE"),
            "QUANTIZE requantizes to uint8 what QUANTIZE has just requantized from int8 to int8",
        ),
        (
            chain("int8[1,4] @0.1")
            .op("DequantizeLinear", "float32[1,4]", source="DEQUANTIZE")
            .op("QuantizeLinear", "int8[1,4] @0.2", source="QUANTIZE"),
            "QUANTIZE requantizes to int8 what DEQUANTIZE has just turned from int8 into float32",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each conversion that reads another one's result; in TFLite, where they are operators that run."""
        if context.model.format != "tflite":
            return
        for graph in context.model.graphs:
            for first, verb in (("R", "requantized from {} to {}"), ("DQ", "turned from {} into {}")):
                for pair in pairs(graph, first, "R" if first == "R" else "Q"):
                    before, between = graph.value(pair.first.inputs[0]), graph.value(pair.second.inputs[0])
                    after = graph.value(pair.second.outputs[0])
                    if not before or not between or not after or same_quantization(before, after):
                        continue
                    done = verb.format(before.dtype, between.dtype)
                    yield self.at(
                        graph,
                        pair.second,
                        f"{printable(pair.second.source.op)} requantizes to {after.dtype} "
                        f"what {printable(pair.first.source.op)} has just {done}",
                    )
