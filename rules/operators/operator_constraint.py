"""EL106."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class OperatorConstraint(Rule):
    """An operator used beyond a limit of the runtime's kernel.

    ## Why it matters
    Kernels are written for certain ranks, numbers of inputs, constant operands and quantization
    parameters. They check these when the model loads, or when it first runs, and refuse the rest.

    ## What to do
    The finding says which limit is broken and what would pass. Most limits are kept by themselves
    when the model is converted with fixed shapes by a current converter.
    """

    code = "EL106"
    name = "operator-constraint"
    severity = Severity.ERROR
    needs = ("target", "problems")

    VALID = [
        chain("float32[1,2,3,4]")
        .op("Transpose", "float32[1,3,2,4]", source="TRANSPOSE", perm="int32[4]")
        .on("cortex-m4"),
    ]
    INVALID = [
        (
            chain("float32[1,1,1,1,2,3]")
            .op("Transpose", "float32[1,1,1,1,3,2]", source="TRANSPOSE", perm="int32[6]")
            .on("cortex-m4"),
            "TRANSPOSE has float32 input 'input' of rank 6; TFLite Micro takes at most 5",
        ),
        (
            chain("float32[1,8]")
            .op("Concat", "float32[1,16]", source="CONCATENATION", activation="Relu", other="float32[1,8]")
            .on("cortex-m4"),
            "CONCATENATION has Relu fused into it; TFLite Micro takes none",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per broken limit; a warning where the runtime might bear it."""
        for graph, node, problem in problems(context, "constraint"):
            severity = Severity.ERROR if problem.certain else Severity.WARNING
            yield self.at(graph, node, problem.sentence, hint=problem.replacement, severity=severity)
