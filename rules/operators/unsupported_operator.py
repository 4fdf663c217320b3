"""EL101."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class UnsupportedOperator(Rule):
    """An operator that the target's runtime does not have.

    ## Why it matters
    A runtime refuses the whole model when it meets one operator it has no kernel for. On a
    microcontroller this shows only once the firmware runs: tensors are not allocated, and nothing
    works.

    ## What to do
    Replace the layer by one that converts to operators of the runtime, or run that step outside the
    model. Each finding says what the runtime offers instead; `edgelint targets NAME` lists all it has.
    """

    code = "EL101"
    name = "unsupported-operator"
    severity = Severity.ERROR
    needs = ("target", "problems")

    VALID = [
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4"),
        chain("float32[1,64]").op("Gelu", "float32[1,64]", source="GELU").on("litert-cpu"),
    ]
    INVALID = [
        (
            chain("float32[1,64]").op("Gelu", "float32[1,64]", source="GELU").on("cortex-m4"),
            "TFLite Micro has no GELU",
        ),
        (
            chain("float32[1,8]").op("Tile", "float32[4,8]", source="TILE", n="int32[2]").on("tflm-x86_64"),
            "TFLite Micro has no TILE",
        ),
        (
            chain("float32[1,8]").op("Upsample", "float32[1,16]").with_opset(6).on("onnxruntime-cpu"),
            "ONNX Runtime runs Upsample from opset 7 on; this file uses opset 6",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node whose operator is missing."""
        for graph, node, problem in problems(context, "operator"):
            yield self.at(graph, node, problem.sentence, hint=problem.replacement)
