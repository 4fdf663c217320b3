"""EL412."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.grounds import of_regression
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_LIMITS = {"Relu": "go below 0", "ThresholdedRelu": "go below 0", "Relu6": "leave 0 to 6"}
"""Activation to what its output can't do."""

_NOT_BELOW_0 = frozenset({"mean_squared_logarithmic_error", "mean_absolute_percentage_error"})
"""Losses that are used for targets above 0."""


class ReluOnRegressionHead(Rule):
    """A ReLU on an output that shall predict numbers.

    ## Why it matters
    ReLU can't say a number below 0. Where all targets are at or above 0 (counts, distances, prices)
    that keeps the answers sensible. Yet an output unit whose score is below 0 gets no gradient: if
    it starts out so for all samples, it answers 0 for ever. A ReLU6 can't say a number above 6
    either, which hardly any target respects: it belongs into hidden layers, and is a warning here.

    The rule takes its word for "regression" from `--task regression`, or from a regression loss in
    the file (mean squared or absolute error, Huber, log-cosh …). It leaves out losses for targets
    above 0 (Poisson, logarithmic and percentage errors), images, and copies of the input.

    ## What to do
    End a regressor in a linear layer: `Dense(n)` without activation. Where targets are never below
    0, `activation="softplus"` keeps the answers there and never stops learning; or predict their
    logarithm. If ReLU is what you want, ignore this rule for the model.
    """

    code = "EL412"
    name = "relu-on-regression-head"
    severity = Severity.NOTE
    operators = tuple(_LIMITS)
    hint = "end the regressor in a layer without activation, or in softplus where targets are never below 0"

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,3]", source="Dense", weight="float32[8,3]")
        .as_task("regression"),
        chain("float32[1,8]").op("Gemm", "float32[1,3]", activation="Relu", weight="float32[3,8]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,1]", activation="Relu", source="Dense", weight="float32[8,1]")
        .trained_with("poisson"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,1]", activation="Softplus", source="Dense", weight="float32[8,1]")
        .trained_with("mean_squared_error"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,1]", activation="Relu", source="Dense", weight="float32[8,1]")
            .trained_with("mean_absolute_error"),
            "Dense with relu ends a regressor (trained with mean_absolute_error): its 1 output can't go "
            "below 0",
        ),
        (
            chain("int8[1,8]")
            .op("Gemm", "int8[1,2]", activation="Relu6", source="FULLY_CONNECTED", weight="int8[2,8]")
            .as_task("regression"),
            "FULLY_CONNECTED with relu6 ends a regressor (--task regression): its 2 outputs can't leave "
            "0 to 6",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each ReLU that the user or the stored loss calls the end of a regressor."""
        for head in context.heads:
            if head.activation not in _LIMITS or head.place is None or head.is_picture:
                continue
            ground = of_regression(head, context.heads)
            if ground is not None and (head.loss is None or head.loss.name not in _NOT_BELOW_0):
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} ends a regressor ({ground.text}): its {head.counted} can't "
                    f"{_LIMITS[head.activation]}",
                    severity=Severity.WARNING if head.activation == "Relu6" else Severity.NOTE,
                    output=head.output,
                    units=head.units,
                )
