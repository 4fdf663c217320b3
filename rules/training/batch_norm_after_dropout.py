"""EL808."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.dropouts import normalization_after, rate_of
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity


class BatchNormAfterDropout(Rule):
    """A batch normalisation that reads what a Dropout left.

    ## Why it matters
    Dropout scales up what it keeps, so that the mean stays and the variance grows. Batch
    normalisation learns that variance in training; at inference dropout is gone, the real variance
    is smaller, and the stored one, which is folded into the weights, no longer fits: outputs shrink
    towards the mean and accuracy drops. With a layer between the two the shift is smaller, the more
    so the wider the layer, and the finding is a note.

    ## What to do
    Move Dropout behind the last BatchNormalization (in front of the output layer, say), or take it
    out: batch normalisation regularises too. Then train again. In a finished model, running training
    data through with dropout off and the batch statistics being updated mends most of it.

    Source: Li et al., "Understanding the Disharmony between Dropout and Batch Normalization by
    Variance Shift" (2018).
    """

    code = "EL808"
    name = "batch-norm-after-dropout"
    severity = Severity.WARNING
    operators = ("Dropout",)
    hint = "move the dropout behind the last batch normalisation and train again"
    options = {
        "least": Option(
            0.1, "rate below which the shift is let pass: 0.1 adds a ninth to the variance at most"
        )
    }

    VALID = [
        chain("float32[1,8]")
        .op("BatchNormalization", "float32[1,8]", scale="float32[8]")
        .op("Dropout", "float32[1,8]", attributes={"ratio": 0.5}),
        chain("float32[1,8]")
        .op("Dropout", "float32[1,8]", attributes={"ratio": 0.5})
        .op("Gemm", "float32[1,8]", weight="float32[8,8]")
        .op("Gemm", "float32[1,8]", weight="float32[8,8]")
        .op("BatchNormalization", "float32[1,8]", scale="float32[8]"),
        chain("float32[1,8]")
        .op("Dropout", "float32[1,8]", source="GaussianNoise", attributes={"ratio": 0.5})
        .op("BatchNormalization", "float32[1,8]", scale="float32[8]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Dropout", "float32[1,8]", attributes={"ratio": 0.3}, name="drop")
            .op("BatchNormalization", "float32[1,8]", scale="float32[8]", name="norm"),
            "BatchNormalization 'norm' learnt the variance behind Dropout 'drop' (rate 0.3), "
            "which is smaller at inference",
        ),
        (
            chain("float32[1,8]")
            .op("Dropout", "float32[1,8]", attributes={"ratio": 0.5}, name="drop")
            .op("Gemm", "float32[1,8]", weight="float32[8,8]")
            .op("BatchNormalization", "float32[1,8]", scale="float32[8]", name="norm"),
            "BatchNormalization 'norm' learnt the variance one layer behind Dropout 'drop' (rate 0.5), "
            "which is smaller at inference",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each batch normalisation that a Dropout feeds, directly or through one layer."""
        for graph, node in context.model.nodes():
            rate = rate_of(graph, node)
            if rate is None or rate < context.option(self, "least"):
                continue
            found = normalization_after(context.paths, graph, node)
            if found is None:
                continue
            norm, layers = found
            where = "one layer behind" if layers else "behind"
            yield self.at(
                graph,
                norm,
                f"{called(norm)} learnt the variance {where} {called(node)} (rate {rate:g}), "
                "which is smaller at inference",
                severity=Severity.NOTE if layers else Severity.WARNING,
                rate=rate,
                dropout=node.name,
                layers_between=layers,
            )
