"""The engine on a Dask cluster: the user's, or one of this machine's processes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from edgelint.audit.cluster import portable, results, task
from edgelint.audit.engines import EngineOptions
from edgelint.audit.work import Plan, Result, Unit, Work
from edgelint.errors import EdgelintError, failure
from edgelint.printable import printable
from edgelint.workers import signals_held

WAIT_SECONDS = 30
"""Seconds that a scheduler has to answer, and then to have a worker."""

TICK = 10.0
"""Seconds between two looks at whether there are any workers."""

MOST_WITHOUT = 300.0
"""Seconds that a cluster may be without any: machines of a cloud take minutes to come."""


def run(
    function: Callable[[Plan, Unit], Result], work: Iterable[Work], options: EngineOptions
) -> Iterator[Result]:
    """The results of `function`. Raises EdgelintError without the library, or a cluster at the address."""
    try:
        from distributed import Client
    except ImportError as error:
        raise EdgelintError(
            Path(), "--engine dask needs the library distributed", hint="pip install 'edgelint[dask]'"
        ) from error
    with ExitStack() as stack:
        client, revive = _connected(Client, options, stack)
        yield from results(_Dask(client, function, revive), work)


def _connected(
    client_type: Any, options: EngineOptions, stack: ExitStack
) -> tuple[Any, Callable[[], object]]:
    """The client of the cluster, and what brings its workers back, as far as that is ours to do."""
    if not options.address:
        import logging
        from multiprocessing.resource_tracker import ensure_running

        from distributed import LocalCluster

        # Ctrl-C goes from a terminal to all processes; here, it ends the cluster. The tracker that the first
        # of them would start makes whoever starts it hear such signals again.
        ensure_running()
        with signals_held([signal.SIGINT]):
            cluster = LocalCluster(
                n_workers=options.jobs,
                threads_per_worker=1,
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,
            )
        stack.enter_context(cluster)
        client = stack.enter_context(client_type(cluster, set_as_default=False))
        return client, partial(cluster.scale, options.jobs)
    try:
        client = client_type(options.address, timeout=WAIT_SECONDS, set_as_default=False)
        stack.enter_context(client)
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
    except (OSError, ValueError) as error:
        reason = printable(str(error) or type(error).__name__, 200)
        raise EdgelintError(Path(), f"no Dask cluster at {options.address}: {reason}") from error
    return client, lambda: None


class _Dask:
    """The cluster of `client`. revive: called when it has no workers."""

    def __init__(
        self, client: Any, function: Callable[[Plan, Unit], Result], revive: Callable[[], object]
    ) -> None:
        self._client, self._revive = client, revive
        self._task = partial(task, function)
        self._plans: dict[int, tuple[Plan, Any]] = {}

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        return sum(self._client.nthreads().values())

    def submit(self, plan: Plan, unit: Unit) -> Any:
        """The future of a unit's result."""
        if id(plan) not in self._plans:
            # A task of its own: when the worker that has it dies, it is run again, as scattered data is not.
            self._plans[id(plan)] = plan, self._client.submit(_same, plan, pure=False)
        return self._client.submit(self._task, self._plans[id(plan)][1], portable(unit), pure=False)

    def finished(self, handles: Sequence[Any]) -> Iterable[Any]:
        """Futures that are done."""
        from asyncio import CancelledError

        from distributed import TimeoutError as Timeout
        from distributed import wait

        without = 0.0
        while True:
            try:
                with self._client.as_current():
                    return list(wait(handles, timeout=TICK, return_when="FIRST_COMPLETED").done)
            except CancelledError as error:
                raise EdgelintError(Path(), _GONE) from error
            except Timeout:
                without = 0.0 if self.workers else without + TICK
            if without:
                self._revive()
            if without > MOST_WITHOUT:
                raise EdgelintError(Path(), f"the Dask cluster has no workers left; {_KEPT}")

    def outcome(self, handle: Any) -> Result | None:
        """The result of a future, which may have to be made again where the worker that held it died."""
        from asyncio import CancelledError

        from distributed import KilledWorker

        try:
            result: Result = handle.result()
        except KilledWorker:
            return None
        except CancelledError as error:
            raise EdgelintError(Path(), _GONE) from error
        except EdgelintError:
            raise
        except Exception as error:
            raise EdgelintError(
                Path(),
                f"a worker cannot run edgelint: {printable(failure(error), 200)}",
                hint="install the same edgelint on all workers",
            ) from error
        return result


_KEPT = "what was judged until then is kept"
_GONE = f"the Dask cluster went away; {_KEPT}"


def _same(plan: Plan) -> Plan:
    return plan
