"""EL107."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class FlexOperator(Rule):
    """A TensorFlow operator inside a TFLite file.

    ## Why it matters
    With SELECT_TF_OPS the converter leaves in the file what TFLite cannot express. Such Flex
    operators run only with the Flex delegate, which is a large part of TensorFlow itself. There is
    none for microcontrollers.

    ## What to do
    Convert without SELECT_TF_OPS; the converter then names the layer that needs changing. Recurrent
    layers convert to builtin operators when batch and length are fixed.
    """

    code = "EL107"
    name = "flex-operator"
    severity = Severity.ERROR
    needs = ("target", "problems")

    VALID = [chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").on("cortex-m4")]
    INVALID = [
        (
            chain("float32[1,8]").op("FlexErf", "float32[1,8]", domain="tflite.flex").on("cortex-m4"),
            "FlexErf is a TensorFlow operator (Flex); TFLite Micro has none",
        ),
        (
            chain("float32[1,8]").op("FlexErf", "float32[1,8]", domain="tflite.flex").on("litert-cpu"),
            "FlexErf is a TensorFlow operator: LiteRT runs it only with the Flex delegate",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per Flex operator; a warning where a delegate exists for the runtime."""
        for graph, node, problem in problems(context, "flex"):
            severity = Severity.ERROR if problem.certain else Severity.WARNING
            yield self.at(graph, node, problem.sentence, hint=problem.replacement, severity=severity)
