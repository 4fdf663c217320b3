"""One input through edgelint, held against what is promised of any bytes.

The promise: a model or a report, or an EdgelintError with a code and one line that names the file;
within 10 s and 1 GiB; no file written, no process started, nothing read outside the input's folder.
What is done with an input follows from its bytes alone, so that an input that was saved says it all.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from xml.etree import ElementTree

from edgelint import bounds, child
from edgelint.checker import Settings, check_file
from edgelint.errors import EdgelintError
from edgelint.findings import INTERNAL_FAILURE
from edgelint.ir.model import Model
from edgelint.loaders import Binding, load
from edgelint.loaders.onnx import inference, refine
from edgelint.reporters import Style, reporter
from edgelint.targets import find
from tests.conftest import ROOT
from tests.fuzz.formats import format_module
from tests.hostile.watch.sitecustomize import WRITING, is_deed

SECONDS = 10
"""Processor time that one input may take."""

GROWTH = 896 << 20
"""Bytes by which resident memory may grow: 1 GiB less what the interpreter and its libraries take."""

NOTICEABLE = 0.02
"""Seconds from which on an input's memory and the time of its processes are looked at."""

CHECK_SHARE = 16
"""One input in so many is checked whole; the others are loaded only."""

INFERENCE_SHARE = 32
"""One ONNX input in so many goes through ONNX's own shape inference, which takes a process of its own."""

DECODE_SHARE = 4
"""One input in so many has its small constants decoded once it is loaded."""

LARGEST_DECODED = 1 << 20
"""Elements of a constant that is decoded."""

TARGETS = (
    *("", "cortex-m4", "tflm-x86_64", "cortex-m55", "esp32s3", "arduino-nano-33-ble-sense"),
    *("ethos-u55-128", "coral-edgetpu", "litert-cpu", "litert-gpu"),
    *("onnxruntime-cpu", "onnxruntime-mobile", "tensorrt"),
)
"""What inputs are checked for, "" for no target: each way through the analyses."""

INSPECTED = "inspect"
MORE_FORMATS = (INSPECTED, "sarif", "github", "gitlab", "junit", "markdown")
"""What an input is reported in besides text and JSON; INSPECTED is those two for `inspect`."""

QUANTIZATIONS = (None, None, None, "int8")
KINDS = ("load", "check", "decode", "inference", "death")
"""What an input may be put through: loader or whole check, and on top of that the decoding of constants
and real shape inference. `death`: how often the process for inference died, which the report must survive.
"""

_READABLE = tuple(map(str, {ROOT, Path(sys.prefix), Path(sys.base_prefix), Path("/proc"), Path("/dev/null")}))
"""Where files may be read besides the input's folder: edgelint's own, and the interpreter's."""


class Broken(Exception):
    """The promise was broken. name: of the fault, the same for the same one; story: what happened."""

    def __init__(self, name: str, story: str) -> None:
        super().__init__(name, story)
        self.name = name
        self.story = story


