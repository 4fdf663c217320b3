"""Writes docs/speed.md: what a cold `edgelint check` takes, beside what its libraries take to import.

    python benchmarks/startup.py [--python PYTHON] [--runs N]

Run it with nothing else on the machine, and with a Python into which only edgelint was installed: what
else lies in an environment slows every import down. POSIX only: the times are what the system says that a
process used.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "speed.md"
FIXTURES = ROOT / "fixtures" / "models"

PYTHON, NUMPY, ONNX = "python", "import numpy", "import onnx"
"""The floors, by the names they have in the table."""

LAYERS, CHANNELS = 60, 81
"""Of the ONNX model: convolutions of 3 x 3 x 81 x 81 weights, 14.2 MB together."""

INTRODUCTION = """# How long a check takes

Written by `benchmarks/startup.py`; no figure here is typed by hand. Each row is a process of its own, started
cold and ended: the median of {runs} runs, taken in turns with those of the other rows. *CPU* is the time that
the system says the process used, user and system together; *clock* is the time from its start to its end. The
ratios are over the time that importing a library takes, with which most programs that read such a file
begin. `import numpy` starts a thread for each processor, whose time is CPU time and hardly shows on the
clock; edgelint, which multiplies no matrices, starts none. *Goal* is what the ratio shall not exceed.

{facts}

"""

FACTS = """
import os, sys
from importlib.metadata import distributions, version
from edgelint.rule import registry
names = ("edgelint", "click", "numpy", "onnx", "pyfive")
libraries = ", ".join(f"{name} {version(name)}" for name in names)
count = len({each.name for each in distributions()})
print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]} on {sys.platform}, {libraries};")
print(f"{count} packages installed; {len(registry())} rules.", end="")
"""
"""What the measured Python is asked about itself."""


@dataclass(frozen=True)
class Measured:
    """One row: a command, the floor it is held against, how many times as long it may take."""

    command: tuple[str, ...]
    floor: str = ""
    goal: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Runs the command once. Raises RuntimeError when it could not do its job."""
        start = time.perf_counter()
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        process = os.posix_spawn(
            self.command[0], self.command, {**os.environ, **self.environment}, file_actions=quiet
        )
        _, status, used = os.wait4(process, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise RuntimeError(f"failed: {' '.join(self.command)}")
        self.cpu.append(1000 * (used.ru_utime + used.ru_stime))
        self.clock.append(1000 * (time.perf_counter() - start))


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description="Writes docs/speed.md.")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python into which edgelint is installed"
    )
    parser.add_argument("--runs", type=int, default=21)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder, "convolutions.onnx")
        write_convolutions(onnx)
        rows = commands(given.python, onnx)
        for row in rows.values():
            row.run()
            row.cpu.clear()
            row.clock.clear()
        # Not from the checkout, whose edgelint would come before the installed one.
        facts = subprocess.run(
            [given.python, "-c", FACTS], check=True, capture_output=True, text=True, cwd=folder
        ).stdout
        for _ in range(given.runs):
            for row in rows.values():
                row.run()
    PAGE.write_text(INTRODUCTION.format(runs=given.runs, facts=facts) + table(rows))


def commands(python: str, onnx: Path) -> Mapping[str, Measured]:
    """The rows by their titles: floors first."""
    program = str(Path(python).with_name("edgelint"))

    def imports(text: str, floor: str = "") -> Measured:
        return Measured((python, "-c", text), floor)

    def check(model: Path, floor: str, goal: float, target: str = "") -> tuple[str, Measured]:
        options = ("--target", target) if target else ()
        kind, size = model.suffix, model.stat().st_size
        title = f"`check` of a `{kind}` of {size / 1000:,.0f} kB, " + (
            f"for {target}" if target else "no target"
        )
        return title, Measured((program, "check", str(model), "--format", "json", *options), floor, goal)

    tflite, core = FIXTURES / "digits_large_images.float32.tflite", "cortex-m4"
    return {
        PYTHON: imports("pass"),
        NUMPY: imports(NUMPY),
        ONNX: imports(ONNX),
        "`import numpy` without threads": Measured(
            (python, "-c", NUMPY), environment={"OPENBLAS_NUM_THREADS": "1"}
        ),
        "import pyfive": imports("import pyfive", NUMPY),
        "`onnx.checker` of the `.onnx` below": imports(
            f"import onnx; onnx.checker.check_model({str(onnx)!r})", ONNX
        ),
        "`edgelint --help`": Measured((program, "--help"), NUMPY),
        **dict(
            [
                check(tflite, NUMPY, 1.4, core),
                check(tflite, NUMPY, 1.4),
                check(FIXTURES / "digits_cnn.keras", NUMPY, 2.0, core),
                check(FIXTURES / "digits_cnn.h5", NUMPY, 2.0, core),
                check(onnx, ONNX, 1.4, "onnxruntime-cpu"),
            ]
        ),
    }


def write_convolutions(path: Path) -> None:
    """An ONNX model of `LAYERS` convolutions with a Relu each, its weights random and the same each time."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper, save

    random = numpy.random.default_rng(0)
    shape = (CHANNELS, CHANNELS, 3, 3)
    nodes, weights = [], []
    for layer in range(LAYERS):
        stored = random.normal(0, 0.05, shape).astype(numpy.float32)
        weights.append(numpy_helper.from_array(stored, f"weight_{layer}"))
        before = f"relu_{layer - 1}" if layer else "image"
        nodes += [
            helper.make_node("Conv", [before, f"weight_{layer}"], [f"conv_{layer}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"conv_{layer}"], [f"relu_{layer}"]),
        ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, CHANNELS, 32, 32])
        for name in ("image", f"relu_{LAYERS - 1}")
    ]
    graph = helper.make_graph(nodes, "convolutions", ends[:1], ends[1:], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


def table(rows: Mapping[str, Measured]) -> str:
    """The rows as Markdown."""
    columns = ("process", "CPU, ms", "clock, ms", "over", "CPU ratio", "clock ratio", "goal")
    lines = [f"| {' | '.join(columns)} |", "| --- | --: | --: | --- | --: | --: | --: |"]
    for title, row in rows.items():
        cpu, clock = median(row.cpu), median(row.clock)
        ratios = ["", ""]
        if row.floor:
            floor = rows[row.floor]
            ratios = [f"{cpu / median(floor.cpu):.2f}", f"{clock / median(floor.clock):.2f}"]
        title = title if title.startswith("`") else f"`{title}`"
        over, goal = (f"`{row.floor}`" if row.floor else ""), (f"{row.goal:.1f}" if row.goal else "")
        lines.append(f"| {' | '.join((title, f'{cpu:.0f}', f'{clock:.0f}', over, *ratios, goal))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
