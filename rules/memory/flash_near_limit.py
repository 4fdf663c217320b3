"""EL204."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, hedged
from edgelint.analysis.memory import Flash
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity

HEADROOM = 10
"""Percent of the flash that should stay free beside the model.

The figure itself is several percent off linked firmware (its reason says by how much), and other
compilers and settings move it by more: within a tenth of the limit it does not settle the question.
"""


class FlashNearLimit(Rule):
    """Model, runtime and kernels that leave less than a tenth of the flash to everything else.

    ## Why it matters
    The start-up code, drivers, the C library beyond what the kernels use and the application itself
    have to fit too, and none of them is in this figure, which is a prediction besides: another compiler
    or another optimisation level moves it by several percent.

    ## What to do
    Quantize the weights to int8, use fewer kinds of operators, or register the int8 variants of the
    kernels alone. Then link the firmware and look at its map file: only that settles it.
    """

    code = "EL204"
    name = "flash-near-limit"
    severity = Severity.WARNING
    needs = ("target",)
    hint = "quantize the weights to int8, use fewer kinds of operators, or register kernels for int8 alone"
    options = {
        "headroom": Option(
            HEADROOM, "percent of the flash to stay free; the figure is several percent off itself"
        )
    }

    VALID = [
        chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4"),
        chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4", flash=16384),
        chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4", flash=None),
    ]
    INVALID = [
        (
            chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4", flash=18432),
            "needs about 17,420 bytes of flash, 94 % of the 18,432 there are: "
            "1,012 are left for the application",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the model fits, but with less than `headroom` percent of the flash to spare."""
        available = context.target.flash if context.target else None
        flash = context.memory.flash if available is not None else Flash()
        if available is None or flash.value is None or flash.value > available:
            return
        if 100 * flash.value <= (100 - context.option(self, "headroom")) * available:
            return
        left = f"{'at most ' * (flash.basis is Basis.BOUND)}{available - flash.value:,}"
        yield self.finding(
            f"needs {hedged(flash.value, flash.basis)} bytes of flash, {100 * flash.value // available} % "
            f"of the {available:,} there are: {left} are left for the application",
            evidence=flash.basis,
            needed=flash.value,
            available=available,
            reason=flash.reason,
        )
