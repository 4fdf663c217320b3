"""The TFLite loader on real files: all that are whole load, none that is broken does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.ir.model import Model
from edgelint.loaders import load
from edgelint.loaders.tflite.schema import DTYPES
from tests.conftest import corpus

ENTRIES = [entry for entry in corpus() if entry["format"] == "tflite"]
WHOLE = [entry for entry in ENTRIES if not entry.get("malformed")]
BROKEN = [entry for entry in ENTRIES if entry.get("malformed")]
KINDS = {dtype: kind for kind, dtype in DTYPES.items()}


@pytest.mark.parametrize("entry", WHOLE, ids=[entry["path"] for entry in WHOLE])
def test_whole_files_hold_what_was_observed(shared_models: Path, entry: dict[str, Any]) -> None:
    model = load(shared_models / entry["path"])
    observed = entry["observed"]
    values = [value for graph in model.graphs for value in graph.values.values()]

    assert len(model.graphs) == observed["subgraphs"]
    assert len(model.signatures) == observed["signatures"]
    assert operators(model) == observed["ops"]
    assert sum(value.is_variable for value in values) == observed["variable_tensors"]
    assert any(v.quantization and v.quantization.is_per_channel for v in values) == observed["per_channel"]
    assert any(v.signature and None in v.signature for v in values) == observed["dynamic_shape_signature"]
    assert constant_bytes(model) == observed["constant_bytes_by_type"]
    assert ends(model, model.main.inputs) == observed["inputs"]
    assert ends(model, model.main.outputs) == observed["outputs"]


@pytest.mark.parametrize("entry", BROKEN, ids=[entry["path"] for entry in BROKEN])
def test_broken_files_are_refused_in_one_sentence(shared_models: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(EdgelintError) as caught:
        load(shared_models / entry["path"])
    assert caught.value.problem
    assert "\n" not in str(caught.value)
    assert len(caught.value.sentence) < 200


def operators(model: Model) -> dict[str, int]:
    return dict(
        Counter(
            ("CUSTOM:" if node.domain in ("tflite.custom", "tflite.flex") else "") + node.source.op
            for _, node in model.nodes()
        )
    )


def constant_bytes(model: Model) -> dict[str, int]:
    total: Counter[str] = Counter()
    for graph in model.graphs:
        for value in graph.values.values():
            if value.tensor and value.tensor.nbytes:
                total[KINDS[value.tensor.dtype]] += value.tensor.nbytes
    return dict(total)


def ends(model: Model, names: tuple[str, ...]) -> list[list[Any]]:
    values = [model.main.values[name] for name in names]
    return [[KINDS[value.dtype] if value.dtype else "", list(value.shape or ())] for value in values]
