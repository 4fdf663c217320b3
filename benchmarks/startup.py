"""What a cold `edgelint check` of one model takes, beside what its libraries take to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.page import table, verdict
from benchmarks.processes import Measured, in_turns
from benchmarks.settings import ROOT, Settings

FIXTURES = ROOT / "fixtures" / "models"

NUMPY, ONNX = "`import numpy`", "`import onnx`"
"""The floors, by the names they have in the table."""

INTRODUCTION = """## One model, cold

Medians of {runs} runs, the rows in turns. *CPU* is the time that the system says the process used, *clock*
from its start to its end. The ratios are over the time that importing a library takes, with which most
programs that read such a file begin. `import numpy` starts a thread for each processor; edgelint, which
multiplies no matrices, starts none.

"""


@dataclass(frozen=True)
class Row:
    """What is measured, the floor it is held against, and how many times as long it may take."""

    measured: Measured
    floor: str = ""
    goal: float = 0.0


def measure(settings: Settings) -> str:
    """The part of the page."""
    rows = commands(settings)
    in_turns((row.measured for row in rows.values()), settings.runs)
    lines = []
    for title, row in rows.items():
        cpu, clock = row.measured.median_cpu, row.measured.median_clock
        cells: list[object] = [title, f"{cpu:.0f}", f"{clock:.0f}", row.floor, "", "", "", ""]
        if row.floor:
            floor = rows[row.floor].measured
            ratio = clock / floor.median_clock
            cells[4:6] = [f"{cpu / floor.median_cpu:.2f}", f"{ratio:.2f}"]
            if row.goal:
                cells[6:8] = [f"{row.goal:.1f}", verdict(ratio <= row.goal)]
        lines.append(cells)
    columns = ("process", "CPU, ms", "clock, ms", "over", "CPU ratio", "clock ratio", "goal", "")
    return INTRODUCTION.format(runs=settings.runs) + table(columns, lines)


def commands(settings: Settings) -> Mapping[str, Row]:
    """The rows by their titles: floors first."""
    python, program = settings.python, settings.program

    def imports(text: str, floor: str = "", **environment: str) -> Row:
        return Row(Measured((python, "-c", text), environment), floor)

    # Outside of the checkout, whose own configuration would be read.
    models = {
        name: settings.copy(FIXTURES / name)
        for name in ("digits_large_images.float32.tflite", "digits_cnn.keras", "digits_cnn.h5")
    }
    large = settings.model("convolutions.onnx", "benchmarks.weights", "14MB")

    def check(name: str, floor: str, goal: float, target: str = "") -> tuple[str, Row]:
        model = models.get(name, large)
        options = ("--target", target) if target else ()
        title = f"`check` of a `{model.suffix}` of {model.stat().st_size / 1000:,.0f} kB, " + (
            f"for {target}" if target else "no target"
        )
        return title, Row(Measured((program, "check", str(model), *options)), floor, goal)

    tflite, core, host = "digits_large_images.float32.tflite", "cortex-m4", "onnxruntime-cpu"
    return {
        "`python`": imports("pass"),
        NUMPY: imports("import numpy"),
        ONNX: imports("import onnx"),
        "`import numpy` without threads": imports("import numpy", OPENBLAS_NUM_THREADS="1"),
        "`edgelint --help`": Row(Measured((program, "--help")), NUMPY),
        **dict(
            [
                check(tflite, NUMPY, 1.4, core),
                check(tflite, NUMPY, 1.4),
                check("digits_cnn.keras", NUMPY, 2.0, core),
                check("digits_cnn.h5", NUMPY, 2.0, core),
                check("", ONNX, 1.4, core),
                check("", ONNX, 1.4, host),
                check("", ONNX, 1.4),
            ]
        ),
    }