class Execution:
    """Puts inputs of one format through edgelint.

    folder: where the input is written to, best in memory; nothing else may lie there.
    Checks have the allowance that the `edgelint` program gives them; loading has none, so that what takes
    long there is noticed. done: executions by kind. full: whether each input goes through everything,
    which takes long.
    """

    def __init__(self, format: str, folder: Path, *, full: bool = False) -> None:
        self.path = folder / f"model{format_module(format).SUFFIX}"
        self.full = full
        self.done: Counter[str] = Counter()
        self._resident = _peak_resident()
        self._children = _children_seconds()
        bounds.enforce()
        _watch()

    def __call__(self, data: bytes) -> None:
        """Puts `data` through. Raises Broken when the promise does not hold."""
        self.path.write_bytes(data)
        draw = zlib.crc32(data)
        whole = self.full or draw % CHECK_SHARE == 0
        inferred = self.full or draw // CHECK_SHARE % INFERENCE_SHARE == 0
        decoded = self.full or draw // CHECK_SHARE % DECODE_SHARE == 1
        began = time.monotonic()
        with self._inference(real=inferred), _watched(self.path):
            if not whole or self.full:
                self._load(decoded)
            if whole:
                places = range(len(TARGETS)) if self.full else (draw // 1024 % len(TARGETS),)
                for place in places:
                    quantize = QUANTIZATIONS[(draw // 1024 + place) % len(QUANTIZATIONS)]
                    self._check(
                        TARGETS[place], quantize, MORE_FORMATS[(draw // 1024 + place) % len(MORE_FORMATS)]
                    )
        # Asking takes as long as a small input does, and much memory is not filled in less than that.
        if time.monotonic() - began > NOTICEABLE:
            self._check_usage()

    @contextmanager
    def _inference(self, *, real: bool) -> Iterator[None]:
        """Inside, ONNX's shape inference is the real one, or one that never finds anything."""

        def counted(work: Any) -> bytes:
            started[:] = [True]
            reply = b""
            try:
                reply = _in_child(work)
            finally:
                self.done["death"] += not reply
            return reply

        started: list[bool] = []
        inference.in_child = refine.in_child = counted if real else _no_child  # type: ignore[attr-defined]
        try:
            yield
        finally:
            inference.in_child = refine.in_child = _in_child  # type: ignore[attr-defined]
            self.done["inference"] += len(started)

    def _load(self, decoded: bool) -> None:
        self.done["load"] += 1
        model = _promised(self.path, lambda: load(self.path, Binding(batch=1)))
        if decoded and isinstance(model, Model):
            self.done["decode"] += 1
            for graph in model.graphs:
                for value in graph.values.values():
                    tensor = value.tensor
                    if tensor is not None and max(tensor.elements, tensor.nbytes) <= LARGEST_DECODED:
                        _promised(self.path, tensor.numpy, about_file=False)

    def _check(self, target: str, quantize: str | None, more: str) -> None:
        self.done["check"] += 1
        settings = Settings(
            targets=(find(target),) if target else (), quantize=quantize, rules=more != INSPECTED
        )
        reports = _promised(self.path, lambda: check_file(self.path, settings))
        for report in reports or ():
            if report.error is not None:
                _promised(self.path, lambda error=report.error: _raise(error))
            for finding in report.findings:
                if finding.code == INTERNAL_FAILURE:
                    story = f"{finding.message} ({finding.data['line']})"
                    raise Broken(f"rule-{finding.data['rule']}", story)
        for format in ("text", "json", *({more} - {INSPECTED})):
            out, found = io.StringIO(), reporter(format)
            write = found.write_nodes if more == INSPECTED else found.write
            _promised(self.path, lambda write=write, out=out: write(reports, out, Style()))
            _check_text(format, out.getvalue())

    def _check_usage(self) -> None:
        children, self._children = self._children, _children_seconds()
        if self._children - children > SECONDS and not self.full:
            raise Broken("slow-child", f"processes for inference took more than {SECONDS} s")
        peak = _peak_resident()
        if peak - self._resident > GROWTH:
            Path("/proc/self/clear_refs").write_text("5")
            raise Broken("memory", f"took {(peak - self._resident) >> 20} MiB")


def _children_seconds() -> float:
    """Processor seconds of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _raise(error: EdgelintError) -> None:
    raise error


def _promised(path: Path, work: Any, *, about_file: bool = True) -> Any:
    """What `work` returns, None for a well-said EdgelintError; raises Broken for anything else."""
    try:
        return work()
    except EdgelintError as error:
        said = str(error)
        if error.code == "EL900":
            raise _fault(error.__cause__ or error) from error
        if isinstance(error.__cause__, MemoryError):
            raise _fault(error.__cause__) from error
        if not said.isprintable() or not error.code or not error.problem:
            raise Broken(f"unprintable-{_place(error)}", f"said {said!r}") from error
        if about_file and not said.startswith(str(path)):
            raise Broken(f"nameless-{_place(error)}", f"said {said!r}, not naming {path}") from error
        return None
    except Exception as error:
        raise _fault(error) from error


def _check_text(format: str, text: str) -> None:
    if not all(line.isprintable() for line in text.split("\n")):
        raise Broken(f"unprintable-{format}", f"a {format} report has characters that steer a terminal")
    try:
        if format in ("json", "sarif", "gitlab"):
            json.loads(text, parse_constant=_refuse)
        elif format == "junit":
            ElementTree.fromstring(text)
    except (ValueError, ElementTree.ParseError) as error:
        raise Broken(f"no-{format}", str(error)) from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _fault(error: BaseException) -> Broken:
    story = "".join(traceback.format_exception(error))
    return Broken(f"{type(error).__name__.lower()}-{_place(error)}", story)


def _place(error: BaseException) -> str:
    """The innermost function of edgelint's that `error` went through: "tflite-attributes-pads"."""
    found = "outside"
    for frame, _ in traceback.walk_tb(error.__traceback__):
        parts = Path(frame.f_code.co_filename).parts
        for root in ("edgelint", "rules"):
            if root in parts and "site-packages" not in parts:
                module = parts[len(parts) - parts[::-1].index(root) :]
                words = [*(part.removesuffix(".py") for part in module[-2:]), frame.f_code.co_name]
                found = "-".join(word.strip("_<>") for word in words)
    return found


# What an input must not set off is noticed through the interpreter's audit events.

_inside: list[Path] = []
_noticed: list[str] = []
_watching: list[bool] = []


def _watch() -> None:
    """Has the interpreter report what it opens and starts; cannot be undone."""
    if not _watching:
        _watching.append(True)
        sys.addaudithook(_notice)
        signal.signal(signal.SIGVTALRM, _too_slow)


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if not _inside:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int):
            return
        name = os.path.abspath(os.fsdecode(path))
        if flags & WRITING and name != os.devnull:
            _noticed.append(f"wrote {name}")
        elif not name.startswith((*_READABLE, str(_inside[0].parent))):
            _noticed.append(f"read {name}")
    elif event == "os.fork":
        if sys._getframe(1).f_globals.get("__name__") != child.__name__:
            _noticed.append("started a process")
    elif is_deed(event):
        _noticed.append(f"{event}{arguments!r}")


@contextmanager
def _watched(path: Path) -> Iterator[None]:
    """Time, warnings and side effects of what is done inside; raises Broken for what must not be."""
    _inside.append(path)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
        _noticed.extend(f"warned: {each.message}" for each in warned)
    except _TooSlow as slow:
        raise Broken(*slow.args) from slow
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _inside.clear()
    if _noticed:
        story = "; ".join(_noticed)
        name = _noticed[0].split()[0].rstrip(":")
        _noticed.clear()
        raise Broken(f"side-effect-{name}", story)


class _TooSlow(BaseException):
    """Not an Exception, so that nothing on the way takes it for one of its own."""


def _too_slow(number: int, frame: FrameType | None) -> None:
    words = [f"{Path(entry.filename).stem}-{entry.name}" for entry in traceback.extract_stack(frame)
             if "/edgelint/" in entry.filename or "/rules/" in entry.filename]  # fmt: skip
    name = words[-1].strip("_") if words else "outside"
    raise _TooSlow(f"slow-{name}", f"took more than {SECONDS} s:\n{''.join(traceback.format_stack(frame))}")


def _peak_resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


_in_child = inference.in_child


def _no_child(work: Any) -> bytes:
    raise inference.InferenceCrash
