"""A folder of a thousand models."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.page import mib, table, verdict
from benchmarks.processes import Measured, in_turns
from benchmarks.settings import ROOT, Settings

FEW, MANY = 250, 1000
RUNS = 5
FASTER, GROWTH = 1.7, 1.25
"""Times the models a second for two processes, at least; times the memory for four times the models."""

SUFFIXES = (".tflite", ".keras", ".onnx", ".h5")

INTRODUCTION = """## A folder

{many} models: the fixtures of all formats over and over, those made to be refused among them, for cortex-m4.
Medians of {runs} runs, the rows in turns; the peak is that of the largest process.

"""


def measure(settings: Settings) -> str:
    """The part of the page."""
    rows = {
        (count, jobs): Measured(
            (
                settings.program,
                "check",
                str(_folder(settings.cache / "models", count)),
                *("--target", "cortex-m4", "--format", "json", "--jobs", str(jobs)),
            ),
            accepted=frozenset({0, 1, 2}),
        )
        for count, jobs in ((FEW, 1), (MANY, 1), (MANY, 2))
    }
    in_turns(rows.values(), RUNS, warm=False)
    alone = rows[MANY, 1]
    lines = []
    for (count, jobs), row in rows.items():
        ratio = alone.median_clock / row.median_clock
        goals = ""
        if jobs > 1:
            goals = f"{ratio:.2f} times as fast, goal {FASTER}: {verdict(ratio >= FASTER)}"
        elif count == MANY:
            growth = row.peak / rows[FEW, 1].peak
            goals = f"{growth:.2f} times the memory, goal {GROWTH}: {verdict(growth <= GROWTH)}"
        seconds = row.median_clock / 1000
        speed = f"{count / seconds:.0f}"
        lines.append((f"{count:,} models, `--jobs {jobs}`", f"{seconds:.1f}", speed, mib(row.peak), goals))
    columns = ("run", "clock, s", "models a second", "peak, MiB", "goals")
    return INTRODUCTION.format(many=f"{MANY:,}", runs=RUNS) + table(columns, lines)


def _folder(models: Path, count: int) -> Path:
    folder = models / f"folder_{count}"
    given = sorted(path for path in (ROOT / "fixtures" / "models").iterdir() if path.suffix in SUFFIXES)
    if not folder.exists():
        folder.mkdir(parents=True)
        for place in range(count):
            source = given[place % len(given)]
            shutil.copy(source, folder / f"{place:04}_{source.name}")
    return folder
