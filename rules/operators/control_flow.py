"""EL111."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class ControlFlow(Rule):
    """A loop or branch in a model for an accelerator that runs neither.

    ## Why it matters
    The accelerator's compiler or delegate takes no loops and branches, so that the processor steps
    through them and waits for the accelerator at each turn.

    ## What to do
    Unroll the loop (`unroll=True` in Keras's recurrent layers), use a layer that converts to a fused
    operator, or leave the decision to the application.
    """

    code = "EL111"
    name = "control-flow"
    severity = Severity.NOTE
    needs = ("accelerator",)
    hint = "unroll the loop, or use a layer that converts to a fused operator"

    VALID = [chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").on("litert-gpu")]
    INVALID = [
        (
            chain("float32[1,8]").op("While", "float32[1,8]", source="WHILE").on("litert-gpu"),
            "WHILE runs other graphs step by step; the GPU delegate has no control flow",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node that runs other graphs and that the accelerator certainly refuses."""
        partition, model = context.partition, context.deployment
        if partition is None or model is None:
            return
        for place in partition.placements:
            if place.accelerated is False and place.node.source.op in STEPS:
                yield self.at(
                    model.graphs[place.graph],
                    place.node,
                    f"{place.node.source.op} runs other graphs step by step; "
                    f"{partition.accelerator.title} has no control flow",
                )


STEPS = frozenset({"IF", "WHILE", "STABLEHLO_WHILE", "If", "Loop", "Scan", "SequenceMap"})
"""Operators that run graphs by conditions or in turns, in the words of TFLite and ONNX."""
