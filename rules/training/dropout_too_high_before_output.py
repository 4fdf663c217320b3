"""EL807."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.dropouts import dropout_before, rate_of
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity


def _classifier(rate: float) -> Example:
    return (
        chain("float32[1,8]")
        .op("Gemm", "float32[1,64]", source="Dense", activation="Relu", weight="float32[8,64]")
        .op("Dropout", "float32[1,64]", attributes={"ratio": rate}, name="drop")
        .op("Gemm", "float32[1,4]", source="Dense", activation="Softmax", weight="float32[64,4]", name="head")
        .from_format("keras")
    )


class DropoutTooHighBeforeOutput(Rule):
    """A Dropout in front of the output layer that drops more than half of what it reads.

    ## Why it matters
    What is dropped there can't be made up for by a later layer: with a rate of 0.8 each answer in
    training rests on a fifth of the features. The small networks of embedded devices have few, and
    then underfit: training accuracy stays below validation accuracy. Often 0.8 was meant to be the
    share that is kept, as TensorFlow 1 had it (`keep_prob`).

    At inference dropout is gone; the finding is about how the weights came to be.

    ## What to do
    Use `Dropout(0.2)` up to `Dropout(0.5)` before the output layer and train again; in a network
    that does not overfit, none.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    (2014), appendix A.4: hidden units are kept with a probability of 0.5 to 0.8, so that 0.2 to 0.5
    are dropped.
    """

    code = "EL807"
    name = "dropout-too-high-before-output"
    severity = Severity.WARNING
    operators = ("Dropout",)
    hint = "use a rate of 0.2 to 0.5 and train again"
    options = {
        "highest": Option(0.5, "rate above which it is remarked; the highest of Srivastava et al. 2014, A.4"),
        "extreme": Option(0.8, "rate from which on it is more than a note: at most a fifth is kept"),
    }

    VALID = [_classifier(0.5), _classifier(0.0)]
    INVALID = [
        (_classifier(0.8), "Dropout 'drop' drops 80 % of what the output layer Dense 'head' reads"),
        (_classifier(0.6), "Dropout 'drop' drops 60 % of what the output layer Dense 'head' reads"),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such Dropout once, though several outputs may read it."""
        said: set[int] = set()
        for head in context.heads:
            dropout = dropout_before(head.graph, head.layer) if head.layer else None
            if head.layer is None or dropout is None or id(dropout) in said:
                continue
            rate = rate_of(head.graph, dropout)
            if rate is None or rate <= context.option(self, "highest"):
                continue
            said.add(id(dropout))
            extreme, share = rate >= context.option(self, "extreme"), f"{100 * rate:.0f} %"
            yield self.at(
                head.graph,
                dropout,
                f"{called(dropout)} drops {share} of what the output layer {called(head.layer)} reads",
                severity=Severity.WARNING if extreme else Severity.NOTE,
                rate=rate,
                layer=head.layer.name,
            )
