"""EL411."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.grounds import of_regression
from edgelint.analysis.heads.task import Clue
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_RANGES = {
    "Sigmoid": (0, 1),
    "HardSigmoid": (0, 1),
    "Relu0To1": (0, 1),
    "Tanh": (-1, 1),
    "HardTanh": (-1, 1),
    "Softsign": (-1, 1),
    "ReluN1To1": (-1, 1),
}
"""Activation to the numbers that its output lies between."""


class SigmoidOnRegressionHead(Rule):
    """A sigmoid or tanh on an output that shall predict numbers.

    ## Why it matters
    A sigmoid can't say a number above 1 or below 0, a tanh none beyond -1 and 1, and near the ends
    their gradients vanish, so that large and small targets are learned slowly or not at all. That is
    right only where the targets were scaled into that range, and whoever reads the output scales it
    back. The file doesn't tell how targets were scaled: with `--task regression` the rule warns,
    from a regression loss in the file (mean squared or absolute error, Huber, log-cosh …) it is a
    note. Images and copies of the input, which are scaled so as a rule, are left out.

    ## What to do
    End a regressor in a linear layer: `Dense(n)` without activation. If the targets were scaled to
    the range, keep it, scale the output back on the device, and ignore this rule for the model.
    """

    code = "EL411"
    name = "sigmoid-on-regression-head"
    severity = Severity.WARNING
    operators = tuple(_RANGES)
    hint = "end the regressor in a layer without activation, unless the targets are scaled to that range"
    yields_to = ("EL406", "EL407")

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,3]", source="Dense", weight="float32[8,3]")
        .as_task("regression"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,8]", activation="Sigmoid", source="Dense", weight="float32[8,8]")
        .trained_with("mean_squared_error"),
        chain("float32[1,8]").op("Sigmoid", "float32[1,8]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,1]", activation="Sigmoid", source="Dense", weight="float32[8,1]")
        .trained_with("binary_crossentropy"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,1]", source="FULLY_CONNECTED", weight="float32[1,8]")
            .op("Sigmoid", "float32[1,1]", source="LOGISTIC")
            .as_task("regression"),
            "LOGISTIC with sigmoid ends a regressor (--task regression): its 1 output can't leave 0 to 1",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,3]", activation="Tanh", source="Dense", weight="float32[8,3]")
            .trained_with("mean_squared_error"),
            "Dense with tanh ends a regressor (trained with mean_squared_error): its 3 outputs can't leave "
            "-1 to 1",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each sigmoid or tanh that the user or the stored loss calls the end of a regressor."""
        for head in context.heads:
            if head.activation not in _RANGES or head.place is None or head.is_picture:
                continue
            ground = of_regression(head, context.heads)
            if ground is not None:
                low, high = _RANGES[head.activation]
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} ends a regressor ({ground.text}): its {head.counted} can't leave "
                    f"{low} to {high}",
                    severity=Severity.WARNING if ground.clue is Clue.USER else Severity.NOTE,
                    output=head.output,
                    units=head.units,
                    lowest=low,
                    highest=high,
                )
