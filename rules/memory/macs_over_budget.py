"""EL207."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, hedged
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class MacsOverBudget(Rule):
    """More multiply-accumulates than the budget that was given for one inference.

    ## Why it matters
    On a core without an accelerator the time and the energy of an inference follow its MACs. A budget
    comes from the deadline: a clock of 80 MHz, one MAC in about two cycles and 100 ms leave four
    million. A model beyond it will run, but too slowly for what it is for.

    ## What to do
    Start with the operators that take most (`edgelint inspect` lists MACs by operator): a smaller
    input, an earlier stride, depthwise-separable convolutions, fewer channels. No budget is assumed:
    without `--macs` this rule is silent.
    """

    code = "EL207"
    name = "macs-over-budget"
    severity = Severity.ERROR
    needs = ("macs budget",)
    hint = "start with the operators that take most MACs, or raise the budget given with --macs"

    VALID = [
        chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").on("cortex-m4"),
        chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").on("cortex-m4", macs=4096),
    ]
    INVALID = [
        (
            chain("int8[1,64]").op("Gemm", "int8[1,64]", weight="int8[64,64]").on("cortex-m4", macs=4000),
            "takes 4,096 MACs, 102 % of the 4,000 there may be",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the known MACs are more than the budget."""
        budget = context.target.macs if context.target else None
        if budget is None:
            return
        macs = context.cost.macs
        if macs.value is None or macs.value <= budget:
            return
        drawn = macs.basis is Basis.EXACT and context.deployment is None
        evidence = Basis.PREDICTED if drawn else macs.basis
        percent = f"{100 * macs.value // budget:,} %" if budget else "more than none"
        yield self.finding(
            f"takes {hedged(macs.value, evidence)} MACs, {percent} of the {budget:,} there may be",
            evidence=evidence,
            needed=macs.value,
            available=budget,
            reason=macs.reason,
        )
