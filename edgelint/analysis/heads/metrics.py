"""Which stored metrics belong to an output, and which of them can't judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.deferred import dataclass
from edgelint.ir.model import Metric, Model

BINARY_ACCURACY = "binary_accuracy"
CATEGORICAL = frozenset({"categorical_accuracy", "top_k_categorical_accuracy"})
SPARSE = frozenset({"sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"})
ACCURACIES = CATEGORICAL | SPARSE | {"accuracy", BINARY_ACCURACY}
"""Metrics that count how often the answer is right."""

THRESHOLDED = frozenset(
    {
        *("precision", "recall", "auc", "true_positives", "false_positives", "true_negatives"),
        *("false_negatives", "precision_at_recall", "recall_at_precision"),
        *("sensitivity_at_specificity", "specificity_at_sensitivity"),
    }
)
"""Metrics that compare outputs with thresholds from 0 to 1."""

_SPARSE_LOSS = "sparse_categorical_crossentropy"
_NUMBERS = frozenset({"Relu", "LeakyRelu", "Elu", "Selu", "Softplus", "Exp"})


@dataclass(frozen=True, slots=True)
class Misjudgement:
    """A metric that says nothing true about its output. problem: why, a phrase. hint: what does."""

    metric: Metric
    problem: str
    hint: str


def metrics_of(model: Model, head: Head) -> Iterator[Metric]:
    """The metrics of one output; all there are for a model with one."""
    measures = model.training.measures if model.training else ()
    value = model.main.value(head.output)
    names = {head.output, value.label if value else "", *(node.name for node in (head.node,) if node)}
    for metric in measures:
        if metric.output in names if metric.output is not None else len(model.main.outputs) == 1:
            yield metric


def misjudgement(metric: Metric, head: Head) -> Misjudgement | None:
    """What is wrong with judging `head` by `metric`; None for nothing, or where that is not known."""
    if head.loss is None:
        return None
    for test in _TESTS:
        said = test(metric, head)
        if said is not None:
            return Misjudgement(metric, *said)
    return None


def _resolved(metric: Metric, head: Head) -> str:
    """The accuracy that Keras takes "accuracy" for, by loss and units."""
    if metric.name != "accuracy" or head.loss is None or head.units is None:
        return metric.name
    if head.units == 1:
        return BINARY_ACCURACY
    return "sparse_categorical_accuracy" if head.loss.name == _SPARSE_LOSS else "categorical_accuracy"


_Said = tuple[str, str]


def _counts_numbers(metric: Metric, head: Head) -> _Said | None:
    number = head.raw or head.activation in _NUMBERS
    if metric.name not in ACCURACIES or head.loss is None or head.loss.name not in losses.NUMERIC:
        return None
    if not number or head.units != 1:
        return None
    return "counts right answers, where the output is a number", "judge it by mae or RootMeanSquaredError"


def _reads_other_labels(metric: Metric, head: Head) -> _Said | None:
    loss = head.loss.name if head.loss else ""
    if metric.name in CATEGORICAL and loss == _SPARSE_LOSS:
        return (
            f"expects one-hot labels, where {loss} takes class numbers",
            f'use "accuracy" or sparse_{metric.name}',
        )
    one_hot = losses.EXCLUSIVE - {_SPARSE_LOSS}
    if metric.name in SPARSE and loss in one_hot:
        return (
            f"expects class numbers, where {loss} takes one-hot labels",
            f'use "accuracy" or {metric.name.removeprefix("sparse_")}',
        )
    return None


def _counts_each_unit(metric: Metric, head: Head) -> _Said | None:
    loss = head.loss.name if head.loss else ""
    least = 2 if loss == _SPARSE_LOSS else 3
    if metric.name != BINARY_ACCURACY or loss not in losses.EXCLUSIVE or (head.units or 0) < least:
        return None
    return (
        f"judges each of the {head.units} classes alone: naming none of them scores "
        f"{100 * ((head.units or 1) - 1) // (head.units or 1)} %",
        'use "accuracy" or CategoricalAccuracy',
    )


def _reads_logits(metric: Metric, head: Head) -> _Said | None:
    """Thresholds made for probabilities, on scores that were trained as logits."""
    if head.loss is None or not head.loss.from_logits or not head.raw:
        return None
    threshold = metric.settings.get("threshold", 0.5)
    name = _resolved(metric, head)
    if name == BINARY_ACCURACY and head.loss.name in losses.BINARY:
        if not isinstance(threshold, (int, float)) or threshold <= 0:
            return None
        return (
            f"compares logits with {threshold:g}, where yes begins at 0",
            "use BinaryAccuracy(threshold=0.0)",
        )
    if metric.name in THRESHOLDED and not metric.settings.get("from_logits"):
        if metric.settings.get("top_k") is not None:
            return None
        fix = "AUC(from_logits=True)" if metric.name == "auc" else "a sigmoid or softmax in the model"
        return "compares logits with thresholds from 0 to 1", f"use {fix}"
    entropies = losses.EXCLUSIVE | losses.BINARY
    if metric.name in entropies and metric.settings and not metric.settings.get("from_logits"):
        return "expects probabilities, and the output is logits", "give the metric from_logits=True"
    return None


def _reads_classes(metric: Metric, head: Head) -> _Said | None:
    """Overlap metrics that take class numbers, on a softmax's probabilities."""
    several = head.activation == "Softmax" and (head.units or 0) > 1
    if metric.name not in ("mean_io_u", "io_u") or not several:
        return None
    if not metric.settings.get("sparse_y_pred", True):
        return None
    return (
        "takes class numbers, and gets probabilities",
        "give the metric sparse_y_pred=False",
    )


_TESTS: tuple[Callable[[Metric, Head], _Said | None], ...] = (
    _counts_numbers,
    _reads_other_labels,
    _counts_each_unit,
    _reads_logits,
    _reads_classes,
)
"""Sources: the Keras API documentation of each metric, and `get_metric` in
keras/src/trainers/compile_utils.py (Keras 3.15) for what "accuracy" stands for."""
