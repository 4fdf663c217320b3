"""Weights are counted by another process while this one works, and nothing else is different for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgelint.analysis.weights import ahead
from edgelint.analysis.weights.ahead import Counter, counting_ahead, waiting
from edgelint.analysis.weights.statistics import Split, measure
from edgelint.checker import Settings, check_file
from edgelint.ir.dtype import DType
from edgelint.ir.tensor import FileRange, Inline, Tensor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux is it done")


@pytest.fixture
def counter() -> Iterator[Counter]:
    begun = Counter()
    yield begun
    begun.end()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """One layer of 5 MB, with a weight that is no number, and one that is infinite."""
    kernel = np.linspace(-1, 1, 1_250_000, dtype=np.float32).reshape(1000, 1250)
    kernel[3, 4], kernel[5, 6] = np.nan, np.inf
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "kernel"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1000])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1250])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    path = tmp_path / "large.onnx"
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(proto.SerializeToString())
    return path


def floats(*numbers: float) -> Tensor:
    data = np.array(numbers, "<f4").tobytes()
    return Tensor(DType.FLOAT32, (len(numbers),), len(data), Inline(data))


def test_the_answers_are_what_this_process_would_count(counter: Counter) -> None:
    questions = [(floats(1, -2, 0), None), (floats(3, 4, 5, 6), Split(1, 2, 2))]
    counter.ask(questions)
    assert counter.answers() == {place: measure(*question) for place, question in enumerate(questions)}


def test_a_constant_that_cannot_be_read_has_no_answer(counter: Counter, tmp_path: Path) -> None:
    missing = Tensor(DType.FLOAT32, (2,), 8, FileRange(tmp_path / "gone", 0, 8))
    counter.ask([(missing, None), (floats(1), None)])
    assert counter.answers().keys() == {1}


def test_a_process_that_is_gone_has_no_answers(counter: Counter) -> None:
    os.kill(counter._child._process, signal.SIGKILL)
    counter.ask([(floats(1), None)])
    assert counter.answers() == {}


def test_a_process_that_was_never_asked_is_ended(counter: Counter) -> None:
    process = counter._child._process
    counter.end()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_the_report_is_the_same(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    alone = check_file(model, Settings())
    with counting_ahead(model):
        beside = check_file(model, Settings())
        assert waiting() is None
    assert beside == alone
    assert "EL601" in {finding.code for finding in beside[0].findings}


@pytest.mark.parametrize(("processors", "smallest"), [(1, 1 << 20), (2, 8 << 20)])
def test_none_is_begun_where_that_does_not_pay(
    processors: int, smallest: int, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(processors)))
    monkeypatch.setattr(ahead, "SMALLEST_FILE", smallest)
    with counting_ahead(model):
        assert waiting() is None


def test_where_no_process_can_be_begun_this_one_counts(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(os, "fork", refused)
    open_before = len(os.listdir("/proc/self/fd"))
    with counting_ahead(model):
        assert waiting() is None
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_the_program_checks_a_large_model_without_numpy(model: Path) -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write(str('numpy' in sys.modules)))\n"
        f"sys.argv = ['edgelint', 'check', {str(model)!r}]\n"
        "import os\n"
        "os.sched_getaffinity = lambda process: {0, 1}\n"
        "from edgelint.cli import run\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == "False"
    assert "EL601" in done.stdout
