"""C++ for TensorFlow Lite Micro: a resolver with just the operators of a model, and its arena."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from edgelint import __version__
from edgelint.analysis.figure import Basis
from edgelint.printable import printable
from edgelint.report import Report
from edgelint.reporters import Style
from edgelint.targets import FOLDER, read_toml

_SURE = {
    Basis.EXACT: "as the runtime plans it",
    Basis.PREDICTED: "predicted: measure it with arena_used_bytes()",
    Basis.BOUND: "a lower bound: measure the rest with arena_used_bytes()",
}


def write_nodes(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """For each model a `MicroMutableOpResolver` to paste, and an arena of the size it needs."""
    names = read_toml(FOLDER / "tflm_resolver.toml")
    for report in reports:
        out.writelines(line + "\n" for line in _program(report, names))


def _program(report: Report, names: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    path = printable(report.path, 1000).replace("\\", "/")
    if report.error is not None:
        yield f"// {path}: {report.error.code}: {printable(report.error.sentence, 400)}"
        return
    if report.format != "tflite" or report.profile is None:
        yield f"// {path}: a resolver is for TFLite models; convert this {report.format} file first"
        return
    known: list[str] = []
    missing: list[str] = []
    for use in report.operators:
        method = names["builtin"].get(use.op) or names["custom"].get(use.op)
        known.append(f"TF_LITE_ENSURE_STATUS(resolver.{method}());") if method else missing.append(use.op)
    known.sort()
    title = re.sub(r"\W", "_", Path(report.path).name.partition(".")[0], flags=re.ASCII)
    yield f"// {path}: {len(known)} operators. Made by edgelint {__version__}."
    yield '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"'
    yield ""
    yield from _arena(report, title)
    yield f"inline TfLiteStatus Register_{title}(tflite::MicroMutableOpResolver<{len(known)}>& resolver) {{"
    yield from (f"  {line}" for line in known)
    yield from (
        f"  // {printable(op)}: TensorFlow Lite Micro has no such operator; add your own with AddCustom()"
        for op in missing
    )
    yield "  return kTfLiteOk;"
    yield "}"


def _arena(report: Report, title: str) -> Iterator[str]:
    assert report.profile is not None
    arena = report.profile.arena_bytes
    if arena.minimum is None:
        yield f"// arena: unknown ({printable(arena.reason or 'no --target given', 300)})"
        return
    yield f"// {report.target}: {_SURE[arena.basis]}."
    yield f"constexpr int kArenaBytes_{title} = {arena.minimum};"
    yield f"alignas(16) static uint8_t arena_{title}[kArenaBytes_{title}];"
    yield ""
