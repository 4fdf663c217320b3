"""Writes docs/verdicts.md: what edgelint says runs, and what the real runtimes then run.

    python -m benchmarks.verdicts --models FOLDER [--runtime NAME ...] [--output FILE]

Models: the public ones in FOLDER, the fixtures, and models of one operator, generated. Runtimes, as Python
packages: tflite-micro, ai-edge-litert (or tensorflow), onnxruntime, and ethos-u-vela, which may live in an
environment of its own (EDGELINT_VELA names its program). Of a runtime that is not asked or not installed,
FILE keeps what it says. No figure on the page is typed by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.page import parts, table, write
from benchmarks.settings import ROOT
from benchmarks.verdicts_compare import (
    DELEGATED,
    NOT_COMPILED,
    ON_CPU,
    REFUSED,
    SUPPORTED,
    UNKNOWN,
    UNREAD,
    Compare,
    Judged,
    counted,
    vela,
    whole_models,
    xnnpack,
)
from edgelint.targets import find, read_toml
from tests.analysis import real_runtimes
from tests.analysis.verdict_models import write_onnx, write_tflite

PAGE = ROOT / "docs" / "verdicts.md"
FIXTURES = ROOT / "fixtures"
EXPLAINED = ROOT / "benchmarks" / "verdicts_explained.toml"
SAID = 120
"""Characters that are shown of what a runtime said."""

INTRODUCTION = """# How far the verdicts can be trusted

Written by `benchmarks/verdicts.py`; no figure here is typed by hand. *supported*, *refused* and *unknown* is
what edgelint says of a model's operators (or, for accelerators, of each operator), *not read* that it refuses
the file itself. The columns are what the real runtime then did. A false *supported* is a model that edgelint
calls supported and the runtime does not run, a false *refused* one that edgelint refuses and the runtime
runs. Models that Vela does not compile are counted once each. Models: *public* ones, the project's
*fixtures*, and *generated* ones of one operator each, which try every type, rank, window, scale and
activation. Models damaged on purpose are not among them.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """One runtime on the page. heading: of its part. does: what it was asked. suffix: of its models."""

    heading: str
    does: str
    target: str
    compare: Compare
    suffix: str
    outcomes: tuple[str, ...]
    release: Callable[[], str]


RUN = ("runs", "refuses", "crashes", "takes too long")
PLACED = (DELEGATED, ON_CPU)
COMPILED = (*PLACED, NOT_COMPILED)


def _vela(target: str) -> Subject:
    return Subject(
        f"{target}, by operator", "Vela compiled each model; which operators did it leave to the CPU?",
        target, vela(target), ".tflite", COMPILED, real_runtimes.vela_release,
    )  # fmt: skip


SUBJECTS = {
    "tflm": Subject(
        "TFLite Micro", "The Python package loaded, allocated and ran each model.",
        "tflm-x86_64", whole_models(real_runtimes.TFLM, "tflm-x86_64"), ".tflite", RUN,
        lambda: real_runtimes.TFLM.release,
    ),
    "litert": Subject(
        "LiteRT", "The interpreter with its builtin kernels loaded, allocated and ran each model.",
        "litert-cpu", whole_models(real_runtimes.LITERT, "litert-cpu"), ".tflite", RUN,
        lambda: real_runtimes.LITERT.release,
    ),
    "xnnpack": Subject(
        "LiteRT with XNNPACK, by operator", "Which operators of the main graph does the delegate take?",
        "litert-xnnpack", xnnpack, ".tflite", PLACED, lambda: real_runtimes.XNNPACK.release,
    ),
    "onnxruntime": Subject(
        "ONNX Runtime", "A session on the CPU was built of each model.",
        "onnxruntime-cpu", whole_models(real_runtimes.ONNXRUNTIME, "onnxruntime-cpu"), ".onnx", RUN,
        lambda: real_runtimes.ONNXRUNTIME.release,
    ),
    "vela-u55": _vela("ethos-u55-128"),
    "vela-u65": _vela("ethos-u65-256"),
    "vela-u85": _vela("ethos-u85-256"),
}  # fmt: skip
"""The runtimes by the names of their parts; `--runtime vela` stands for all of Vela's."""


