"""EL202."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Flash
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class ExceedsFlash(Rule):
    """More flash for model, runtime and kernels than the target has.

    ## Why it matters
    The model file is kept whole in flash beside the runtime and a kernel for every kind of operator
    it uses. When that is more than the chip has, the firmware can't be linked or flashed, and the
    application itself is not even counted here.

    ## What to do
    Quantize weights to int8 (a quarter of float32), prune channels, or use fewer kinds of operators:
    each kind links a kernel of its own. Registering int8-only kernels is the largest saving besides
    the model: keep to one element type throughout and use the registrations named after it.
    """

    code = "EL202"
    name = "exceeds-flash"
    severity = Severity.ERROR
    needs = ("target",)
    hint = "quantize the weights to int8, use fewer kinds of operators, or register kernels for int8 alone"

    VALID = [
        chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4"),
        chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4", flash=None),
    ]
    INVALID = [
        (
            chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").on("cortex-m4", flash=16384),
            "needs about 17,420 bytes of flash, 106 % of the 16,384 there are: "
            "0 for the model, 11,688 for the runtime, 5,732 for kernels",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when model, runtime and kernels together are larger than the flash."""
        available = context.target.flash if context.target else None
        flash = context.memory.flash if available is not None else Flash()
        if available is None or flash.value is None or flash.value <= available:
            return
        words = {Basis.BOUND: "at least ", Basis.PREDICTED: "about "}
        percent = f"{100 * flash.value // available:,} %" if available else "more than none"
        parts = {"the model": flash.model, "the runtime": flash.runtime, "kernels": flash.kernels}
        shares = ", ".join(f"{size:,} for {part}" for part, size in parts.items() if size is not None)
        yield self.finding(
            f"needs {words.get(flash.basis, '')}{flash.value:,} bytes of flash, "
            f"{percent} of the {available:,} there are: {shares}",
            evidence=flash.basis,
            needed=flash.value,
            available=available,
            reason=flash.reason,
        )
