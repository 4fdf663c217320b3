"""EL208."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis
from edgelint.analysis.input_size import InputSize, input_size
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class InputLargerThanRam(Rule):
    """Inputs that alone take more bytes than the target has RAM.

    ## Why it matters
    The input is copied into the arena before the first operator runs, whole, and every other tensor
    comes on top. No change to the layers and no better plan helps: the model cannot be loaded. This is
    certain even where nothing else about the memory is known yet.

    ## What to do
    Make the input smaller: fewer pixels, one channel for colour, a shorter window. An int8 input takes
    a quarter of a float32 one; for a model that is not converted yet, int8 is already assumed here.
    """

    code = "EL208"
    name = "input-larger-than-ram"
    severity = Severity.ERROR
    needs = ("target",)
    hint = "make the input smaller: fewer pixels, fewer channels, a shorter window, int8 for float32"

    VALID = [
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=256),
        chain("float32[1,512,512,1]")
        .op("Relu", "float32[1,8]")
        .from_format("keras")
        .on("cortex-m4", ram=262144),
        chain("float32[1,?]").op("Relu", "float32[1,?]", source="RELU").on("cortex-m4", ram=256),
    ]
    INVALID = [
        (
            chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=255),
            "input 'input' alone takes 256 bytes, 100 % of the 255 bytes of RAM there are",
        ),
        (
            chain("float32[1,512,512,3]")
            .op("Relu", "float32[1,8]")
            .from_format("keras")
            .on("cortex-m4", ram=262144),
            "input 'input' alone takes at least 786,432 bytes, with one byte per element, "
            "300 % of the 262,144 bytes of RAM there are",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the inputs together are larger than the RAM."""
        target = context.target
        ram = target.ram if target else None
        if target is None or ram is None:
            return
        inputs = input_size(context.model, context.deployment, target)
        if inputs.bytes <= ram:
            return
        percent = f"{100 * inputs.bytes // ram:,} %" if ram else "more than none"
        size = (
            f"{inputs.bytes:,} bytes,"
            if inputs.exact
            else f"at least {inputs.bytes:,} bytes, with one byte per element,"
        )
        yield self.finding(
            f"{_named(inputs)} {size} {percent} of the {ram:,} bytes of RAM there are",
            evidence=Basis.EXACT if inputs.exact else Basis.BOUND,
            needed=inputs.bytes,
            available=ram,
            inputs=list(inputs.names),
        )


def _named(inputs: InputSize) -> str:
    if len(inputs.names) == 1:
        return f"input {printable(inputs.names[0])!r} alone takes"
    return f"the {len(inputs.names)} inputs alone take"