def main() -> None:
    """Writes the page and prints what was found."""
    parser = argparse.ArgumentParser(description="Writes docs/verdicts.md.")
    parser.add_argument("--models", type=Path, required=True, help="public models")
    parser.add_argument("--runtime", action="append", choices=[*SUBJECTS, "vela"])
    parser.add_argument("--output", type=Path, default=PAGE)
    given = parser.parse_args()
    asked = [
        name for name in SUBJECTS if not given.runtime or {name, name.partition("-")[0]} & {*given.runtime}
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name in asked:
            try:
                text = part(name, collections(SUBJECTS[name], given.models, Path(folder)))
            except LookupError as error:
                print(f"{name}: not asked: {error}", file=sys.stderr)
                continue
            print(text)
            told = {**parts(given.output), name: text}
            write(given.output, INTRODUCTION, {each: told.get(each, "") for each in SUBJECTS})


def collections(subject: Subject, models: Path, folder: Path) -> dict[str, list[Path]]:
    """The models that `subject` is asked about, by collection; generated ones are written below `folder`."""
    found = {"public": models, "fixtures": FIXTURES}
    paths = {
        name: sorted(path for path in root.rglob(f"*{subject.suffix}") if "malformed" not in path.parts)
        for name, root in found.items()
    }
    return {**paths, "generated": list(_generated(subject.suffix, folder))}


@cache
def _generated(suffix: str, folder: Path) -> tuple[Path, ...]:
    if suffix == ".onnx":
        return tuple(write_onnx(folder, find("onnxruntime-cpu").runtime.limits["opset"]))
    return tuple(write_tflite(folder))


def part(name: str, models: dict[str, list[Path]]) -> str:
    """That runtime's part of the page: its tables and its disagreements."""
    subject = SUBJECTS[name]
    judged = {collection: list(subject.compare(paths)) for collection, paths in models.items()}
    every = [each for found in judged.values() for each in found]
    rows = [
        [collection, ours, *(str(counts[ours, theirs]) for theirs in subject.outcomes)]
        for collection, counts in ((collection, counted(found)) for collection, found in judged.items())
        for ours in (SUPPORTED, REFUSED, UNKNOWN, UNREAD)
        if any(counts[ours, theirs] for theirs in subject.outcomes)
    ]
    text = f"## {subject.heading}\n\n{subject.does} `{subject.target}` against {subject.release()}.\n\n"
    text += table(("models", "edgelint says", *subject.outcomes), rows, left=2)
    return text + _shares(name, every) + _disagreements(name, every) + _not_compiled(every)


def _shares(name: str, every: Sequence[Judged]) -> str:
    said = [each for each in every if each.ours == SUPPORTED]
    ran = [each for each in every if each.theirs in ("runs", DELEGATED)]
    wrong, missed = (
        _share(name, [each for each in said if each.is_false_supported], len(said)),
        _share(name, [each for each in ran if each.is_false_refused], len(ran)),
    )
    return f"\nFalse *supported*: {wrong}. False *refused*: {missed}.\n"


def _share(name: str, wrong: Sequence[Judged], total: int) -> str:
    share = f"{len(wrong)} of {total}" + (f" ({100 * len(wrong) / total:.2f} %)" if total else "")
    elsewhere = sum(not explanation(name, each).is_support for each in wrong)
    return share + (
        f", {elsewhere} of them for another reason than its support in the table's release"
        if elsewhere
        else ""
    )


def _disagreements(name: str, every: Iterable[Judged]) -> str:
    grouped: dict[Explanation, list[Judged]] = {}
    for each in every:
        if each.is_false_supported or each.is_false_refused:
            grouped.setdefault(explanation(name, each), []).append(each)
    text = "".join(f"- {why.sentence}: {_listed(found)}\n" for why, found in grouped.items())
    return f"\n{text}" if text else "\nNo disagreement.\n"


def _not_compiled(every: Iterable[Judged]) -> str:
    """Why Vela does not compile models at all, and three of each kind."""
    grouped: dict[str, list[str]] = {}
    for each in every:
        if each.theirs == NOT_COMPILED:
            last = each.said.rpartition(" … ")[2]
            raised = re.search(r"\w+Error\(.*\)|Failed to parse.*|more than .* seconds", last)
            grouped.setdefault(raised[0] if raised else last, []).append(f"`{each.path.name}`")
    lines = (
        f"- {len(names)} with “{_plain(reason)}”: {', '.join(names[:3])}{', …' if len(names) > 3 else ''}\n"
        for reason, names in sorted(grouped.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    )
    text = "".join(lines)
    return f"\nNot compiled at all:\n\n{text}" if text else ""


def _listed(found: Sequence[Judged]) -> str:
    """What both said of the first, and the names of all models."""
    first, names = found[0], Counter(f"`{each.path.name}`" for each in found)
    ours = f"{first.ours}, as {first.why}" if first.why else first.ours
    theirs = f"{first.theirs} ({first.said[:SAID]})" if first.said else first.theirs
    models = ", ".join(f"{name} ({count} times)" if count > 1 else name for name, count in names.items())
    return _plain(f"{ours}; the runtime: {theirs}. {models}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why edgelint and a runtime differ. is_support: whether that is about support at all."""

    sentence: str
    is_support: bool


NOT_EXPLAINED = Explanation("**not explained**", is_support=True)


def explanation(name: str, each: Judged) -> Explanation:
    """Why edgelint and the runtime `name` differ there, as far as EXPLAINED knows."""
    line = f"{each.path.name}: {each.word}: {each.why}: {each.said}"
    known = _explained(name.partition("-")[0])
    return next((why for pattern, why in known if pattern.search(line)), NOT_EXPLAINED)


@cache
def _explained(name: str) -> list[tuple[re.Pattern[str], Explanation]]:
    return [
        (re.compile(each["pattern"]), Explanation(each["why"], is_support=each["is_support"]))
        for each in read_toml(EXPLAINED)["explained"]
        if name in each["runtimes"]
    ]


def _plain(line: str) -> str:
    """The line without folders of this machine."""
    return re.sub(r"(?<![\w.])/[\w./-]+/", "", line)


if __name__ == "__main__":
    main()
