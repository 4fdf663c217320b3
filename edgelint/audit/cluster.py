"""What engines on a cluster have in common: the task that its workers run, and the loop that feeds them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from edgelint import __version__
from edgelint.audit.work import Plan, Result, Unit, Work, lost
from edgelint.deferred import replace
from edgelint.errors import EdgelintError

AHEAD = 3
"""Units at a time for each worker: the one it is at, and what it finds when it is done."""

LOST = "ends the process that reads it"
"""What is said of a model whose worker died each time."""

Handle = TypeVar("Handle", bound=Hashable)

_one_at_a_time = Lock()
"""A worker may run several tasks on threads of one process, which judging a model is not made for."""


class Cluster(Protocol[Handle]):
    """A cluster, as `results` uses it."""

    @property
    def workers(self) -> int:
        """Units that it can be at at a time."""

    def submit(self, plan: Plan, unit: Unit) -> Handle:
        """What stands for the result of a unit."""

    def finished(self, handles: Sequence[Handle]) -> Iterable[Handle]:
        """One or more of `handles` that are done, waited for."""

    def outcome(self, handle: Handle) -> Result | None:
        """A result that is done; None where its worker died.

        Raises EdgelintError where no worker can do such work.
        """


def results(cluster: Cluster[Handle], work: Iterable[Work]) -> Iterator[Result]:
    """The results of all of `work`, each once, with a bounded number of units on their way.

    A unit whose worker died although the cluster had tried it again is tried once more, alone: it may only
    have been beside the one that was to blame.
    """
    upcoming = iter(work)
    running: dict[Handle, Work] = {}
    suspects: list[Work] = []
    while True:
        most = AHEAD * max(cluster.workers, 1)
        while len(running) < most:
            piece = next(upcoming, None)
            if piece is None:
                break
            running[cluster.submit(*piece)] = piece
        if not running:
            break
        for handle in cluster.finished(list(running)):
            piece = running.pop(handle)
            result = _outcome(cluster, handle, piece[1])
            if result is None:
                suspects.append(piece)
            else:
                yield result
    for piece in suspects:
        handle = cluster.submit(*piece)
        list(cluster.finished([handle]))
        yield _outcome(cluster, handle, piece[1]) or lost(piece[1], LOST)


class Unseen(EdgelintError):
    """A worker does not see a model."""


def _outcome(cluster: Cluster[Handle], handle: Handle, unit: Unit) -> Result | None:
    """As `Cluster.outcome`; a model that is gone here, too, is one that cannot be read."""
    try:
        return cluster.outcome(handle)
    except Unseen:
        if os.path.lexists(unit.item.name):
            raise
        return Result(unit.place, unit.content, error=EdgelintError(unit.item.name, "does not exist"))


def portable(unit: Unit) -> Unit:
    """`unit` as a process in another folder understands it."""
    if unit.item.remote:
        return unit
    return replace(unit, item=replace(unit.item, name=os.path.abspath(unit.item.name)))


def task(function: Callable[[Plan, Unit], Result], plan: Plan, unit: Unit) -> Result:
    """What a worker does: `function`, if that is the same there as where the audit was begun.

    Raises EdgelintError where the worker has another edgelint, or does not see the model.
    """
    host = socket.gethostname()
    if _edition() != plan.keys.edition:
        raise EdgelintError(
            Path(),
            f"the worker on {host} has edgelint {__version__}, or a Python or rule packs, other than here",
            hint="install the same versions on all workers",
        )
    if not unit.item.remote and not os.path.lexists(unit.item.name):
        raise Unseen(
            unit.item.name,
            f"does not exist for the worker on {host}",
            hint="a cluster needs models at URLs, or in a folder that all workers have at the same path",
        )
    with _one_at_a_time:
        return function(plan, unit)


@cache
def _edition() -> str:
    from edgelint.audit.cache import edition

    return edition()
