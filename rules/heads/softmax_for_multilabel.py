"""EL409."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.grounds import of_several_labels
from edgelint.analysis.heads.task import Clue
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class SoftmaxForMultilabel(Rule):
    """A softmax where several labels can be true at once.

    ## Why it matters
    Softmax makes the labels compete for one unit of mass: the outputs sum to 1, so that no two of
    them can both be above 0.5, and a sample with three true labels shows each at a third at best.
    What the network learned of one label is lost to the next one.

    The rule takes its word for "several labels" from `--task multilabel`, which makes it an error,
    or from a binary cross-entropy over three units or more in the file.

    ## What to do
    Use `activation="sigmoid"` on the last layer with `binary_crossentropy`, and train again. If
    just one class can be true at a time, softmax is right: train it with a categorical
    cross-entropy, and check it with `--task classification`.
    """

    code = "EL409"
    name = "softmax-for-multilabel"
    severity = Severity.ERROR
    operators = ("Softmax",)
    hint = "use a sigmoid on the last layer, or --task classification if just one label can be true"
    yields_to = ("EL403", "EL404", "EL801")

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", source="Dense", weight="float32[8,4]")
        .op("Sigmoid", "float32[1,4]")
        .as_task("multilabel"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", activation="Softmax", source="Dense", weight="float32[8,4]")
        .as_task("classification"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", activation="Softmax", source="Dense", weight="float32[8,2]")
        .trained_with("binary_crossentropy"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
            .op("Softmax", "float32[1,4]", source="SOFTMAX")
            .as_task("multilabel"),
            "SOFTMAX ends a model of several labels (--task multilabel): its 4 outputs sum to 1, so that "
            "no two can be above 0.5",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,3]", activation="Softmax", source="Dense", weight="float32[8,3]")
            .trained_with("binary_crossentropy"),
            "Dense with softmax ends a model of several labels (trained with binary_crossentropy): its 3 "
            "outputs sum to 1, so that no two can be above 0.5",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each softmax over several labels that may be true at once."""
        for head in context.heads:
            if head.activation != "Softmax" or head.place is None or head.is_constant:
                continue
            ground = of_several_labels(head, context.heads)
            if ground is None or (ground.clue is not Clue.USER and (head.units or 0) < 3):
                continue
            count = f"its {head.units} outputs" if head.units else "its outputs"
            yield self.at(
                head.graph,
                head.place,
                f"{head.ending} ends a model of several labels ({ground.text}): {count} sum to 1, so that "
                "no two can be above 0.5",
                severity=Severity.ERROR if ground.clue is Clue.USER else Severity.WARNING,
                output=head.output,
                units=head.units,
            )
