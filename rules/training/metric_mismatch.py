"""EL806."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.metrics import metrics_of, misjudgement
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Loss, Metric, Training
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


def _judged(activation: str | None, units: int, loss: Loss, *metrics: Metric) -> Example:
    training = Training(losses=(loss,), metrics=tuple(each.name for each in metrics), measures=metrics)
    return (
        chain("float32[1,8]")
        .op(
            "Gemm", f"float32[1,{units}]", source="Dense", activation=activation, weight=f"float32[8,{units}]"
        )
        .with_training(training)
    )


class MetricMismatch(Rule):
    """A metric that can't judge this output, so that the figures of the training meant nothing.

    ## Why it matters
    The model may be fine, but nobody knows: the numbers that chose it were wrong. Accuracy on a
    regressor counts how often a real number hits a class; `categorical_accuracy` next to a sparse
    loss compares with class 0; `binary_accuracy` over ten exclusive classes scores 90 % for naming
    none of them; a threshold of 0.5 on logits, where yes begins at 0, misses every hesitant yes;
    `MeanIoU` takes probabilities for class numbers, all 0.

    "accuracy" alone is always resolved rightly by Keras, but for logits and for regression. The rule
    reads the metrics that a Keras file stores, and is silent about custom ones.

    ## What to do
    Judge again, without new training: `model.compile(loss=..., metrics=[...])`, then
    `model.evaluate(...)` on the test set, with the metric that the hint names:
    - classes: `"accuracy"`; on logits of one unit `BinaryAccuracy(threshold=0.0)`;
    - scores on logits: `AUC(from_logits=True)`;
    - numbers: `"mae"`, `RootMeanSquaredError()`, `R2Score()`;
    - masks from a softmax: `MeanIoU(num_classes=n, sparse_y_pred=False)`.
    """

    code = "EL806"
    name = "metric-mismatch"
    severity = Severity.WARNING
    needs = ("training",)

    VALID = [
        _judged("Softmax", 10, Loss("sparse_categorical_crossentropy"), Metric("accuracy")),
        _judged("Softmax", 10, Loss("categorical_crossentropy"), Metric("categorical_accuracy")),
        _judged(None, 1, Loss("mean_squared_error"), Metric("mean_absolute_error")),
        _judged("Sigmoid", 1, Loss("mean_squared_error"), Metric("accuracy")),
        _judged(
            None, 1, Loss("binary_crossentropy", True), Metric("binary_accuracy", settings={"threshold": 0.0})
        ),
        _judged("Softmax", 4, Loss("categorical_crossentropy"), Metric("precision"), Metric("auc")),
        _judged("Softmax", 4, Loss("categorical_crossentropy"), Metric("my_metric")),
    ]
    INVALID = [
        (
            _judged(None, 1, Loss("mean_squared_error"), Metric("accuracy")),
            "accuracy counts right answers, where the output is a number",
        ),
        (
            _judged("Softmax", 10, Loss("sparse_categorical_crossentropy"), Metric("categorical_accuracy")),
            "categorical_accuracy expects one-hot labels, where sparse_categorical_crossentropy takes "
            "class numbers",
        ),
        (
            _judged("Softmax", 10, Loss("categorical_crossentropy"), Metric("binary_accuracy")),
            "binary_accuracy judges each of the 10 classes alone: naming none of them scores 90 %",
        ),
        (
            _judged(None, 1, Loss("binary_crossentropy", True), Metric("accuracy")),
            "accuracy compares logits with 0.5, where yes begins at 0",
        ),
        (
            _judged(None, 3, Loss("categorical_crossentropy", True), Metric("auc")),
            "auc compares logits with thresholds from 0 to 1",
        ),
        (
            _judged("Softmax", 5, Loss("sparse_categorical_crossentropy"), Metric("mean_io_u")),
            "mean_io_u takes class numbers, and gets probabilities",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each stored metric of each output that is in the table."""
        for head in context.heads:
            for metric in metrics_of(context.model, head):
                found = misjudgement(metric, head)
                if found is not None and head.place is not None and head.loss is not None:
                    yield self.at(
                        head.graph,
                        head.place,
                        f"{printable(metric.name)} {found.problem}",
                        hint=found.hint,
                        output=head.output,
                        metric=metric.name,
                        loss=head.loss.name,
                    )
