"""Verdicts on real models, held against the real runtimes.

Each runtime works in a process of its own that is started again after a crash: a crash is no answer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from edgelint.analysis.support import judge
from edgelint.loaders import load
from edgelint.targets import find
from tests.conftest import corpus

ARENA_BYTES = 1 << 30
"""More than any model of the corpus needs, so that only operators can be refused."""

TFLM = f"""
from tflite_micro import runtime
def run(path):
    runtime.Interpreter.from_bytes(open(path, "rb").read(), arena_size={ARENA_BYTES})
"""

LITERT = """
import tensorflow as tf
without_delegates = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
def run(path):
    tf.lite.Interpreter(path, experimental_op_resolver_type=without_delegates).allocate_tensors()
"""

ONNXRUNTIME = """
import onnxruntime
onnxruntime.set_default_logger_severity(4)
def run(path):
    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
"""

LOOP = """
import sys
for path in sys.argv[1:]:
    print("\\nstart " + path, flush=True)
    try:
        run(path)
        print("\\nran", flush=True)
    except Exception as error:
        print("\\nrefused " + str(error).replace("\\n", " "), flush=True)
"""


def answers(runtime: str, paths: Iterable[Path]) -> dict[str, str]:
    """What the runtime says to each path: "ran" or "refused …"; crashes are left out."""
    waiting = [str(path) for path in paths]
    found: dict[str, str] = {}
    while waiting:
        process = subprocess.run(
            [sys.executable, "-c", runtime + LOOP, *waiting], capture_output=True, text=True, errors="replace"
        )
        tried = 0
        for line in process.stdout.splitlines():
            if line.startswith("start "):
                tried, path = tried + 1, line.removeprefix("start ")
            elif line.startswith(("ran", "refused ")):
                found[path] = line
        assert tried, process.stderr[-2000:]
        waiting = waiting[tried:]
    return found


def verdict(path: str, target: str) -> bool | None:
    """What edgelint says: the model runs, does not, or that depends on the application."""
    found = {support.supported for support in judge(load(path), find(target))}
    return False if False in found else None if None in found else True


def models(folder: Path, suffix: str) -> list[Path]:
    """The valid models of the corpus with this suffix."""
    entries = (folder / entry["path"] for entry in corpus() if "malformed/" not in entry["path"])
    return sorted(path for path in entries if path.suffix == suffix and path.is_file())


def disagreements(runtime: str, target: str, paths: list[Path]) -> list[str]:
    """Models that edgelint and the runtime see differently."""
    return [
        f"{path}: edgelint says {says}, the runtime {answer}"
        for path, answer in answers(runtime, paths).items()
        if (says := verdict(path, target)) is not None and says != (answer == "ran")
    ]


def test_tflite_micro_allocates_exactly_the_models_that_are_said_to_run(shared_models: Path) -> None:
    pytest.importorskip("tflite_micro")
    assert disagreements(TFLM, "tflm-x86_64", models(shared_models, ".tflite")) == []


@pytest.mark.slow
def test_onnx_runtime_opens_exactly_the_models_that_are_said_to_run(shared_models: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert disagreements(ONNXRUNTIME, "onnxruntime-cpu", models(shared_models, ".onnx")) == []


@pytest.mark.slow
def test_litert_opens_every_model_that_is_said_to_run_and_no_other(shared_models: Path) -> None:
    pytest.importorskip("tensorflow")
    # Neither is about an operator: a quantization axis beyond the tensor's rank, and a state tensor
    # whose size does not go with its filters.
    broken = ("quantized_dimension must be in range", "SizeOfDimension(state, 1)")
    found = disagreements(LITERT, "litert-cpu", models(shared_models, ".tflite"))
    assert [each for each in found if not any(reason in each for reason in broken)] == []
