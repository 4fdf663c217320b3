"""The models that the benchmarks write are what they say they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import weights
from benchmarks.graphs import PATTERNS, WRITERS
from benchmarks.page import parts, table, write
from benchmarks.processes import Measured
from edgelint.loaders import Binding, load

NODES = 60


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kind", WRITERS)
def test_a_graph_has_the_nodes_that_were_asked_for(kind: str, pattern: str, tmp_path: Path) -> None:
    pytest.importorskip({"tflite": "flatbuffers", "keras": "h5py", "onnx": "onnx"}[kind])
    path = tmp_path / f"model.{kind}"
    WRITERS[kind](PATTERNS[pattern](NODES), path)
    assert len(load(path, Binding({})).main.nodes) == NODES


@pytest.mark.parametrize("kind", ["14MB", "1GiB-inside", "4GiB-beside"])
def test_weights_are_as_large_as_they_are_called_wherever_they_lie(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(weights.BYTES, kind, 3 << 20)
    monkeypatch.setattr(weights, "SMALL", 12)
    path = tmp_path / "model.onnx"
    weights.write(kind, path)
    stored = [value.tensor for value in load(path, Binding({})).main.values.values() if value.tensor]
    assert len(stored) == weights.LAYERS
    inside = path.stat().st_size > sum(tensor.nbytes for tensor in stored)
    assert inside is (kind != "4GiB-beside")
    assert all(len(tensor.storage.read()) == tensor.nbytes for tensor in stored)


def test_a_process_is_told_with_its_time_and_its_memory() -> None:
    import sys

    row = Measured((sys.executable, "-c", "x = bytes(50 << 20)"))
    row.run()
    assert row.median_cpu > 0
    assert row.median_clock > 0
    assert row.peak > 40 << 20


def test_a_process_that_fails_is_no_measurement() -> None:
    import sys

    with pytest.raises(RuntimeError, match="failed"):
        Measured((sys.executable, "-c", "raise SystemExit(3)")).run()


def test_a_page_keeps_the_parts_that_are_not_measured_again(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert parts(page) == {}
    write(page, "# Title\n", {"one": "## One\n\nold\n", "two parts": "## Two\n", "none": ""})
    assert parts(page) == {"one": "## One\n\nold", "two parts": "## Two"}
    write(page, "# Title\n", {**parts(page), "one": "## One\n\nnew"})
    assert page.read_text() == ("# Title\n\n<!-- one -->\n\n## One\n\nnew\n\n<!-- two parts -->\n\n## Two\n")


def test_a_table_has_a_row_for_each() -> None:
    assert table(("a", "b"), [("x", 1)]) == "| a | b |\n| --- | --: |\n| x | 1 |\n"
