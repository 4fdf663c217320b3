"""EL402."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis import losses
from edgelint.analysis.heads import Head
from edgelint.analysis.task import CLASS_TASKS, Clue, Task
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
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
            ground = _ground(head, context.heads)
            if ground and head.activation == "Softmax" and not head.is_constant and head.place is not None:
                count = f"{head.units} outputs" if head.units else "outputs"
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} ends a regressor ({ground}): its {count} always sum to 1",
                    severity=Severity.ERROR if _is_plain(head, context) else Severity.WARNING,
                    output=head.output,
                    units=head.units,
                )


def _is_plain(head: Head, context: Context) -> bool:
    """Whether it is a row of numbers: maps and copies of the input may be shares of a whole."""
    value = context.model.main.value(head.output)
    shape = value.shape if value else None
    return (shape is None or len(shape) <= 2) and head.task is not Task.AUTOENCODER


def _ground(head: Head, heads: tuple[Head, ...]) -> str:
    """Why the head is a regression, "" where that is not certain."""
    user = head.says(Clue.USER)
    if user:
        alone = all(other.activation == "Softmax" for other in heads)
        return user[0].text if user[0].task is Task.REGRESSION and alone else ""
    if head.loss is None or head.loss.name not in losses.NUMERIC:
        return ""
    if any(said.task in CLASS_TASKS for said in (*head.says(Clue.LABELS), *head.says(Clue.METRIC))):
        return ""
    return f"trained with {printable(head.loss.name)}"
