"""What each Keras loss expects of an output, and which outputs break that."""

from __future__ import annotations

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Clue
from edgelint.deferred import dataclass

_RAW = "raw"
_KINDS = {
    "Softmax": "softmax",
    "LogSoftmax": "log",
    "LogSigmoid": "log",
    "Sigmoid": "sigmoid",
    "HardSigmoid": "sigmoid",
    "Tanh": "tanh",
    "HardTanh": "tanh",
    "Softsign": "tanh",
    **dict.fromkeys(("Relu", "Relu6", "ThresholdedRelu", "Softplus", "Exp"), "positive"),
    **dict.fromkeys(("LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Swish", "HardSwish", "Mish"), _RAW),
}
"""Activation to the numbers it can give: raw means any number, above and below 0."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row of the table: losses and outputs that don't go together.

    from_logits: None where it makes no difference. certain: whether training can't have gone right;
    otherwise it is likely wrong. least: units from which on it is one.
    most: units up to which it is one. doubted: only where other evidence calls the model a classifier.
    recovered: whether Keras on TensorFlow finds the numbers below the activation and trains on them.
    """

    losses: frozenset[str]
    from_logits: bool | None
    outputs: frozenset[str]
    certain: bool
    problem: str
    hint: str
    least: int = 1
    most: int | None = None
    doubted: bool = False
    recovered: bool = False


_PROBABILITIES = "expects probabilities"
_LOGITS = "expects logits (from_logits=True)"
_TABLE = (
    Mismatch(
        losses.EXCLUSIVE,
        None,
        frozenset({_RAW, "log", "sigmoid", "tanh", "positive"}),
        True,
        "chooses between classes, and there is one unit only",
        'for yes or no use activation="sigmoid" with binary_crossentropy; for classes one unit each',
        most=1,
    ),
    Mismatch(
        losses.EXCLUSIVE,
        False,
        frozenset({_RAW, "tanh", "log"}),
        True,
        _PROBABILITIES,
        'add activation="softmax", or compile with from_logits=True',
    ),
    Mismatch(
        losses.EXCLUSIVE,
        False,
        frozenset({"positive"}),
        False,
        _PROBABILITIES,
        'use activation="softmax" on the output',
    ),
    Mismatch(
        losses.EXCLUSIVE,
        False,
        frozenset({"sigmoid"}),
        False,
        "expects the probabilities of exclusive classes, which sum to 1",
        'use activation="softmax", or binary_crossentropy where several classes may be true at once',
        least=2,
    ),
    Mismatch(
        losses.EXCLUSIVE | losses.BINARY,
        True,
        frozenset({"softmax", "sigmoid"}),
        True,
        _LOGITS,
        "compile with from_logits=False, or take the activation off the output",
        recovered=True,
    ),
    Mismatch(
        losses.EXCLUSIVE | losses.BINARY,
        True,
        frozenset({"tanh", "positive"}),
        False,
        f"{_LOGITS}, which are any number",
        "take the activation off the output",
    ),
    Mismatch(
        losses.BINARY,
        False,
        frozenset({_RAW, "tanh", "log"}),
        True,
        _PROBABILITIES,
        'add activation="sigmoid", or compile with from_logits=True',
    ),
    Mismatch(
        losses.BINARY,
        False,
        frozenset({"positive"}),
        False,
        _PROBABILITIES,
        'use activation="sigmoid" on the output',
    ),
    Mismatch(
        losses.BINARY,
        False,
        frozenset({"softmax"}),
        False,
        "judges each class alone",
        "for exclusive classes use categorical_crossentropy, for several labels at once a sigmoid",
        least=3,
    ),
    Mismatch(
        losses.HINGES,
        None,
        frozenset({"softmax", "sigmoid", "positive"}),
        False,
        "expects scores from -1 to 1, and these are never below 0",
        "use tanh or no activation on the output, or binary_crossentropy with a sigmoid",
    ),
    Mismatch(
        frozenset({"poisson"}),
        None,
        frozenset({_RAW, "tanh", "log"}),
        False,
        "takes the logarithm of the output, which is not a number below 0",
        'use activation="softplus", "exponential" or "relu" on the output',
    ),
    Mismatch(
        frozenset({"kl_divergence"}),
        None,
        frozenset({_RAW, "tanh", "log"}),
        True,
        _PROBABILITIES,
        'add activation="softmax"',
    ),
    Mismatch(
        losses.NUMERIC,
        None,
        frozenset({"softmax"}),
        False,
        "is for numbers, and learns slowly through a softmax",
        "for classes use categorical_crossentropy; for numbers take the softmax off",
        least=2,
        doubted=True,
    ),
    Mismatch(
        losses.OVERLAPS,
        None,
        frozenset({_RAW, "tanh", "log"}),
        False,
        "adds up probabilities of pixels",
        'add activation="sigmoid", or "softmax" over exclusive classes',
    ),
    Mismatch(
        frozenset({"ctc"}),
        None,
        frozenset({"softmax", "sigmoid"}),
        False,
        "expects logits and takes a softmax of its own",
        "take the activation off the output",
    ),
)
"""Sources: the Keras API documentation of each loss, and its code for what happens to other outputs;
Edge Impulse's documentation on loss functions for what fits a task."""


_CACHING = frozenset({"Softmax", "Sigmoid"})
"""Activations that leave their input on the tensor they make, where Keras's TensorFlow losses look for it
(`_keras_logits`; keras/src/activations/activations.py and backend/tensorflow/nn.py of Keras 3.15)."""

_OTHER_BACKENDS = frozenset({"jax", "torch", "theano", "cntk", "numpy", "openvino", "mxnet"})


def is_certain(row: Mismatch, head: Head, backend: str) -> bool:
    """Whether training can't have gone right; `backend` is Keras's, "" where the file does not say."""
    spared = row.recovered and head.activation in _CACHING and backend not in _OTHER_BACKENDS
    return row.certain and not spared


def mismatch(head: Head) -> Mismatch | None:
    """The first row that applies to the head; None where it is right, or not known to be wrong."""
    if head.loss is None or head.is_constant:
        return None
    kind = _RAW if head.raw else _KINDS.get(head.activation or "")
    loss = head.loss.name
    for row in _TABLE:
        if loss not in row.losses or kind not in row.outputs:
            continue
        if row.from_logits is not None and row.from_logits is not head.loss.from_logits:
            continue
        if _counts(row, head.units) and (not row.doubted or _is_classifier(head)):
            return row
    return None


def _counts(row: Mismatch, units: int | None) -> bool:
    if units is None:
        return row.least == 1 and row.most is None
    return row.least <= units and (row.most is None or units <= row.most)


def _is_classifier(head: Head) -> bool:
    """Whether the user, or else something besides the loss, calls the head a classifier."""
    said = head.says(Clue.USER) or (*head.says(Clue.LABELS), *head.says(Clue.METRIC))
    return any(evidence.task in CLASS_TASKS for evidence in said)
