"""EL201."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Model
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

SHOWN = 3
"""Tensors named at the peak, the largest first."""


class ExceedsRam(Rule):
    """More memory for activations and the runtime's records than the target has RAM.

    ## Why it matters
    The arena is one block of RAM that is taken before the first inference. When it is too small, the
    runtime refuses to load the model; when the linker lets it overlap with the stack, the firmware
    fails at random. Nothing can be swapped out on a microcontroller.

    ## What to do
    Look at the operator with the most bytes alive: a smaller input, fewer channels or an earlier
    stride there lowers the whole figure, and changes elsewhere don't. Quantizing activations from
    float32 to int8 divides it by about four. `edgelint inspect --target NAME` shows the bytes alive
    at every operator.
    """

    code = "EL201"
    name = "exceeds-ram"
    severity = Severity.ERROR
    hint = "use a smaller input, fewer channels or an earlier stride where most is alive, or int8 activations"

    VALID = [
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4"),
        chain("float32[?,64]").op("Relu", "float32[?,64]", source="RELU").on("cortex-m4", ram=512),
    ]
    INVALID = [
        (
            chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4", ram=512),
            "needs 832 bytes of RAM, 162 % of the 512 there are; most is alive at RELU (operator 0): "
            "input (256 bytes), relu_0 (256 bytes)",
        ),
        (
            chain("float32[1,64]").op("Gelu", "float32[1,64]", source="GELU").on("cortex-m4", ram=512),
            "needs at least 784 bytes of RAM, 153 % of the 512 there are; most is alive at "
            "GELU (operator 0): input (256 bytes), gelu_0 (256 bytes)",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the smallest arena that loads the model is larger than the RAM."""
        ram = context.target.ram if context.target else None
        arena = context.memory.arena if ram is not None else Arena()
        if ram is None or arena.minimum is None or arena.minimum <= ram:
            return
        least = "at least " if arena.basis is Basis.BOUND else ""
        percent = f"{100 * arena.minimum // ram:,} %" if ram else "more than none"
        yield self.finding(
            f"needs {least}{arena.minimum:,} bytes of RAM, {percent} of the {ram:,} there are"
            + _peak(arena, context.deployment),
            evidence=arena.basis,
            needed=arena.minimum,
            available=ram,
            head=arena.head,
            tail=arena.tail,
        )


def _peak(arena: Arena, model: Model | None) -> str:
    """The operator with the most bytes alive and the largest tensors then, as the end of a sentence."""
    peak = arena.layout.peak if arena.layout else None
    if arena.layout is None or peak is None or model is None:
        return ""
    node = model.graphs[peak.graph].nodes[peak.node]
    alive = arena.layout.alive(peak.clock)[:SHOWN]
    tensors = ", ".join(
        f"{'scratch of ' * buffer.scratch}{printable(buffer.name)} ({buffer.size:,} bytes)"
        for buffer in alive
    )
    return f"; most is alive at {printable(node.source.op)} (operator {node.source.index}): {tensors}"
