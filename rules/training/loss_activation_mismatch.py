"""EL801."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.loss_outputs import is_certain, mismatch
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


def _dense(activation: str | None, units: int, loss: str, from_logits: bool = False) -> Example:
    example = chain("float32[1,8]").op(
        "Gemm", f"float32[1,{units}]", source="Dense", activation=activation, weight=f"float32[8,{units}]"
    )
    return example.trained_with(loss, from_logits=from_logits)


class LossActivationMismatch(Rule):
    """A training loss that does not go with the output's activation.

    ## Why it matters
    A cross-entropy (categorical, sparse, binary, focal) reads probabilities, or logits when it was told
    `from_logits=True`. Given the other kind it still trains, to something: raw scores are clipped to
    0…1 and lose their gradient, and a softmax under `from_logits=True` is taken twice, so that no
    class can win clearly. On TensorFlow, Keras notices that case for its own softmax and sigmoid, warns, and
    trains on the numbers below them, so that it is an error only where the file names another
    backend, and else a warning. Poisson needs outputs above 0, hinge outputs on both sides of 0,
    Kullback-Leibler divergence, dice and Tversky probabilities, CTC logits.

    Cosine similarity, squared, absolute and percentage errors, Huber and log-cosh take any number,
    squared logarithmic error any above -1 (Keras lifts others to that); with them sigmoid and tanh
    are right where the targets were scaled to their range (an autoencoder's pixels, say), which
    the file does not tell. The rule reads the loss and `from_logits` as the Keras file stores them,
    per output. It is silent where a loss or activation is custom, and where the file stores no
    loss: such a model carries no evidence.

    ## What to do
    - Exclusive classes: `activation="softmax"` with `categorical_crossentropy` (one-hot labels) or
      `sparse_categorical_crossentropy` (class numbers); or no activation with `from_logits=True`.
    - Yes or no, or several labels at once: `activation="sigmoid"` with `binary_crossentropy`.
    - Numbers: no activation with `mse`, `mae` or `Huber`.
    - Counts: `activation="softplus"` or `"exponential"` with `poisson`.

    Then train again: a wrong pair can't be repaired by the converter.
    """

    code = "EL801"
    name = "loss-activation-mismatch"
    severity = Severity.ERROR
    needs = ("training",)

    VALID = [
        _dense("Softmax", 10, "categorical_crossentropy"),
        _dense(None, 10, "sparse_categorical_crossentropy", from_logits=True),
        _dense("Sigmoid", 1, "binary_crossentropy"),
        _dense("Softmax", 2, "binary_crossentropy"),
        _dense(None, 3, "mean_squared_error"),
        _dense("Sigmoid", 3, "mean_squared_error"),
        _dense("Tanh", 1, "hinge"),
        _dense("Softplus", 1, "poisson"),
        _dense("my_activation", 4, "categorical_crossentropy"),
        _dense(None, 4, "my_loss"),
    ]
    INVALID = [
        (
            _dense(None, 10, "categorical_crossentropy"),
            "categorical_crossentropy expects probabilities, but the output is Dense without activation",
        ),
        (
            _dense("Softmax", 10, "sparse_categorical_crossentropy", from_logits=True),
            "sparse_categorical_crossentropy expects logits (from_logits=True), but the output is "
            "Dense with softmax",
        ),
        (
            _dense(None, 1, "binary_crossentropy"),
            "binary_crossentropy expects probabilities, but the output is Dense without activation",
        ),
        (
            _dense("Sigmoid", 4, "categorical_crossentropy"),
            "categorical_crossentropy expects the probabilities of exclusive classes, which sum to 1, "
            "but the output is Dense with sigmoid",
        ),
        (
            _dense("Softmax", 4, "binary_crossentropy"),
            "binary_crossentropy judges each class alone, but the output is Dense with softmax",
        ),
        (
            _dense("Sigmoid", 1, "categorical_crossentropy"),
            "categorical_crossentropy chooses between classes, and there is one unit only, "
            "but the output is Dense with sigmoid",
        ),
        (
            _dense("Sigmoid", 1, "hinge"),
            "hinge expects scores from -1 to 1, and these are never below 0, "
            "but the output is Dense with sigmoid",
        ),
        (
            _dense(None, 1, "poisson"),
            "poisson takes the logarithm of the output, which is not a number below 0, "
            "but the output is Dense without activation",
        ),
        (
            _dense("Tanh", 5, "kl_divergence"),
            "kl_divergence expects probabilities, but the output is Dense with tanh",
        ),
        (
            _dense("Softmax", 5, "mean_squared_error").labelled(*"abcde"),
            "mean_squared_error is for numbers, and learns slowly through a softmax, "
            "but the output is Dense with softmax",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output whose stored loss and activation stand in the table."""
        backend = context.model.metadata.get("backend", "")
        for head in context.heads:
            row = mismatch(head)
            if row is not None and head.loss is not None and head.place is not None:
                yield self.at(
                    head.graph,
                    head.place,
                    f"{printable(head.loss.name)} {row.problem}, but the output is {head.ending}",
                    hint=row.hint,
                    severity=Severity.ERROR if is_certain(row, head, backend) else Severity.WARNING,
                    output=head.output,
                    loss=head.loss.name,
                    from_logits=head.loss.from_logits,
                    activation=head.activation,
                    units=head.units,
                )
