"""EL211."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, Figure, hedged
from edgelint.analysis.own_limits import measured
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class ArenaOverBudget(Rule):
    """A larger tensor arena than the limit that was given for it.

    ## Why it matters
    Firmware sets the arena aside as one array of a fixed size, mostly much less than the board's RAM.
    A model that needs more is refused when it loads (`AllocateTensors` fails), on a device that may be
    far away by then, although the RAM as a whole would have been enough.

    ## What to do
    Set the limit to the size of that array (`--arena`, or `arena` under `[budget]`), and change both
    together. To need less: a smaller input, fewer channels or an earlier stride where most is alive;
    `edgelint inspect --target NAME` shows the bytes alive at every operator. Where the arena is not
    known in full a note says that the limit is not proven.
    """

    code = "EL211"
    name = "arena-over-budget"
    severity = Severity.ERROR
    needs = ("own limits",)
    hint = "need less where edgelint inspect shows most alive, or raise the limit and the firmware's array"

    VALID = [
        chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4"),
        chain("float32[1,64]")
        .op("Relu", "float32[1,64]", source="RELU")
        .on("cortex-m4")
        .with_limits(arena=832),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("Relu", "float32[1,64]", source="RELU")
            .on("cortex-m4")
            .with_limits(arena=800),
            "needs an arena of 832 bytes, 104 % of the 800 it may have",
        ),
        (
            chain("float32[1,64]")
            .op("Gelu", "float32[1,64]", source="GELU")
            .on("cortex-m4")
            .with_limits(arena=700),
            "needs an arena of at least 784 bytes, 112 % of the 700 it may have",
        ),
        (
            chain("float32[1,64]")
            .op("Gelu", "float32[1,64]", source="GELU")
            .on("cortex-m4")
            .with_limits(arena=800),
            "needs an arena of at least 784 bytes, so the limit of 800 is not proven",
        ),
        (
            chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").with_limits(arena=800),
            "needs an arena of unknown size, so the limit of 800 bytes is not proven: no target was given",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when the smallest arena that loads is larger, or when that is not known."""
        limit = context.limits.arena
        if limit is None:
            return
        arena = measured(context)["arena"]
        if arena.value is not None and arena.value > limit:
            percent = f"{100 * arena.value // limit:,} %" if limit else "more than none"
            needed = hedged(arena.value, arena.basis)
            message = f"needs an arena of {needed} bytes, {percent} of the {limit:,} it may have"
        elif arena.value is None or arena.basis is Basis.BOUND:
            message = _unproven(arena, limit)
        else:
            return
        over = arena.value is not None and arena.value > limit
        yield self.finding(
            message,
            severity=Severity.ERROR if over else Severity.NOTE,
            hint=None if over else "name the target and check what is deployed, or measure on the device",
            evidence=arena.basis,
            needed=arena.value,
            available=limit,
            reason=arena.reason,
        )


def _unproven(arena: Figure, limit: int) -> str:
    if arena.value is None:
        why = f": {arena.reason}" if arena.reason else ""
        return f"needs an arena of unknown size, so the limit of {limit:,} bytes is not proven{why}"
    return f"needs an arena of at least {arena.value:,} bytes, so the limit of {limit:,} is not proven"
