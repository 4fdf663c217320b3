"""Conversions by onnx2tf, in a Python environment of its own, and how far a prediction is from one.

onnx2tf pins TensorFlow, NumPy and onnx to versions that don't go with edgelint's, so the variable
EDGELINT_ONNX2TF names the Python that has it: `python3 -m venv V; V/bin/pip install onnx2tf` gives
V/bin/python. Run as a script it prints a line per file:
`python -m tests.lowering.onnx_oracle [FILE.onnx…]`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from edgelint import targets
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model
from edgelint.loaders import Binding, load
from edgelint.lowering.onnx import lower_onnx
from tests.conftest import FIXTURES, SHARED_MODELS
from tests.lowering.onnx_networks import NETWORKS, build

VARIABLE = "EDGELINT_ONNX2TF"
SUFFIXES = {None: "float32", "int8": "full_integer_quant", "int8-float-io": "integer_quant"}
"""Scheme to what onnx2tf calls the file."""

SECONDS = 600
"""Longest conversion that is waited for."""

_SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""The images onnx2tf fetches to try a model on; any numbers do."""


@dataclass(frozen=True)
class Compared:
    """A prediction beside the converted file: operators, and bytes of the arena on a Cortex-M4."""

    predicted: Counter[str]
    converted: Counter[str]
    predicted_arena: int
    converted_arena: int

    @property
    def same_operators(self) -> bool:
        """Whether the operators and their fused activations are the same, each as often."""
        return self.predicted == self.converted

    @property
    def arena_error(self) -> float:
        """How much more the prediction says, as a share of the converted file's arena."""
        return self.predicted_arena / self.converted_arena - 1


def python() -> str | None:
    """The Python that has onnx2tf; None without one."""
    return os.environ.get(VARIABLE) or None


def convert(path: Path, folder: Path, *, integers: bool = False) -> str:
    """Converts a copy of `path` (onnx2tf rewrites its input) in `folder`; why it failed, or ""."""
    import numpy as np

    np.save(folder / _SAMPLES, np.random.default_rng(0).random((20, 128, 128, 3), np.float32))
    copy = folder / path.name
    shutil.copyfile(path, copy)
    for beside in path.parent.glob(f"{path.stem}.weights"):
        shutil.copyfile(beside, folder / beside.name)
    interpreter = Path(python() or "")
    environment = {**os.environ, "PATH": f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(interpreter), "-m", "onnx2tf", "-i", str(copy), "-o", str(folder), "-b", "1"]
    done = subprocess.run(
        command + ["-oiqt"] * integers, cwd=folder, env=environment, capture_output=True, timeout=SECONDS
    )
    return "" if done.returncode == 0 else done.stderr.decode(errors="replace")[-400:] or "failed"


def compare(path: Path, folder: Path, scheme: str | None = None) -> Compared | str:
    """The prediction for `path` beside its conversion in `folder`; why there is none of the two."""
    lowered = lower_onnx(load(path, Binding(batch=1)), scheme)
    if lowered.model is None:
        first = lowered.unconvertible[0]
        return f"not lowered: {first.node.op if first.node else 'it'} {first.reason}"
    file = folder / f"{path.stem}_{SUFFIXES[scheme]}.tflite"
    if not file.exists():
        return "not converted"
    real = load(file, Binding(batch=1))
    target = targets.find("cortex-m4")
    return Compared(
        _operators(lowered.model),
        _operators(real),
        plan_arena(lowered.model, target).value or 0,
        plan_arena(real, target).value or 0,
    )


def _operators(model: Model) -> Counter[str]:
    return Counter(
        node.source.op + (f" {node.activation}" if node.activation else "") for node in model.main.nodes
    )


def main(names: list[str]) -> None:
    """Prints how each file's prediction differs from its conversion, and the shares that agree."""
    found: list[Compared] = []
    with tempfile.TemporaryDirectory() as temporary:
        built = Path(temporary)
        paths = [Path(name) for name in names] or [
            *sorted((FIXTURES / "models").glob("*.onnx")),
            *sorted(path for path in SHARED_MODELS.rglob("*.onnx") if path.parent.name != "malformed"),
            *(build(name, built) for name in NETWORKS),
        ]
        for path in paths:
            with tempfile.TemporaryDirectory() as folder:
                result = _attempt(path, Path(folder))
            print(f"{path.stem:40} {_line(result)}", flush=True)
            if isinstance(result, Compared):
                found.append(result)
    same = sum(result.same_operators for result in found)
    near = sum(abs(result.arena_error) <= 0.05 for result in found)
    print(f"{len(found)} compared: operators the same in {same}, arena within 5 % in {near}")


def _attempt(path: Path, folder: Path) -> Compared | str:
    try:
        if lower_onnx(load(path, Binding(batch=1))).model is not None:
            convert(path, folder)
        return compare(path, folder)
    except EdgelintError as error:
        return f"not read: {error.sentence}"
    except subprocess.TimeoutExpired:
        return "not converted in time"


def _line(result: Compared | str) -> str:
    if isinstance(result, str):
        return result
    more, fewer = result.predicted - result.converted, result.converted - result.predicted
    difference = (
        "same operators" if result.same_operators else f"too many {dict(more)}, missing {dict(fewer)}"
    )
    arenas = f"{result.predicted_arena} of {result.converted_arena}"
    return f"arena {arenas} ({result.arena_error:+.2%}), {difference}"


if __name__ == "__main__":
    if python() is None:
        sys.exit(f"set {VARIABLE} to a Python that has onnx2tf")
    main(sys.argv[1:])
