"""The arena over time, as `inspect` reports it."""

from __future__ import annotations

from edgelint.analysis.tflm.peak import find_peak, worth_shrinking
from edgelint.context import Context
from edgelint.report import ArenaPlan, Occupant, TimelineRow


def arena_plan(context: Context) -> ArenaPlan | None:
    """The planned arena operator by operator; None where nothing was planned, or nothing runs."""
    model, arena = context.deployment, context.memory.arena
    peak = find_peak(arena, model) if model is not None else None
    if model is None or peak is None or arena.layout is None:
        return None
    moments = list(arena.layout.occupancy())
    rows = []
    for moment, alive in moments:
        graph = model.graphs[moment.graph]
        source = graph.nodes[moment.node].source
        names = tuple(buffer.name for buffer in alive)
        rows.append(TimelineRow(graph.name, source.index, source.op, moment.live, names))
    fullest = arena.layout.peak
    return ArenaPlan(
        timeline=tuple(rows),
        peak=next(place for place, (moment, _) in enumerate(moments) if moment == fullest),
        occupants=tuple(Occupant(buffer.name, buffer.size, buffer.scratch) for buffer in peak.alive),
        bound=peak.bound,
        shrinking=tuple((each.buffer.name, each.saves) for each in worth_shrinking(arena.layout)),
    )
