"""The arena over time, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.printable import short
from edgelint.quantity import show_bytes
from edgelint.report import ArenaPlan, Report
from edgelint.reporters import Style
from edgelint.reporters.plot import bars, column_of

_COLUMNS = 72
_ROWS = 5
_NAMED = 4
"""Tensors and advice that are listed before the rest is counted."""


def plan_lines(report: Report, plan: ArenaPlan, style: Style) -> Iterator[str]:
    """A bar per operator, the peak marked below, and what the arena is made of at that moment."""
    heights = [row.live_bytes for row in plan.timeline]
    columns = min(_COLUMNS, (style.width or _COLUMNS) - 2)
    peak = plan.timeline[plan.peak]
    yield "live bytes in the arena, operator by operator"
    yield from (f"  {line}" for line in bars(heights, columns, _ROWS))
    place = column_of(plan.peak, len(heights), columns)
    yield f"  {' ' * place}^ {show_bytes(peak.live_bytes)} at operator {peak.index}, {peak.op}"
    alive = [
        f"{show_bytes(each.bytes)} {'scratch of ' if each.scratch else ''}{short(each.name)}"
        for each in plan.occupants
    ]
    yield from _listed("alive there", alive)
    yield from _listed(
        "worth shrinking", [f"{short(name)} (up to {show_bytes(saves)})" for name, saves in plan.shrinking]
    )
    assert report.profile is not None
    arena = report.profile.arena_bytes
    if arena.head is not None and arena.tail is not None:
        gap = arena.head - plan.bound
        above = f", {show_bytes(gap)} above the fewest that this order needs" if gap > 0 else ""
        yield f"  {'head':<16} {show_bytes(arena.head)}: tensors and scratch{above}"
        yield f"  {'tail':<16} {show_bytes(arena.tail)}: the runtime's records"


def _listed(title: str, entries: list[str]) -> Iterator[str]:
    for place, entry in enumerate(entries[:_NAMED]):
        yield f"  {title if not place else '':<16} {entry}"
    if len(entries) > _NAMED:
        yield f"  {'':<16} and {len(entries) - _NAMED} more"
