"""The engine of one machine: as many processes as there are `jobs`, any of which may die of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from edgelint.audit.engines import EngineOptions
from edgelint.audit.work import Plan, Result, Unit, Work, lost
from edgelint.workers import in_order


def run(
    function: Callable[[Plan, Unit], Result], work: Iterable[Work], options: EngineOptions
) -> Iterator[Result]:
    """The results of `function`, in the order of `work`.

    Even a single job is a process of its own: a model that ends it is a row, and the audit goes on.
    """
    return in_order(function, work, options.jobs, lost)
