"""Writes docs/accuracy.md: what TensorFlow Lite Micro was measured to need, and what edgelint computes.

    python -m benchmarks.arena_accuracy [--models FOLDER --measured FILE]

The fixtures are measured here and now, with the Python package tflite-micro. Public models lie in
FOLDER, and FILE holds their figures, measured on emulated Cortex-M hardware; without these two that
part of the page stays as it is. No figure on the page is typed by hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.page import parts, table, write
from benchmarks.settings import ROOT
from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.analysis.quantization.requantize import attempt
from edgelint.context import Context
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model
from edgelint.loaders import load
from edgelint.targets import Target, find
from tests.analysis.tflm_runtime import Allocations, allocations

PAGE = ROOT / "docs" / "accuracy.md"
FIXTURES = ROOT / "fixtures" / "models"
PUBLIC = "public models"
"""The part that needs more than this checkout."""

INTRODUCTION = """# How far the memory figures can be trusted

Written by `benchmarks/arena_accuracy.py`; no figure here is typed by hand. Bytes throughout. *used* is what
the runtime reports once a model is loaded, *smallest* the smallest arena with which it loads, in steps of 16.
`=` means: computed to the byte.
"""

BUILDS = {
    "wheel": ("PC (Python package)", find("tflm-x86_64")),
    "x64_cpp": ("PC (C++)", replace(find("tflm-x86_64"), abi="x64-plain")),
    "cortex_m4": ("Cortex-M4F", find("cortex-m4")),
    "cortex_m55": ("Cortex-M55", find("cortex-m55")),
}
"""The measured builds by their names in FILE: title, and the target that stands for them."""

SCHEMES = {"dynamic": "dynamic", "int8": "int8", "int8_float_io": "int8-float-io", "int16x8": "int16x8"}
"""What ends the names of quantized fixtures, and the scheme they were converted with."""


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description="Writes docs/accuracy.md.")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--measured", type=Path)
    given = parser.parse_args()
    told = {"fixtures": fixtures_part(), "quantization": quantization_part(), PUBLIC: parts(PAGE)[PUBLIC]}
    if given.models and given.measured:
        told[PUBLIC] = public_part(given.models, json.loads(given.measured.read_text()))
    write(PAGE, INTRODUCTION, told)


def fixtures_part() -> str:
    """The fixtures, measured with the Python package and computed for `tflm-x86_64`."""
    target = BUILDS["wheel"][1]
    contexts = {path: Context(model, target) for path, model in _fixtures()}
    arenas = {path: context.memory.arena for path, context in contexts.items()}
    real = allocations({path: arena.minimum for path, arena in arenas.items()})
    rows = [_fixture_row(path, arenas[path], real[path]) for path in arenas if path in real]
    refused = [path for path in arenas if path not in real]
    exact = sum(row[3] == row[4] == "=" for row in rows)
    text = (
        "## Fixtures, on a PC\n\n"
        f"{exact} of {len(rows)} models that the runtime loads are computed to the byte, head and tail.\n\n"
    )
    text += table(("model", "used", "basis", "head", "tail", "smallest"), rows)
    named = ", ".join(f"`{path.name}`" for path in refused)
    return text + f"\nThe runtime refuses {len(refused)} more: {named}."


def quantization_part() -> str:
    """The float fixtures with `--quantize`, against the models that the converter made of them."""
    rows = []
    for path, model in _fixtures():
        for suffix, scheme in SCHEMES.items():
            real = path.with_name(path.name.replace(".float32.", f".{suffix}."))
            if ".float32." in path.name and real.is_file():
                rows.append(_quantized_row(model, real, scheme))
    exact = sum(row[3] == row[5] == "=" for row in rows)
    text = (
        "## A float model with `--quantize`\n\n"
        f"For {exact} of {len(rows)} pairs of fixtures the smallest arena predicted from the float model is, "
        "on both cores, that of the model which TensorFlow quantized.\n\n"
    )
    columns = ("model", "scheme", "Cortex-M4F", "predicted", "Cortex-M55", "predicted", "file", "predicted")
    return text + table(columns, rows) + "\n"


def public_part(models: Path, measured: dict[str, Any]) -> str:
    """Public models, as measured elsewhere and as computed now."""
    text = "## Public models\n\nMeasured with: " + "; ".join(
        f"{BUILDS[build][0]}: {measured['about'][build]}" for build in BUILDS
    )
    rows, remarks = [], []
    counts = dict.fromkeys(BUILDS, (0, 0))
    for path in sorted(measured["models"]):
        entry = measured["models"][path]
        loads = {build: (entry.get(build) or {}).get("ok") for build in BUILDS}
        if not any(loads.values()):
            continue
        try:
            model = load(models / path)
        except EdgelintError as error:
            remarks.append(f"- `{path}`: edgelint does not read it: {error.sentence}\n")
            continue
        row = [f"`{path}`"]
        for build, (_, target) in BUILDS.items():
            if not loads[build]:
                row.append("refused")
                continue
            arena = Context(model, target).memory.arena
            same = (arena.head, arena.tail) == (entry[build]["head"], entry[build]["tail"])
            counts[build] = counts[build][0] + same, counts[build][1] + 1
            row.append(_compared(entry[build]["total"], arena.value, arena.basis))
            if not same:
                remarks.append(f"- `{path}`, {BUILDS[build][0]}: {arena.reason or 'no reason known'}\n")
        rows.append(row)
    shares = ", ".join(f"{BUILDS[build][0]} {same} of {all}" for build, (same, all) in counts.items())
    text += f".\n\nComputed to the byte, of the models that the build loads: {shares}.\n\n"
    text += table(("model, bytes used", *(title for title, _ in BUILDS.values())), rows)
    return text + ("\nNot among them, or not to the byte:\n\n" + "".join(remarks) if remarks else "")


def _fixtures() -> Iterator[tuple[Path, Model]]:
    for path in sorted(FIXTURES.glob("*.tflite")):
        model = _loaded(path)
        if model is not None:
            yield path, model


def _loaded(path: Path) -> Model | None:
    try:
        return load(path)
    except EdgelintError:
        return None


def _fixture_row(path: Path, arena: Arena, real: Allocations) -> list[str]:
    used = _number(real.head + real.tail)
    head = _difference(real.head, arena.head)
    tail = _difference(real.tail, arena.tail)
    smallest = _number(arena.minimum) if real.smallest else f"not {_number(arena.minimum)}"
    return [f"`{path.name}`", used, arena.basis.value, head, tail, smallest]


def _quantized_row(model: Model, real: Path, scheme: str) -> list[str]:
    predicted, converted = attempt(model, scheme).model, load(real)
    row = [f"`{real.name}`", scheme]
    for target in (BUILDS["cortex_m4"][1], BUILDS["cortex_m55"][1]):
        theirs, ours = _smallest(converted, target), _smallest(predicted, target)
        row += [_number(theirs), _difference(theirs, ours)]
    size = real.stat().st_size
    return [*row, _number(size), f"{100 * predicted.file_bytes / size - 100:+.1f} %"]


def _smallest(model: Model, target: Target) -> int | None:
    return Context(model, target).memory.arena.minimum


def _compared(real: int, computed: int | None, basis: Basis) -> str:
    least = "at least " if basis is Basis.BOUND else ""
    difference = _difference(real, computed)
    return f"{real:,} {difference}" if difference == "=" else f"{real:,}, computed {least}{_number(computed)}"


def _difference(real: int | None, computed: int | None) -> str:
    if real is None or computed is None:
        return "unknown"
    return "=" if real == computed else f"{computed - real:+,}"


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


if __name__ == "__main__":
    main()
