"""The real TensorFlow Lite Micro (Python package tflite-micro), asked what it allocates.

Every model runs in a process of its own, since the runtime may crash on one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

_WORKER = r"""
import os, sys
from tflite_micro import runtime

def attempt(path, size, show):
    child = os.fork()
    if child == 0:
        try:
            interpreter = runtime.Interpreter.from_bytes(open(path, "rb").read(), arena_size=size)
            if show:
                interpreter.print_allocations()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]

for line in sys.stdin.read().splitlines():
    path, minimum = line.rsplit("\t", 1)
    print(f"== {path}", file=sys.stderr, flush=True)
    status = attempt(path, 1 << 26, True)
    if status == 0 and int(minimum):
        enough, less = attempt(path, int(minimum), False), attempt(path, int(minimum) - 16, False)
        print(f"smallest {enough == 0 and less != 0}", file=sys.stderr, flush=True)
"""


@dataclass(frozen=True)
class Allocations:
    """Bytes the runtime reports, and whether the asked-about arena is the smallest in steps of 16 bytes."""

    head: int
    tail: int
    smallest: bool | None


def allocations(models: Mapping[Path, int | None] | Iterable[Path]) -> dict[Path, Allocations]:
    """What the runtime allocates for each model that it loads.

    `models`: files, or files with the arena size to be tried as the smallest one.
    """
    pytest.importorskip("tflite_micro")
    asked = models if isinstance(models, Mapping) else dict.fromkeys(models)
    lines = "\n".join(f"{path}\t{size or 0}" for path, size in asked.items())
    run = subprocess.run(
        [sys.executable, "-c", _WORKER], input=lines, capture_output=True, text=True, check=True
    )
    found = {}
    for section in run.stderr.split("== ")[1:]:
        path, _, text = section.partition("\n")
        sizes = dict(re.findall(r"Arena allocation (head|tail) (\d+) bytes", text))
        smallest = re.search(r"^smallest (\w+)", text, re.MULTILINE)
        if sizes:
            found[Path(path)] = Allocations(
                int(sizes["head"]), int(sizes["tail"]), smallest and smallest[1] == "True"
            )
    return found
