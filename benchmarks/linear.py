"""Time by the number of nodes."""

from __future__ import annotations

from benchmarks.page import mib, table, verdict
from benchmarks.processes import Measured, in_turns
from benchmarks.settings import Settings
from edgelint.bounds import SECONDS

SMALL, LARGE = 1_000, 100_000
LARGE_KERAS = 20_000
"""Keras describes a layer in so many words that edgelint refuses the text of more."""

RUNS, SMALL_RUNS = 3, 21
"""Runs of the large graph, and of the small one, which takes a moment."""

GOAL = 1.5
"""Times the time per node of the small graph that one node of the large graph may take."""

ROWS = (
    ("convolutions", "onnx", ""),
    ("convolutions", "onnx", "cortex-m4"),
    ("chain", "onnx", "cortex-m4"),
    ("convolutions", "tflite", ""),
    ("convolutions", "tflite", "cortex-m4"),
    ("convolutions", "keras", "cortex-m4"),
)

ALLOWED = {"EDGELINT_MAX_SECONDS": "600", "EDGELINT_MAX_MIB": "16384"}

INTRODUCTION = f"""## Many nodes

Microseconds of CPU for each node of a graph, beyond what the smallest model takes: medians of {SMALL_RUNS}
runs of that and of the small graph, and of {RUNS} of the large one, in turns. *Convolutions* are
convolution, batch normalization, Relu, over and over; *chain* is one Relu after the other, with a finding
for each. By default edgelint ends a check that takes longer than {SECONDS:g} s of CPU
(`EDGELINT_MAX_SECONDS`); here it may.

"""


def measure(settings: Settings) -> str:
    """The part of the page."""
    lines = []
    for pattern, kind, target in ROWS:
        sizes = (6, SMALL, LARGE_KERAS if kind == "keras" else LARGE)
        options = ("--format", "json", *(("--target", target) if target else ()))
        floor, small, large = (
            Measured(
                (settings.program, "check", str(_graph(settings, pattern, size, kind)), *options), ALLOWED
            )
            for size in sizes
        )
        in_turns((floor, small), 0)
        # A machine that is shared has slow minutes: what is compared is run in the same ones.
        in_turns((*(floor, small) * (SMALL_RUNS // RUNS), large), RUNS, warm=False)
        each = [
            1000 * (row.median_cpu - floor.median_cpu) / size
            for row, size in zip((small, large), sizes[1:], strict=True)
        ]
        lines.append(
            (
                f"{pattern}, `.{kind}`, {target or 'no target'}",
                f"{each[0]:.0f}",
                f"{each[1]:.0f}",
                f"{sizes[2]:,}",
                f"{large.median_clock / 1000:.1f}",
                mib(large.peak),
                f"{each[1] / each[0]:.2f}",
                verdict(each[1] <= GOAL * each[0]),
            )
        )
    columns = (
        "graph",
        f"µs a node of {SMALL:,}",
        "of the large one",
        "nodes of that",
        "its clock, s",
        "its peak, MiB",
        f"ratio, goal {GOAL}",
        "",
    )
    return INTRODUCTION + table(columns, lines)


def _graph(settings: Settings, pattern: str, nodes: int, kind: str) -> object:
    return settings.model(f"{pattern}_{nodes}.{kind}", "benchmarks.graphs", pattern, str(nodes))
