"""The engine on a Ray cluster: the user's, or one of this machine's processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from edgelint.audit.cluster import portable, results, task
from edgelint.audit.engines import EngineOptions
from edgelint.audit.work import Plan, Result, Unit, Work
from edgelint.errors import EdgelintError, failure
from edgelint.printable import printable

RETRIES = 2
"""How often Ray runs a unit again whose worker died."""

STORE_BYTES = 128 << 20
"""Bytes of memory that a cluster on this machine shares; plans and results are small."""


def run(
    function: Callable[[Plan, Unit], Result], work: Iterable[Work], options: EngineOptions
) -> Iterator[Result]:
    """The results of `function`. Raises EdgelintError without the library, or a cluster at the address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise EdgelintError(
            Path(), "--engine ray needs the library ray", hint="pip install 'edgelint[ray]'"
        ) from error
    begun_before = ray.is_initialized()
    if not begun_before:
        # Ray hears signals in its own way, which ends in a trace of its machine code.
        before = signal.getsignal(signal.SIGTERM)
        _connect(ray, options)
        signal.signal(signal.SIGTERM, before)
    try:
        # Ray tells of dead workers on standard output, where the summary goes.
        with redirect_stdout(sys.stderr):
            yield from results(_Ray(ray, function), work)
    finally:
        if not begun_before:
            ray.shutdown()


def _connect(ray: Any, options: EngineOptions) -> None:
    import logging

    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "include_dashboard": False}
    try:
        if options.address:
            del quiet["include_dashboard"]
            ray.init(address=options.address, **quiet)
        else:
            ray.init("local", num_cpus=options.jobs, object_store_memory=STORE_BYTES, **quiet)
    except Exception as error:
        where = f"at {options.address}" if options.address else "on this machine"
        reason = printable(str(error) or type(error).__name__, 200)
        raise EdgelintError(Path(), f"no Ray cluster {where}: {reason}") from error


class _Ray:
    """The cluster that `ray` is connected to."""

    def __init__(self, ray: Any, function: Callable[[Plan, Unit], Result]) -> None:
        self._ray = ray
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(task)
        self._function = function
        self._plans: dict[int, tuple[Plan, Any]] = {}

    @property
    def workers(self) -> int:
        """Processors of all nodes."""
        return int(self._ray.cluster_resources().get("CPU", 1))

    def submit(self, plan: Plan, unit: Unit) -> Any:
        """The reference to a unit's result."""
        if id(plan) not in self._plans:
            self._plans[id(plan)] = plan, self._ray.put(plan)
        return self._task.remote(self._function, self._plans[id(plan)][1], portable(unit))

    def finished(self, handles: Sequence[Any]) -> Iterable[Any]:
        """References whose results are there."""
        done, _ = self._ray.wait(list(handles), num_returns=1)
        found: list[Any] = done
        return found

    def outcome(self, handle: Any) -> Result | None:
        """The result behind a reference."""
        errors = self._ray.exceptions
        try:
            result: Result = self._ray.get(handle)
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError):
            return None
        except errors.RayTaskError as error:
            if isinstance(error.cause, EdgelintError):
                raise error.cause from error
            reason = failure(error.cause) if isinstance(error.cause, Exception) else str(error)
            raise EdgelintError(
                Path(),
                f"a worker cannot run edgelint: {printable(reason, 200)}",
                hint="install the same edgelint on all workers",
            ) from error
        except errors.RayError as error:
            raise EdgelintError(Path(), f"the Ray cluster failed: {printable(str(error), 200)}") from error
        return result
