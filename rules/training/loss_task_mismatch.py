"""EL802."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.loss_tasks import unfitting
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


def _dense(activation: str | None, units: int, loss: str) -> Example:
    return (
        chain("float32[1,8]")
        .op(
            "Gemm", f"float32[1,{units}]", source="Dense", activation=activation, weight=f"float32[8,{units}]"
        )
        .trained_with(loss)
    )


class LossTaskMismatch(Rule):
    """A training loss that is made for another task than the model's.

    ## Why it matters
    The loss decides what a network learns. Squared error on classes treats class 3 as three times
    class 1, or pulls every score to 0 and 1 with hardly a gradient where it is most wrong; a
    categorical cross-entropy on several labels makes them compete for one unit of probability; a
    cross-entropy can't learn a temperature.

    The rule compares the loss stored in a Keras file with what the user says (`--task`) or with class
    labels in the file. A loss alone is never wrong, and a file without one carries no evidence.

    ## What to do
    Take the loss of the task, and the output that goes with it:
    - exclusive classes: `categorical_crossentropy` (one-hot) or `sparse_categorical_crossentropy`
      (numbers) with softmax; two classes may also be one sigmoid unit with `binary_crossentropy`;
    - several labels at once: `binary_crossentropy` with a sigmoid per label;
    - numbers: `mse`, `mae` (robust to outliers) or `Huber` (squared below a threshold, linear above)
      with no activation; counts: `poisson`;
    - an autoencoder: `mse`, or `binary_crossentropy` where inputs are scaled to 0…1.

    Source: Edge Impulse's documentation on loss functions; the Keras documentation of each loss.
    """

    code = "EL802"
    name = "loss-task-mismatch"
    severity = Severity.WARNING
    needs = ("training",)
    yields_to = ("EL402", "EL801")

    VALID = [
        _dense("Softmax", 4, "categorical_crossentropy").as_task("classification"),
        _dense("Sigmoid", 4, "binary_crossentropy").as_task("multilabel"),
        _dense(None, 1, "mean_squared_error").as_task("regression"),
        _dense("Softmax", 4, "mean_squared_error"),
        _dense("Softmax", 2, "categorical_crossentropy").as_task("binary"),
    ]
    INVALID = [
        (
            _dense(None, 4, "mean_squared_error").as_task("classification"),
            "trained with mean_squared_error, which measures how far numbers are apart, "
            "for classification (--task classification)",
        ),
        (
            _dense("Softmax", 4, "categorical_crossentropy").as_task("multilabel"),
            "trained with categorical_crossentropy, which lets one class be true at a time, "
            "for multilabel (--task multilabel)",
        ),
        (
            _dense("Sigmoid", 1, "binary_crossentropy").as_task("regression"),
            "trained with binary_crossentropy, which is for classes, for regression (--task regression)",
        ),
        (
            _dense("Sigmoid", 3, "huber").labelled("a", "b", "c"),
            "trained with huber, which measures how far numbers are apart, "
            "for classification (metadata names 3 classes)",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output whose stored loss is in the table for the task it is said to have."""
        for head in context.heads:
            found = unfitting(head)
            if found is not None and head.loss is not None and head.place is not None:
                yield self.at(
                    head.graph,
                    head.place,
                    f"trained with {printable(head.loss.name)}, which {found.reason}, "
                    f"for {found.said.task.value} ({found.said.text})",
                    hint=found.hint,
                    output=head.output,
                    loss=head.loss.name,
                    task=found.said.task.value,
                )
