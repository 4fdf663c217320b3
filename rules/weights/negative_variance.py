"""EL611."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.training_traces import batch_statistics
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


def _normalized(variance: str) -> Example:
    return chain("float32[1,4]").op(
        "BatchNormalization",
        "float32[1,4]",
        scale="float32[4] = 1",
        shift="float32[4]",
        mean="float32[4] = 0.5",
        variance=f"float32[4] = {variance}",
    )


class NegativeVariance(Rule):
    """Batch normalization with a variance below 0, whose square root is no number.

    ## Why it matters
    Batch normalization divides by the square root of variance plus epsilon. Below 0 that is NaN: the
    channel is NaN for every input, and so is all that is computed from it. No training makes such a
    variance; a damaged file does, or weights that were assigned in the wrong order.

    ## What to do
    Load the weights again and compare `moving_mean` and `moving_variance` by name: they change places
    when weights are assigned by order. Keep batch normalization in float32 under mixed precision.
    """

    code = "EL611"
    name = "negative-variance"
    severity = Severity.ERROR
    operators = ("BatchNormalization",)
    hint = "load the weights by name: mean and variance may have changed places"

    VALID = [_normalized("0 1"), _normalized("-1e-9 1")]
    INVALID = [
        (
            _normalized("1 -0.5"),
            "BatchNormalization takes the square root of the variance -0.5 in "
            "'batchnormalization_0/variance': its result is no number",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each stored variance that is below 0 by more than epsilon."""
        for batch in batch_statistics(context.model, context.weights):
            found = context.weights.statistics(batch.variance)
            if found is not None and found.minimum + batch.epsilon < 0:
                yield self.at(
                    batch.graph,
                    batch.node,
                    f"{printable(batch.node.source.op)} takes the square root of the variance "
                    f"{found.minimum:.3g} in {named(batch.variance.value)}: its result is no number",
                    tensor=batch.variance.value.name,
                    lowest=found.minimum,
                    epsilon=batch.epsilon,
                )
