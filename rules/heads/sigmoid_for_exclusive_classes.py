"""EL408."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.grounds import of_exclusive_classes
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_SIGMOIDS = frozenset({"Sigmoid", "HardSigmoid"})


class SigmoidForExclusiveClasses(Rule):
    """A sigmoid per class where just one class can be true.

    ## Why it matters
    A sigmoid answers for each class alone: all of them may be above 0.5 at once, or none, and the
    outputs sum to anything. For classes that exclude each other, softmax lets them compete, so that
    the outputs are the probabilities of a choice, and a threshold means the same for each class.

    The rule takes its word for "exclusive" from `--task classification` (say `--task multilabel` if
    several may be true at once) or from a categorical cross-entropy in the file. Labels alone say
    nothing: a model may well hear speech and music at once.

    ## What to do
    Use `activation="softmax"` on the last layer, with `categorical_crossentropy` or
    `sparse_categorical_crossentropy`, and train again. If several classes may be true at once,
    sigmoid is right: train it with `binary_crossentropy`.
    """

    code = "EL408"
    name = "sigmoid-for-exclusive-classes"
    severity = Severity.WARNING
    operators = tuple(sorted(_SIGMOIDS))
    hint = "use softmax on the last layer, or --task multilabel if several classes may be true at once"
    yields_to = ("EL406", "EL801")

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", activation="Sigmoid", source="Dense", weight="float32[8,4]")
        .as_task("multilabel"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,1]", activation="Sigmoid", source="Dense", weight="float32[8,1]")
        .as_task("classification"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", activation="Sigmoid", source="Dense", weight="float32[8,4]")
        .labelled("speech", "music", "noise", "rain"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", activation="Sigmoid", source="Dense", weight="float32[8,4]")
        .trained_with("binary_crossentropy"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
            .op("Sigmoid", "float32[1,4]", source="LOGISTIC")
            .as_task("classification"),
            "LOGISTIC with sigmoid ends a classifier (--task classification): its 4 outputs are judged each "
            "alone, and don't sum to 1",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,3]", activation="Sigmoid", source="Dense", weight="float32[8,3]")
            .trained_with("sparse_categorical_crossentropy"),
            "Dense with sigmoid ends a classifier (trained with sparse_categorical_crossentropy): its 3 "
            "outputs are judged each alone, and don't sum to 1",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each sigmoid over two units or more that ends a classifier of exclusive classes."""
        for head in context.heads:
            if head.activation not in _SIGMOIDS or head.place is None:
                continue
            ground = of_exclusive_classes(head, context.heads)
            if ground is not None and head.units is not None and head.units > 1:
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} ends a classifier ({ground.text}): its {head.units} outputs are judged "
                    "each alone, and don't sum to 1",
                    output=head.output,
                    units=head.units,
                )
