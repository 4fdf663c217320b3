"""EL105."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class OperatorVersionTooNew(Rule):
    """An operator of a version newer than the runtime knows.

    ## Why it matters
    A TFLite operator's version rises when it gains types or options. LiteRT refuses to load a model
    with a version above what its release registers.

    ## What to do
    Update the runtime, or convert the model with a converter as old as the runtime.
    """

    code = "EL105"
    name = "operator-version-too-new"
    severity = Severity.ERROR
    needs = ("target", "problems")

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU", version=2).on("litert-cpu"),
        chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU", version=99).on("cortex-m4"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU", version=99).on("litert-cpu"),
            "RELU is of version 99; LiteRT runs versions up to 3",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node that is too new."""
        for graph, node, problem in problems(context, "version"):
            yield self.at(graph, node, problem.sentence, hint=problem.replacement)
