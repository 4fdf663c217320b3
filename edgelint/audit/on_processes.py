"""The engine of one machine: as many processes as there are `jobs`, any of which may die of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from edgelint.audit.engines import EngineOptions
from edgelint.audit.work import Plan, Result, Unit, Work, kept, lost
from edgelint.errors import EdgelintError
from edgelint.workers import in_order


def run(
    function: Callable[[Plan, Unit], Result], work: Iterable[Work], options: EngineOptions
) -> Iterator[Result]:
    """The results of `function`, in the order of `work`.

    Even a single job is a process of its own: a model that ends it is a row, and the audit goes on. Each
    keeps its results itself, at once: while a model takes long, those of others wait here for their turn.
    """
    return in_order(partial(_judged_and_kept, function), work, options.jobs, lost)


def _judged_and_kept(function: Callable[[Plan, Unit], Result], plan: Plan, unit: Unit) -> Result:
    result = function(plan, unit)
    try:
        return kept(plan, unit.item, result)
    except EdgelintError:
        # The audit tries it once more, and tells why.
        return result
