"""Prints what edgelint says of a folder of real models: heads and tasks against its manifest, rule by rule.

    python -m benchmarks.findings MODELS [--findings FILE]

MODELS holds MANIFEST.json: a list of {"path", "task"}, where `task` says in a phrase what the model is for
and how its head ends ("classification, 10 classes, softmax"). Each model is checked for the smallest target
it was made for (`fitting_target`). FILE gets every finding as a line of JSON, to be read one by one.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Task
from edgelint.checker import Settings, check_file
from edgelint.context import Context
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model
from edgelint.loaders import Binding, load
from edgelint.report import FITS, Report
from edgelint.rule import registry
from edgelint.targets import find

TASKS: tuple[tuple[str, frozenset[Task]], ...] = (
    ("segmentation", frozenset({Task.SEGMENTATION})),
    ("object detection|face detection", frozenset({Task.DETECTION})),
    ("classification|sentiment|wake word|voice activity|tagging", CLASS_TASKS),
    ("regression", frozenset({Task.REGRESSION})),
)
"""Words of a manifest's phrase to the tasks that are right for it, the first that match."""

ENDINGS = (
    ("no softmax|logit|linear", "none"),
    ("log-?softmax", "LogSoftmax"),
    ("softmax", "Softmax"),
    ("sigmoid", "Sigmoid"),
)
"""Words of a manifest's phrase to the activation its head ends in, the first that match."""

MICROCONTROLLERS = ("cortex-m4", "cortex-m7")
"""Targets tried, smallest first, before a runtime for bigger machines is taken."""

COMPILED = {"edgetpu-custom-op": "coral-edgetpu", "ethos-u": "ethos-u55-128"}
"""Operators that a compiler for an accelerator leaves, and its target."""


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("models", type=Path)
    parser.add_argument("--findings", type=Path, help="file for every finding, a line of JSON each")
    arguments = parser.parse_args()
    entries = json.loads((arguments.models / "MANIFEST.json").read_text(encoding="utf-8"))
    reports = dict(judged(arguments.models, entries))
    for lines in (heads_table(arguments.models, entries), rules_table(reports)):
        print("\n".join(lines), end="\n\n")
    if arguments.findings:
        arguments.findings.write_text("".join(findings(reports)), encoding="utf-8")


def judged(folder: Path, entries: list[dict[str, Any]]) -> Iterator[tuple[str, Report]]:
    """Path and report of each model that can be read, on the target that fits it."""
    for entry in entries:
        path = folder / entry["path"]
        if entry.get("malformed"):
            continue
        try:
            target = fitting_target(path, load(path, Binding()))
        except EdgelintError:
            continue
        yield entry["path"], check_file(path, Settings(targets=(find(target),)))[0]


def fitting_target(path: Path, model: Model) -> str:
    """What the model was compiled for, else the smallest usual target that it fits."""
    words = {node.source.op for _, node in model.nodes()}
    for word, target in COMPILED.items():
        if word in words:
            return target
    if model.format == "onnx":
        return "onnxruntime-cpu"
    for target in MICROCONTROLLERS:
        report = check_file(path, Settings(targets=(find(target),), select=frozenset()))[0]
        if report.verdict == FITS:
            return target
    return "litert-cpu"


def heads_table(folder: Path, entries: list[dict[str, Any]]) -> Iterator[str]:
    """Task and ending of each first output against the manifest's phrase: counts, then the misses."""
    tasks: Counter[tuple[str, str]] = Counter()
    endings: Counter[tuple[str, str]] = Counter()
    misses = []
    for entry in entries:
        head = _first_head(folder / entry["path"]) if not entry.get("malformed") else None
        if head is None:
            continue
        right, ending = _expected_task(entry["task"]), _expected_ending(entry["task"])
        if right:
            verdict = "unknown" if head.task is Task.UNKNOWN else "right" if head.task in right else "wrong"
            tasks[_task_word(entry["task"]), verdict] += 1
            if verdict != "right":
                misses.append(
                    f"  task {verdict}: {entry['path']}: {entry['task']!r}, read as {head.task.value}"
                )
        if ending:
            found = head.activation or ("none" if head.raw else "unknown")
            endings[ending, found] += 1
            if found != ending:
                misses.append(f"  ending {found}, not {ending}: {entry['path']}: {entry['task']!r}")
    yield "task in the manifest -> what edgelint reads"
    yield from (f"  {word:<16} {verdict:<8} {count}" for (word, verdict), count in sorted(tasks.items()))
    yield "ending in the manifest -> what edgelint reads"
    yield from (f"  {word:<16} {found:<12} {count}" for (word, found), count in sorted(endings.items()))
    yield from misses


def _first_head(path: Path) -> Head | None:
    try:
        heads = Context(load(path, Binding())).heads
    except EdgelintError:
        return None
    return heads[0] if heads else None


def _expected_task(phrase: str) -> frozenset[Task]:
    return next((tasks for words, tasks in TASKS if re.search(words, phrase)), frozenset())


def _task_word(phrase: str) -> str:
    return next(words.partition("|")[0] for words, _ in TASKS if re.search(words, phrase))


def _expected_ending(phrase: str) -> str:
    return next((ending for words, ending in ENDINGS if re.search(words, phrase, re.IGNORECASE)), "")


def rules_table(reports: dict[str, Report]) -> Iterator[str]:
    """For each rule that spoke: severity, how many findings in how many files, and which files."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for path, report in reports.items():
        for finding in report.findings:
            found[finding.code, finding.severity.value][path] += 1
    yield f"{len(reports)} models, {len(registry())} rules: findings x files, by rule and severity"
    for (code, severity), files in sorted(found.items()):
        yield f"{code} {registry()[code].name} {severity}: {sum(files.values())} in {len(files)}"
        yield from (
            f"    {count:>4}  {path} ({reports[path].target})" for path, count in sorted(files.items())
        )


def findings(reports: dict[str, Report]) -> Iterator[str]:
    """Every finding as a line of JSON."""
    for path, report in reports.items():
        for each in report.findings:
            place = {"node": each.location.node, "op": each.location.op}
            said = {"code": each.code, "severity": each.severity.value, "message": each.message, **place}
            yield json.dumps({"path": path, "target": report.target, **said}) + "\n"


if __name__ == "__main__":
    main()
