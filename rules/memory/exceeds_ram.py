"""EL201."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from edgelint.analysis.figure import hedged
from edgelint.analysis.input_size import input_size
from edgelint.analysis.memory import Arena
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

if TYPE_CHECKING:
    from edgelint.analysis.order.better import BetterOrder
    from edgelint.analysis.tflm.peak import Peak, Shrinking

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
    needs = ("target",)
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
        """One finding when the smallest arena that loads the model is larger than the RAM.

        None when the inputs alone are larger: EL208 says so.
        """
        target = context.target
        ram = target.ram if target else None
        arena = context.memory.arena if ram is not None else Arena()
        if target is None or ram is None or arena.minimum is None or arena.minimum <= ram:
            return
        if input_size(context.model, context.deployment, target).bytes > ram:
            return
        from edgelint.analysis.tflm.peak import find_peak, worth_shrinking

        percent = f"{100 * arena.minimum // ram:,} %" if ram else "more than none"
        peak = find_peak(arena, context.deployment) if context.deployment else None
        shrinking = worth_shrinking(arena.layout) if arena.layout else ()
        yield self.finding(
            f"needs {hedged(arena.minimum, arena.basis)} bytes of RAM, {percent} of the {ram:,} there are"
            + (_where(peak) if peak else ""),
            hint=_advice(ram, arena, peak, shrinking, context.better_order) or None,
            evidence=arena.basis,
            needed=arena.minimum,
            available=ram,
            head=arena.head,
            tail=arena.tail,
            **(_details(peak, shrinking, context.better_order) if peak else {}),
        )


def _where(peak: Peak) -> str:
    """The operator with the most bytes alive and the largest tensors then, as the end of a sentence."""
    if peak.unreached > peak.live:
        return f"; {peak.unreached:,} of them are for tensors of subgraphs that the runtime never enters"
    tensors = ", ".join(
        f"{'scratch of ' * buffer.scratch}{short(buffer.name)} ({buffer.size:,} bytes)"
        for buffer in peak.alive[:SHOWN]
    )
    return (
        f"; most is alive at {printable(peak.node.source.op)} (operator {peak.node.source.index}): {tensors}"
    )


def _advice(
    ram: int, arena: Arena, peak: Peak | None, shrinking: Sequence[Shrinking], better: BetterOrder | None
) -> str:
    """What helps with this model, the surest first; "" where nothing in particular does."""
    needed = arena.minimum or 0
    if better is not None and better.after.minimum is not None and better.after.minimum <= ram:
        return (
            f"reorder the operators as EL205 says: then {better.after.minimum:,} bytes are enough, which fits"
        )
    if peak is None:
        return ""
    if peak.unreached > peak.live:
        return "remove the subgraphs that the runtime never enters: their tensors are planned all the same"
    if peak.tail > ram:
        return (
            f"use fewer operators and tensors: the runtime's records of them take {peak.tail:,} bytes, "
            "which is too much already"
        )
    if peak.gap and needed - peak.gap <= ram:
        return (
            f"plan the arena before and store it as OfflineMemoryAllocation: {peak.gap:,} of the bytes are "
            "gaps that the runtime's own plan leaves, and a better plan may fit"
        )
    if not shrinking:
        return ""
    first = shrinking[0]
    return (
        f"make {short(first.buffer.name)} smaller (fewer channels, an earlier stride, int8), which saves "
        f"up to {first.saves:,} bytes"
    )


def _details(peak: Peak, shrinking: Sequence[Shrinking], better: BetterOrder | None) -> dict[str, Any]:
    """The same as data."""
    return {
        "peak": {"op": peak.node.source.op, "index": peak.node.source.index, "live": peak.live},
        "alive": [
            {"name": buffer.name, "bytes": buffer.size, "scratch": buffer.scratch} for buffer in peak.alive
        ],
        "bound": peak.bound,
        "gap": peak.gap,
        "shrinking": [{"name": each.buffer.name, "saves": each.saves} for each in shrinking],
        "better_order_saves": better.saved if better else 0,
    }
