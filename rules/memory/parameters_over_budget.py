"""EL210."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, hedged
from edgelint.analysis.own_limits import measured
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class ParametersOverBudget(Rule):
    """More parameters than the budget that was given for the model.

    ## Why it matters
    Parameters are most of a model's flash, of what an update sends over the air, and of what training
    must learn from the data there is. A budget for them is the one that holds whatever the target, the
    format and the quantization: it can be set while the network is still being drawn.

    ## What to do
    Look where most of them are (`edgelint inspect` lists parameters by operator): mostly the first
    dense layer after the convolutions, which global average pooling makes small, or an embedding. No
    budget is assumed: without `--parameters` this rule is silent.
    """

    code = "EL210"
    name = "parameters-over-budget"
    severity = Severity.ERROR
    needs = ("own limits",)
    hint = "shrink the layer that has most parameters, or raise the budget given with --parameters"

    VALID = [
        chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]"),
        chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").with_limits(parameters=4096),
    ]
    INVALID = [
        (
            chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").with_limits(parameters=4000),
            "has 4,096 parameters, 102 % of the 4,000 there may be",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when there are more, or a note when not all of them are known."""
        budget = context.limits.parameters
        if budget is None:
            return
        found = measured(context)["parameters"]
        count = found.value or 0
        if count > budget:
            percent = f"{100 * count // budget:,} %" if budget else "more than none"
            message = f"has {hedged(count, found.basis)} parameters, {percent} of the {budget:,} there may be"
        elif found.basis is Basis.BOUND:
            message = f"has at least {count:,} parameters, so the limit of {budget:,} is not proven"
        else:
            return
        yield self.finding(
            message,
            severity=self.severity if count > budget else Severity.NOTE,
            evidence=found.basis,
            parameters=count,
            available=budget,
            reason=found.reason,
        )
