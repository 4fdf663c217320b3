"""Small zoos for tests of `edgelint audit`."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from edgelint.cli import main
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
GOOD = ("digits_cnn.int8.tflite", "sine.int8.tflite", "wine.onnx", "iris.keras")

Rows = list[dict[str, Any]]


def zoo(folder: Path, *names: str) -> Path:
    """A folder with these fixtures, and a file that is no model."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or GOOD:
        shutil.copy(MODELS / name, folder / name)
    (folder / "broken.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(40)))
    return folder


def many(folder: Path, count: int, name: str = "sine.int8.tflite") -> Path:
    """A folder with `count` models that differ in the bytes behind their end."""
    folder.mkdir(parents=True, exist_ok=True)
    data = (MODELS / name).read_bytes()
    for number in range(count):
        (folder / f"{number:05}.tflite").write_bytes(data + number.to_bytes(8, "little"))
    return folder


def audit(
    folder: Path, *arguments: str | Path, output: str = "report.jsonl", code: int = 0
) -> subprocess.CompletedProcess[str]:
    """One audit with its tables and its cache in `folder`; it ends with `code`."""
    cache = () if {"--no-cache", "--cache"} & set(arguments) else ("--cache", folder / "cache")
    words = ["audit", *map(str, (*arguments, "-o", folder / output, *cache))]
    out, err = io.StringIO(), io.StringIO()
    # In this process, which has imported it all already; only its workers are processes of their own.
    with redirect_stdout(out), redirect_stderr(err):
        ended = main.main(words, standalone_mode=False)
    assert ended == code, err.getvalue()
    return subprocess.CompletedProcess(words, ended, out.getvalue(), err.getvalue())


def rows(table: Path) -> Rows:
    """The rows of a table of JSON lines."""
    return [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]


def timeless(found: Rows) -> Rows:
    """Rows without what is different in each run."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found]


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, int]:
    """How many models an audit says it judged, and how many it knew."""
    line = next(line for line in done.stderr.splitlines() if " judged, " in line)
    words = line.replace(",", "").split()
    return int(words[1]), int(words[words.index("known") - 1])
