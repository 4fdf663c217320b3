"""The real runtimes, asked whether they run a model.

Each works in a process of its own that is started again after a crash, with bounded time per model.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, Literal

Outcome = Literal["runs", "refuses", "crashes", "takes too long"]

ARENA_BYTES = 1 << 30
"""More than any model of the corpus needs, so that only operators can be refused."""

SECONDS = 30
"""After so long a model counts as one that takes too long."""

_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a runtime did with a model. said: its reason where it refuses, else what was asked of it."""

    outcome: Outcome
    said: Any = None

    @property
    def runs(self) -> bool:
        """Whether it ran."""
        return self.outcome == "runs"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime as it is asked.

    packages: the Python packages that have it, of which the first one installed is used. source:
    Python that defines `run(path)`, which raises where the runtime refuses.
    """

    packages: tuple[str, ...]
    source: str

    @property
    def package(self) -> str | None:
        """The installed package, None where there is none."""
        return next((package for package in self.packages if _version(package)), None)

    @property
    def release(self) -> str:
        """The installed package and its version, "" where there is none."""
        return f"{self.package} {_version(self.package)}" if self.package else ""

    def ask(self, paths: Iterable[Path], seconds: float = SECONDS) -> Iterator[tuple[Path, Answer]]:
        """What it does with each path, one after the other. Raises LookupError where it is not installed."""
        if self.package is None:
            raise LookupError(f"none of {', '.join(self.packages)} is installed")
        module = _MODULES.get(self.package, self.package)
        yield from ask(self.source.replace("{module}", module).replace("{fill}", _FILL), paths, seconds)


def ask(
    source: str, paths: Iterable[Path], seconds: float = SECONDS, python: str = sys.executable
) -> Iterator[tuple[Path, Answer]]:
    """What the runtime that `source` defines in this Python does with each path."""
    worker: _Worker | None = None
    try:
        for path in paths:
            worker = worker if worker is not None and worker.alive else _Worker(source, python)
            yield path, worker.answer(path, seconds)
    finally:
        if worker is not None:
            worker.end()


_LOOP = r"""
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    try:
        found = {"outcome": "runs", "said": run(line.rstrip("\n"))}
    except BaseException as error:
        found = {"outcome": "refuses", "said": str(error)}
    answers.write(json.dumps(found) + "\n")
    answers.flush()
"""


class _Worker:
    """A process that answers for one path after the other, until it crashes."""

    def __init__(self, source: str, python: str) -> None:
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by end)
        self.process = subprocess.Popen(
            [python, "-c", source + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        self.alive = True

    def answer(self, path: Path, seconds: float) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        before = os.fstat(self.log.fileno()).st_size
        try:
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            # The runtime could not even be imported.
            raise LookupError(_sentence(self._logged(0))) from None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.end()
            return Answer("takes too long", f"more than {seconds:g} seconds")
        line = self.process.stdout.readline()
        if not line:
            said = _sentence(self._logged(before))
            self.end()
            return Answer("crashes", said or f"exit code {self.process.returncode}")
        found = Answer(**json.loads(line))
        if found.outcome == "refuses":
            return Answer("refuses", _sentence(f"{self._logged(before)} {found.said}"))
        return found

    def end(self) -> None:
        self.alive = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def _logged(self, since: int) -> str:
        """What the runtime wrote on its error output since that many bytes."""
        return os.pread(self.log.fileno(), 1 << 14, since).decode("utf-8", "replace")


def _sentence(text: str) -> str:
    """The text in one line of bounded length: how it begins and how it ends."""
    line, half = " ".join(text.split()), _REASON_CHARACTERS // 2
    return line if len(line) <= 2 * half else f"{line[:half]} … {line[-half:]}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


_MODULES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tensorflow": "tensorflow.lite.python.interpreter",
}
"""Package to the module of LiteRT's interpreter in it."""

_FILL = """
def fill(about):
    # Sizes, indices and axes are wide integers; other zeros would be divided by.
    whole = about["dtype"] in (numpy.int32, numpy.int64, numpy.bool_)
    return (numpy.zeros if whole else numpy.ones)(about["shape"], about["dtype"])
"""

