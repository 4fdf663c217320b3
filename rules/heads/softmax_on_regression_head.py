"""EL402."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.grounds import of_regression
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class SoftmaxOnRegressionHead(Rule):
    """A softmax on an output that shall predict numbers.

    ## Why it matters
    Softmax makes its outputs positive and their sum 1: they compete for one unit of mass. A
    regressor with a softmax can't say any number above 1 or below 0, nor two numbers that are
    free of each other. The rule takes its word for "regression" from `--task regression` or from
    a regression loss in the file (mean squared or absolute error, Huber, log-cosh …) that nothing
    else in the file contradicts. Where the output is a map or has the input's shape, its numbers
    may well be shares of a whole, and the finding is a warning.

    ## What to do
    End a regressor in a linear layer: `Dense(n)` without activation. Where all targets are at or
    above 0, ReLU or softplus keep them there; where they were scaled to 0…1, sigmoid. If the
    targets really are shares of a whole that sum to 1, softmax is right: train it with
    `loss="kl_divergence"`, or ignore this rule for the model. If they are classes, train with a
    categorical cross-entropy.
    """

    code = "EL402"
    name = "softmax-on-regression-head"
    severity = Severity.ERROR
    operators = ("Softmax",)
    hint = "end the regressor in a layer without activation"

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,3]", source="Dense", weight="float32[8,3]")
        .trained_with("mean_squared_error"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,3]", source="Dense", activation="Softmax", weight="float32[8,3]")
        .trained_with("categorical_crossentropy"),
        chain("float32[1,8]").op("Softmax", "float32[1,8]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,3]", source="Dense", activation="Softmax", weight="float32[8,3]")
            .trained_with("mean_squared_error"),
            "Dense with softmax ends a regressor (trained with mean_squared_error): "
            "its 3 outputs always sum to 1",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", source="FULLY_CONNECTED", weight="float32[2,8]")
            .op("Softmax", "float32[1,2]", source="SOFTMAX")
            .as_task("regression"),
            "SOFTMAX ends a regressor (--task regression): its 2 outputs always sum to 1",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each softmax output that the user or the stored loss calls a regression."""
        for head in context.heads:
            ground = of_regression(head, context.heads)
            if ground and head.activation == "Softmax" and not head.is_constant and head.place is not None:
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} ends a regressor ({ground.text}): its {head.counted} always sum to 1",
                    severity=Severity.WARNING if head.is_picture else Severity.ERROR,
                    output=head.output,
                    units=head.units,
                )
