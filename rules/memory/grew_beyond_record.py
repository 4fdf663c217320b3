"""EL212."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, Figure, hedged
from edgelint.analysis.own_limits import FIGURES, Recorded, measured
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.quantity import show_share
from edgelint.rule import Finding, Rule, Severity

RELU = chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").on("cortex-m4")
GELU = chain("float32[1,64]").op("Gelu", "float32[1,64]", source="GELU").on("cortex-m4")


class GrewBeyondRecord(Rule):
    """A figure that grew by more than was agreed since the model was recorded.

    ## Why it matters
    Models grow a few percent at a time, each change with a good reason, until the one that no longer
    fits: then it is late to ask which of them was worth it. Held against a record in the repository,
    growth is seen in the change that brings it, and agreed to by whoever reviews the new record.

    ## What to do
    When the growth is wanted, run `edgelint record` as the team does and commit the file with the model:
    its diff tells the figures before and after. Otherwise `edgelint diff OLD NEW` shows which layers
    changed. What is known from below only, then or now, proves no growth and is a note; so is a model
    that the record does not have. Nothing is held against a record without a limit for growth.
    """

    code = "EL212"
    name = "grew-beyond-record"
    severity = Severity.ERROR
    needs = ("own limits",)
    policy = True
    hint = "see with edgelint diff what changed; when that is wanted, run edgelint record and commit the file"

    VALID = [
        RELU.with_limits(growth={"arena": 2}, recorded=Recorded({"arena": 820})),
        RELU.with_limits(growth={"arena": 0}, recorded=Recorded({"arena": 900, "macs": 0})),
        GELU.with_limits(growth={"arena": 0}, recorded=Recorded({"arena": 784}, frozenset({"arena"}))),
        RELU.with_limits(growth={"flash": 0}),
    ]
    INVALID = [
        (
            RELU.with_limits(growth={"arena": 2}, recorded=Recorded({"arena": 800})),
            "grew: the arena from 800 to 832 bytes, by 4 % where 2 % may be",
        ),
        (
            GELU.with_limits(growth={"arena": 2}, recorded=Recorded({"arena": 700}, frozenset({"arena"}))),
            "may have grown: the arena from at least 700 to at least 784 bytes, where 2 % may be",
        ),
        (
            GELU.with_limits(growth={"arena": 2}, recorded=Recorded({"arena": 784})),
            "may have grown: the arena from 784 to at least 784 bytes, where 2 % may be",
        ),
        (
            RELU.with_limits(growth={"arena": 2}, recorded=Recorded({})),
            "may have grown: the arena from an unknown number to 832 bytes, where 2 % may be",
        ),
        (
            RELU.with_limits(growth={"arena": 2}, record="team/record.json"),
            "has no entry for cortex-m4 in 'team/record.json', so growth is not judged",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """A finding per figure with a limit that grew beyond it, or of which that is not known."""
        limits = context.limits
        if limits.recorded is None:
            if limits.growth and limits.record:
                target = f" for {context.target.name}" if context.target else ""
                yield self.finding(
                    f"has no entry{target} in {printable(limits.record)!r}, so growth is not judged",
                    severity=Severity.NOTE,
                    hint="run edgelint record --update with this model, and commit the file",
                )
            return
        now = measured(context)
        for name, percent in limits.growth.items():
            yield from self._judge(name, limits.recorded, now[name], percent)

    def _judge(self, name: str, recorded: Recorded, now: Figure, percent: float) -> Iterator[Finding]:
        old, new = recorded.values.get(name), now.value
        if old is None and new is None:
            return
        from_below = name in recorded.at_least
        grew = old is not None and new is not None and 100 * (new - old) > percent * old
        unsure = old is None or new is None or (now.basis is Basis.BOUND and not from_below)
        if not grew and not unsure:
            return
        proven = grew and not from_below
        words, unit = FIGURES[name]
        change = f"from {_told(old, from_below)} to {_told(new, now.basis is Basis.BOUND)} {unit}".rstrip()
        by = f", by {show_share(new - old, old)}" if proven and old and new is not None else ","
        yield self.finding(
            f"{'grew' if proven else 'may have grown'}: {words} {change}{by} where {percent:g} % may be",
            severity=Severity.ERROR if proven else Severity.NOTE,
            evidence=now.basis if not from_below else Basis.BOUND,
            figure=name,
            recorded=old,
            now=new,
            allowed_percent=percent,
        )


def _told(value: int | None, from_below: bool) -> str:
    if value is None:
        return "an unknown number"
    return hedged(value, Basis.BOUND if from_below else Basis.EXACT)
