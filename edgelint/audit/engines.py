"""Who does the work of an audit: processes of this machine, or the user's cluster.

An engine is a module with

    run(
        function: Callable[[Plan, Unit], Result], work: Iterable[tuple[Plan, Unit]], options: EngineOptions
    ) -> Iterator[Result]

which calls `function` once for each pair of `work` and yields each result exactly once, in any order (the
unit's `place` comes back in it). `function` is a top-level function that never raises. Units and results can
be pickled and are small; a plan is larger, and the same object for most units: send it once. An engine

- takes from `work` only a bounded number of units ahead of what it has yielded (there may be a million);
- gives a unit whose worker died to another one, and when that dies of it too, yields
  `edgelint.audit.work.lost(unit, reason)` instead, the reason being a phrase that follows the model's name:
  "ends the process that reads it (SIGKILL)";
- raises EdgelintError when it cannot begin (no library, no cluster at the address);
- ends its own processes when the iterator is closed, and leaves the user's cluster running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from edgelint.deferred import dataclass

if TYPE_CHECKING:
    from edgelint.audit.work import Plan, Result, Unit, Work

ENGINES = {
    "local": "edgelint.audit.on_processes",
    "dask": "edgelint.audit.on_dask",
    "ray": "edgelint.audit.on_ray",
}
"""Name to the engine's module, imported when it is asked for."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine shall work.

    jobs: processes, of a local engine. address: of the cluster; "" starts one on this machine.
    """

    jobs: int = 1
    address: str = ""


class Engine(Protocol):
    """What an engine's module offers."""

    def run(
        self, function: Callable[[Plan, Unit], Result], work: Iterable[Work], options: EngineOptions
    ) -> Iterator[Result]:
        """The results of `function` for all of `work`, each exactly once, in any order."""


def engine(name: str) -> Engine:
    """The engine of this name, one of ENGINES."""
    return cast(Engine, import_module(ENGINES[name]))
