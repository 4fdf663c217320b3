"""Other tools on the same files, each doing the nearest it has to a check."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.page import mib, table
from benchmarks.processes import Measured, in_turns
from benchmarks.settings import ROOT, Settings

RUNS = 5

INTRODUCTION = """## Beside other tools

Each does the nearest that it has to what `edgelint check` does, on the same file, in its own process,
medians of {runs} runs, in turns with edgelint's. They do other work, and none does the other's: these rows
say what a step in a build takes, not which tool is better.

"""

ONNX_TOOL = "import onnx_tool; m = onnx_tool.Model({!r}); m.graph.shape_infer(None); m.graph.profile()"
TFLM = "from tflite_micro import runtime; runtime.Interpreter.from_file({!r})"


def measure(settings: Settings) -> str:
    """The part of the page."""
    missing = settings.peers
    large = str(settings.model("convolutions.onnx", "benchmarks.weights", "14MB"))
    small = str(settings.copy(ROOT / "fixtures" / "models" / "digits_cnn.int8.tflite"))
    folder = Path(settings.peer_python).parent
    python = str(folder / "python")
    edgelint = settings.program
    with tempfile.TemporaryDirectory() as out:
        pairs = {
            "onnx": (
                "`onnx.checker` of 14 MB",
                (python, "-c", f"import onnx; onnx.checker.check_model({large!r})"),
                (edgelint, "check", large),
            ),
            "onnx-tool": (
                "onnx-tool, shapes and MACs of 14 MB",
                (python, "-c", ONNX_TOOL.format(large)),
                (edgelint, "inspect", large),
            ),
            "polygraphy": (
                "`polygraphy inspect model` of 14 MB",
                (str(folder / "polygraphy"), "inspect", "model", large, "--show", "layers"),
                (edgelint, "inspect", large),
            ),
            "mcufit": (
                "`mcufit check` on a board",
                (str(folder / "mcufit"), "check", small, "--board", "nano33ble"),
                (edgelint, "check", small, "--target", "arduino-nano-33-ble-sense"),
            ),
            "tflite-micro": (
                "TensorFlow Lite Micro plans its arena",
                (python, "-c", TFLM.format(small)),
                (edgelint, "check", small, "--target", "tflm-x86_64"),
            ),
            "ethos-u-vela": (
                "`vela` compiles for an Ethos-U55",
                (str(folder / "vela"), small, "--accelerator-config", "ethos-u55-128", "--output-dir", out),
                (edgelint, "check", small, "--target", "ethos-u55-128"),
            ),
        }
        lines = [_row(name, *pair, missing.get(name, "")) for name, pair in pairs.items()]
    columns = ("tool and job", "its clock, ms", "edgelint's", "times", "its peak, MiB", "edgelint's")
    return INTRODUCTION.format(runs=RUNS) + table(columns, lines)


def _row(name: str, job: str, theirs: tuple[str, ...], ours: tuple[str, ...], missing: str) -> list[object]:
    if missing:
        return [f"{job} ({name})", f"not installed: {missing}", "", "", "", ""]
    rows = Measured(theirs), Measured(ours)
    try:
        in_turns(rows, RUNS)
    except RuntimeError:
        return [f"{job} ({name})", "fails on it", "", "", "", ""]
    peer, own = rows
    return [
        f"{job} ({name})",
        f"{peer.median_clock:.0f}",
        f"{own.median_clock:.0f}",
        f"{peer.median_clock / own.median_clock:.1f}",
        mib(peer.peak),
        mib(own.peak),
    ]
