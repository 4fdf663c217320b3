"""Models of gigabytes: as quick as small ones, and in little memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.page import mib, table, verdict
from benchmarks.processes import Measured, forget, in_turns
from benchmarks.settings import Settings
from edgelint.analysis.weights.reading import READ_BYTES

SLOWER, RESIDENT = 1.2, 100 << 20
"""Times the small one's time, and bytes, that a large one may take whose weights are not read."""

STREAMED, SHARE = 200 << 20, 0.5
"""Bytes resident while weights are read, and the share of the disk's speed."""

RUNS = 7

KINDS = ("14MB", "1GiB-inside", "1GiB-beside", "4GiB-beside")

INTRODUCTION = """## Gigabytes

ONNX models of the same 60 convolutions with wider and wider weights, in the file or beside it. Medians of
{runs} runs, the rows in turns, for onnxruntime-cpu. The weights of the first are read, as those of models up
to {unasked} MiB are; those of the others are when `--weights` asks for them.

"""

STREAM = """
With `--weights`, {size} MiB of random numbers that the system was made to forget before: {seconds:.1f} s,
thus {speed:,.0f} MB/s with {peak} MiB resident at most (goal: {resident}; {memory}). The disk gave the same
file to one reader in sequence at {disk:,.0f} MB/s in the same run: a share of {share:.2f} (goal: {goal};
{fast}).
"""


def measure(settings: Settings) -> str:
    """The part of the page."""
    models = {kind: settings.model(f"{kind}.onnx", "benchmarks.weights", kind) for kind in KINDS}
    options = ("--target", "onnxruntime-cpu")
    rows = {
        kind: Measured((settings.program, "check", str(model), *options)) for kind, model in models.items()
    }
    in_turns(rows.values(), RUNS)
    base = rows[KINDS[0]].median_clock
    lines = [
        (
            kind.replace("-", ", "),
            f"{row.median_cpu:.0f}",
            f"{row.median_clock:.0f}",
            f"{row.median_clock / base:.2f}",
            mib(row.peak),
            verdict(row.median_clock <= SLOWER * base and row.peak <= RESIDENT),
        )
        for kind, row in rows.items()
    ]
    columns = (
        "weights",
        "CPU, ms",
        "clock, ms",
        f"over the first, goal {SLOWER}",
        f"peak, MiB, goal {RESIDENT >> 20}",
        "",
    )
    return (
        INTRODUCTION.format(runs=RUNS, unasked=READ_BYTES >> 20)
        + table(columns, lines)
        + _streamed(settings, models["1GiB-beside"])
    )


def _streamed(settings: Settings, model: Path) -> str:
    data = model.with_name(model.name + ".data")
    reading = Measured(
        (settings.program, "check", str(model), "--target", "onnxruntime-cpu", "--weights"),
        {"EDGELINT_MAX_SECONDS": "600"},
        cold=(data,),
    )
    disk = []
    for _ in range(2):
        disk.append(_speed(data))
        reading.run()
    size, seconds = data.stat().st_size, min(reading.clock) / 1000
    share = size / seconds / max(disk)
    return STREAM.format(
        size=mib(size),
        seconds=seconds,
        speed=size / seconds / 1e6,
        peak=mib(reading.peak),
        resident=STREAMED >> 20,
        memory=verdict(reading.peak <= STREAMED),
        disk=max(disk) / 1e6,
        share=share,
        goal=SHARE,
        fast=verdict(share >= SHARE),
    )


def _speed(path: Path) -> float:
    """Bytes a second that one reader gets of a file that was forgotten."""
    forget(path)
    start = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while os.read(file.fileno(), 1 << 20):
            pass
    return path.stat().st_size / (time.perf_counter() - start)
