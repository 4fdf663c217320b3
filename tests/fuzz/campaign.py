"""A campaign: a worker that tries inputs, and its watch, which outlives the worker's death."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz.engines import Tally
from tests.fuzz.execution import KINDS
from tests.fuzz.formats import format_module
from tests.fuzz.statistics import Run

HANG = 120.0
"""Seconds without a finished input after which a worker is taken for stuck."""

_STATUS = re.compile(r"cov: (?P<edges>\d+) ft: (?P<features>\d+) corp: (?P<corpus>\d+)/")
_MEMORY = Path("/dev/shm")


@dataclass
class Campaign:
    """What to run, and how long: whichever of `runs` and `seconds` is reached first.

    corpus: inputs that atheris keeps. faults: where inputs that break the promise are put.
    statistics: the file that the run's figures go to; None for no file.
    """

    format: str
    engine: str
    runs: int
    seconds: float
    corpus: Path
    faults: Path
    seed: int = 0
    statistics: Path | None = None
    status: dict[str, int] = field(default_factory=dict)

    def run(self) -> Run:
        """Runs it; the result is that of the whole campaign, through all deaths of its workers."""
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.faults.mkdir(parents=True, exist_ok=True)
        began = time.time()
        deaths = 0
        with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
            folder = Path(name)
            tally = Tally(folder / "tally")
            try:
                while True:
                    before = tally.read()
                    ended = self._watch(self._start(folder, deaths), tally, began)
                    if ended is None:
                        break
                    if tally.read() == before:
                        raise SystemExit("the worker cannot even begin: see above")
                    deaths += 1
                    self._keep_deadly(folder, ended)
            except KeyboardInterrupt:
                pass
            return self._record(tally, began)

    def _start(self, folder: Path, number: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.fuzz", self.format, "--worker", str(folder)]
        command += ["--engine", self.engine, "--seed", str(self.seed + number)]
        command += ["--corpus", str(self.corpus), "--faults", str(self.faults)]
        worker = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace")
        threading.Thread(target=self._read, args=(worker,), daemon=True).start()
        return worker

    def _read(self, worker: subprocess.Popen[str]) -> None:
        for line in worker.stderr or ():
            found = _STATUS.search(line)
            if found:
                self.status = {name: int(number) for name, number in found.groupdict().items()}
            elif not line.startswith(("#", "INFO:")):
                sys.stderr.write(line)

    def _watch(self, worker: subprocess.Popen[str], tally: Tally, began: float) -> int | None:
        """How the worker ended; None when the campaign's time or runs are up."""
        try:
            return self._wait(worker, tally, began)
        finally:
            worker.kill()
            worker.wait()

    def _wait(self, worker: subprocess.Popen[str], tally: Tally, began: float) -> int | None:
        last, since, written = tally.read(), time.monotonic(), 0.0
        while worker.poll() is None:
            time.sleep(0.5)
            now = tally.read()
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - written > 15:
                self._record(tally, began)
                written = time.monotonic()
            if time.time() - began >= self.seconds or sum(now[: KINDS.index("check") + 1]) >= self.runs:
                return None
            if time.monotonic() - since > HANG:
                worker.send_signal(signal.SIGABRT)
        return worker.returncode

    def _keep_deadly(self, folder: Path, ended: int) -> None:
        """Keeps the input that the worker died of."""
        suffix = format_module(self.format).SUFFIX
        kind = signal.Signals(-ended).name.lower() if ended < 0 else f"exit-{ended}"
        data = folder / f"model{suffix}"
        if data.exists():
            number = sum(1 for _ in self.faults.glob(f"died-{kind}-*{suffix}"))
            (self.faults / f"died-{kind}-{number}{suffix}").write_bytes(data.read_bytes())

    def _record(self, tally: Tally, began: float) -> Run:
        *counts, broken = tally.read()
        run = Run(
            format=self.format,
            engine=self.engine,
            seed=self.seed,
            began=int(began),
            seconds=round(time.time() - began, 1),
            executions=dict(zip(KINDS, counts, strict=True)),
            broken=broken,
            faults=sorted(path.stem for path in self.faults.glob(f"*{format_module(self.format).SUFFIX}")),
            **self.status,
        )
        if self.statistics:
            run.write(self.statistics)
        return run
