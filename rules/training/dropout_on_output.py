"""EL809."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.dropouts import dropout_at_end, rate_of
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class DropoutOnOutput(Rule):
    """A Dropout behind the last layer, which drops the answers themselves.

    ## Why it matters
    In training a share of the outputs is set to 0 at random, and the loss punishes the network for
    answers it never gave; those that are kept are scaled up, out of the range of a probability. No
    layer behind it can make up for that. At inference the dropout is gone, and what is left was
    trained on noise.

    ## What to do
    Put the Dropout in front of the last layer, `Dropout(0.5)` then `Dense(n, activation="softmax")`,
    and train again.
    """

    code = "EL809"
    name = "dropout-on-output"
    severity = Severity.WARNING
    operators = ("Dropout",)
    hint = "put the dropout in front of the last layer and train again"

    VALID = [
        chain("float32[1,8]")
        .op("Dropout", "float32[1,8]", attributes={"ratio": 0.5})
        .op("Gemm", "float32[1,4]", weight="float32[8,4]")
        .op("Softmax", "float32[1,4]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", weight="float32[8,4]")
        .op("Dropout", "float32[1,4]", attributes={"ratio": 0.0}),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", weight="float32[8,4]")
            .op("Dropout", "float32[1,4]", attributes={"ratio": 0.3}, name="drop")
            .op("Softmax", "float32[1,4]"),
            "Dropout 'drop' drops 30 % of the outputs themselves, behind the last layer",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each Dropout between a last weighted layer and an output."""
        graph, said = context.model.main, set[int]()
        for head in context.heads:
            dropout = dropout_at_end(context.model, graph, head.output)
            rate = rate_of(graph, dropout) if dropout else None
            if dropout is None or not rate or head.layer is None or id(dropout) in said:
                continue
            said.add(id(dropout))
            share = f"{100 * rate:.0f} %"
            yield self.at(
                graph,
                dropout,
                f"{called(dropout)} drops {share} of the outputs themselves, behind the last layer",
                rate=rate,
                output=head.output,
            )
