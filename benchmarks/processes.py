"""Processes that are started cold, and what the system says that they used. POSIX only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

KIB = 1024 if sys.platform.startswith("linux") else 1
"""What the system counts peak memory in, bytes."""

_NOT_PASSED_ON = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONHASHSEED")
"""Settings of this shell that change how long Python takes to start."""


@dataclass
class Measured:
    """One command; run it as often as wanted.

    cpu, clock: milliseconds of each run, user and system together, and from its start to its end.
    peak: the most bytes resident of any run. cold: files that the system shall forget before each run.
    accepted: exit codes of one that could do its job.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    cold: Sequence[Path] = ()
    accepted: frozenset[int] = frozenset({0, 1})
    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    peak: int = 0

    def run(self) -> None:
        """Runs the command once. Raises RuntimeError when it could not do its job."""
        for path in self.cold:
            forget(path)
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        start = time.perf_counter()
        process = os.posix_spawn(
            self.command[0], self.command, {**inherited, **self.environment}, file_actions=quiet
        )
        _, status, used = os.wait4(process, 0)
        self.clock.append(1000 * (time.perf_counter() - start))
        if os.waitstatus_to_exitcode(status) not in self.accepted:
            raise RuntimeError(f"failed: {' '.join(self.command)}")
        self.cpu.append(1000 * (used.ru_utime + used.ru_stime))
        self.peak = max(self.peak, used.ru_maxrss * KIB)

    @property
    def median_cpu(self) -> float:
        """Of all runs, in milliseconds."""
        return median(self.cpu)

    @property
    def median_clock(self) -> float:
        """Of all runs, in milliseconds."""
        return median(self.clock)


def in_turns(rows: Iterable[Measured], runs: int, *, warm: bool = True) -> None:
    """Runs all `runs` times, one after the other, after a first time that does not count if `warm`."""
    rows = list(rows)
    for _ in range(warm):
        for row in rows:
            row.run()
            row.cpu.clear()
            row.clock.clear()
    for _ in range(runs):
        for row in rows:
            row.run()


def forget(path: Path) -> None:
    """Lets the system drop what it remembers of a file, so that it is read from its disk."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