TFLM = Runtime(
    ("tflite_micro",),
    f"""
import numpy
from tflite_micro import runtime
{_FILL}
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema
def run(path):
    data = open(path, "rb").read()
    interpreter = runtime.Interpreter.from_bytes(data, arena_size={ARENA_BYTES})
    for place in range(schema.Model.GetRootAs(data, 0).Subgraphs(0).InputsLength()):
        about = interpreter.get_input_details(place)
        interpreter.set_input(fill(about), place)
    interpreter.invoke()
""",
)
"""TFLite Micro: allocates and runs once."""

LITERT = Runtime(
    ("ai-edge-litert", "tensorflow"),
    """
import numpy
from {module} import Interpreter, OpResolverType
{fill}
def run(path):
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(path, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    for about in interpreter.get_input_details():
        if about["dtype"] not in (numpy.bytes_, numpy.str_):
            interpreter.set_tensor(about["index"], fill(about))
    interpreter.invoke()
""",
)
"""LiteRT's interpreter with its builtin kernels: allocates and runs once."""

XNNPACK = Runtime(
    ("ai-edge-litert", "tensorflow"),
    """
from {module} import Interpreter
def run(path):
    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    graph = interpreter._interpreter
    places = range(graph.NumNodes())
    ends = [(graph.NodeInputs(place), graph.NodeOutputs(place)) for place in places]
    delegates = [place for place in places if graph.NodeName(place) == "DELEGATE"]
    nodes = [place for place in places if place not in delegates]
    made = {int(value): place for place in nodes for value in ends[place][1]}
    given = [{int(value) for value in ends[place][0]} for place in delegates]
    taken = set()
    def follow(values, stops):
        waiting = [int(value) for value in values]
        while waiting:
            value = waiting.pop()
            if value in made and value not in stops and made[value] not in taken:
                taken.add(made[value])
                waiting += [int(each) for each in ends[made[value]][0]]
    for place, stops in zip(delegates, given):
        follow(ends[place][1], stops)
    # An assignment makes no value. It goes where its variable went, with what only it reads.
    for place in nodes:
        if graph.NodeName(place) == "ASSIGN_VARIABLE" and made.get(int(ends[place][0][0])) in taken:
            taken.add(place)
            follow(ends[place][0], set().union(*given))
    return [graph.NumNodes() - len(delegates), sorted(taken)]
""",
)
"""LiteRT with XNNPACK: how many nodes the main graph has, and the places of those that it delegates."""

ONNXRUNTIME = Runtime(
    ("onnxruntime",),
    """
import onnxruntime
onnxruntime.set_default_logger_severity(4)
def run(path):
    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
""",
)
"""ONNX Runtime on the CPU: builds a session."""

VELA = os.environ.get("EDGELINT_VELA") or shutil.which("vela")
"""Arm's compiler for the Ethos-U, which may live in an environment of its own."""

_VELA = """
import os
from ethosu.vela import vela
def run(request):
    target, folder, path = request.split("\\t")
    child = os.fork()
    if child == 0:
        try:
            vela.main(["--accelerator-config", target, "--output-dir", folder, path])
        except BaseException as error:
            print(repr(error))
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("does not compile")
    return os.path.join(folder, os.path.splitext(os.path.basename(path))[0] + "_vela.tflite")
"""


def vela_release() -> str:
    """Vela's name and version, "" where it is not installed."""
    if VELA is None:
        return ""
    said = subprocess.run([VELA, "--version"], capture_output=True, text=True, check=False)
    return f"ethos-u-vela {said.stdout.strip()}"


def compiled(paths: Iterable[Path], target: str, folder: Path) -> Iterator[tuple[Path, Answer]]:
    """What Vela makes of each path for `target`: `said` is the compiled file, below `folder`.

    Raises LookupError where Vela is not installed.
    """
    if VELA is None:
        raise LookupError("Vela is not here: pip install ethos-u-vela, or EDGELINT_VELA")
    asked = {}
    for number, path in enumerate(paths):
        copy = folder / f"{number}.tflite"
        if not copy.exists():
            copy.symlink_to(path.resolve())
        asked[Path(f"{target}\t{folder / target}\t{copy}")] = path
    python = str(Path(VELA).with_name("python"))
    for request, answer in ask(_VELA, asked, SECONDS, python):
        yield asked[request], answer
