"""EL301."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class HybridQuantized(Rule):
    """Float activations around integer weights, on a runtime that does not mix them.

    ## Why it matters
    Dynamic-range quantization stores weights as integers and leaves activations in float32. LiteRT
    converts as it runs; TFLite Micro has no such kernels and refuses the model when it loads
    ("Hybrid models are not supported on TFLite Micro").

    ## What to do
    Give the converter a representative dataset, so that it quantizes the activations too, or convert
    without quantization.
    """

    code = "EL301"
    name = "hybrid-quantized"
    severity = Severity.ERROR
    needs = ("target", "problems")

    VALID = [
        chain("float32[1,64]")
        .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="float32[8,64]")
        .on("cortex-m4"),
        chain("float32[1,64]")
        .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="int8[8,64]")
        .on("litert-cpu"),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="int8[8,64]")
            .on("cortex-m4"),
            "FULLY_CONNECTED has int8 weights 'gemm_0/weight' with float32 input 'input'; "
            "TFLite Micro takes integer weights only with integer activations",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node that mixes them."""
        for graph, node, problem in problems(context, "hybrid"):
            yield self.at(graph, node, problem.sentence, hint=problem.replacement)
