"""Our cut for the Ethos-U against Vela's own, on every quantized model at hand.

Needs `vela` (ethos-u-vela) on the PATH, or EDGELINT_VELA to name it; it is no dependency of edgelint.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from edgelint.analysis.partition import place
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model
from edgelint.loaders import Binding, load
from edgelint.targets import find
from tests.conftest import FIXTURES, SHARED_MODELS, corpus

VELA = os.environ.get("EDGELINT_VELA") or shutil.which("vela")
LARGEST = 12_000_000
MODELS = [
    path
    for path in (
        *(SHARED_MODELS / entry["path"] for entry in corpus() if not entry.get("malformed")),
        *sorted((FIXTURES / "models").glob("*.tflite")),
    )
    if path.suffix == ".tflite" and path.stat().st_size < LARGEST
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(VELA is None, reason="Vela is not here: pip install ethos-u-vela, or EDGELINT_VELA"),
]


@pytest.mark.parametrize("target", ["ethos-u55-128", "ethos-u65-256", "ethos-u85-256"])
def test_vela_leaves_to_the_cpu_what_we_say(target: str, tmp_path: Path) -> None:
    table: Counter[tuple[str, str]] = Counter()
    wrong: Counter[str] = Counter()
    for number, path in enumerate(MODELS):
        model = read(path)
        made = compiled(path, target, tmp_path / str(number)) if model else None
        if model is None or made is None:
            table["not compiled", ""] += 1
            continue
        for word, ours, theirs in compared(model, made, target):
            table[ours, theirs] += 1
            if ours != theirs:
                wrong[f"{word} in {path.name}: we say {ours}, Vela {theirs}"] += 1
    judged = sum(count for (_, theirs), count in table.items() if theirs)
    assert judged
    assert sum(wrong.values()) <= judged * 0.005, (table, wrong)


def read(path: Path) -> Model | None:
    try:
        model = load(path, Binding({}, batch=1))
    except EdgelintError:
        return None
    return None if any(node.source.op == "ethos-u" for _, node in model.nodes()) else model


def compiled(path: Path, target: str, folder: Path) -> Model | None:
    """What Vela makes of a copy; None where it fails, or writes what is no plain model."""
    folder.mkdir()
    copy = shutil.copy(path, folder / "m.tflite")
    command = [str(VELA), "--accelerator-config", target, "--output-dir", str(folder / "o"), str(copy)]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    made = folder / "o" / "m_vela.tflite"
    try:
        return load(made, Binding({}, batch=1)) if done.returncode == 0 and made.is_file() else None
    except EdgelintError:
        return None


def compared(model: Model, made: Model, target: str) -> list[tuple[str, str, str]]:
    """Each node's word, our side and Vela's: on the CPU is what the compiled file still has."""
    accelerator = find(target).accelerator
    assert accelerator is not None
    left = {
        (node.source.op, value.label or value.name)
        for graph in made.graphs
        for node in graph.nodes
        for value in graph.outputs_of(node)
        if value is not None
    }
    found = []
    for placed in place(model, accelerator):
        outputs = [value for value in model.graphs[placed.graph].outputs_of(placed.node) if value]
        if not outputs:
            continue
        on_cpu = any((placed.node.source.op, value.label or value.name) in left for value in outputs)
        ours = "cpu" if placed.accelerated is False else "npu"
        found.append((placed.node.source.op, ours, "cpu" if on_cpu else "npu"))
    return found
