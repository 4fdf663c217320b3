"""EL203."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, hedged
from edgelint.analysis.memory import Arena
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity

HEADROOM = 10
"""Percent of the RAM that should stay free beside the arena.

A cautious choice: NASA's rule for flight software asks for 30 % of the RAM even when measured at
delivery (GSFC-STD-1000, rule 3.07, table 3.07-1), so less than 10 % is short by any standard.
"""


class ArenaNearLimit(Rule):
    """An arena that leaves less than a tenth of the RAM to everything else.

    ## Why it matters
    Stack, heap, drivers, the buffers that the input comes in and the application itself live in the
    same RAM, and none of them is in this figure. What is left here is soon gone: then the linker fails,
    or the stack grows into the arena and the outputs are wrong now and then.

    ## What to do
    Make the operator with the most bytes alive smaller, or choose a part with more RAM. When the
    application's need is known, say it with `--reserve`: it is taken off first, counts as free here,
    and decides whether the model fits.
    """

    code = "EL203"
    name = "arena-near-limit"
    severity = Severity.WARNING
    needs = ("target",)
    hint = "make room where most is alive, or say with --reserve how much RAM the application needs"
    options = {
        "headroom": Option(
            HEADROOM,
            "percent of the RAM to stay free beside the arena; NASA GSFC-STD-1000 rule 3.07 asks for 30",
        )
    }

    VALID = [
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=925),
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=512),
        chain("float32[1,64]")
        .op("Relu", "float32[1,64]", source="RELU")
        .on("cortex-m4", ram=832, reserve=93),
    ]
    INVALID = [
        (
            chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=900),
            "needs 832 bytes of RAM, 92 % of the 900 there are: 68 are left for stack and application",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the arena fits, but with less than `headroom` percent of the RAM to spare."""
        target = context.target
        ram = target.ram if target else None
        arena = context.memory.arena if ram is not None else Arena()
        if target is None or ram is None or arena.minimum is None or arena.minimum > ram:
            return
        whole = ram + target.reserve
        if 100 * arena.minimum <= (100 - context.option(self, "headroom")) * whole:
            return
        left = f"{'at most ' * (arena.basis is Basis.BOUND)}{whole - arena.minimum:,}"
        yield self.finding(
            f"needs {hedged(arena.minimum, arena.basis)} bytes of RAM, {100 * arena.minimum // whole} % "
            f"of the {whole:,} there are: {left} are left for stack and application",
            evidence=arena.basis,
            needed=arena.minimum,
            available=whole,
        )
