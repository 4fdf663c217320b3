"""How the numbers of constants are spread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from edgelint.ir.model import Model
from edgelint.loaders import load
from edgelint.picture import Histogram
from edgelint.picture.histograms import BINS, PART, histograms


def model_with(path: Path, **constants: np.ndarray) -> Model:
    """An ONNX model that adds each of these to its input."""
    nodes = [helper.make_node("Add", ["x", name], [f"{name}_out"]) for name in constants]
    ports = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])]
    ends = [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None) for name in constants]
    stored = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "main", ports, ends, stored)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return load(path)


def by_name(model: Model, found: list[tuple[Histogram, ...]]) -> dict[str, Histogram]:
    names = list(model.main.values)
    return {names[each.wire]: each for each in found[0]}


def test_numbers_are_counted_from_the_least_to_the_most(tmp_path: Path) -> None:
    model = model_with(tmp_path / "m.onnx", w=np.array([-1, 0, 0, 1], np.float32))
    w = by_name(model, histograms(model))["w"]
    assert (w.least, w.most, w.mean, w.zeros, w.strange) == (-1, 1, 0, 2, 0)
    assert len(w.counts) == BINS
    assert (w.counts[0], sum(w.counts), w.counts[-1]) == (1, 4, 1)


def test_numbers_that_are_none_are_counted_apart(tmp_path: Path) -> None:
    model = model_with(tmp_path / "m.onnx", w=np.array([1, np.nan, np.inf, 3], np.float32))
    w = by_name(model, histograms(model))["w"]
    assert (w.least, w.most, w.strange, sum(w.counts)) == (1, 3, 2, 2)


def test_a_constant_of_one_value_has_no_bars(tmp_path: Path) -> None:
    model = model_with(
        tmp_path / "m.onnx", same=np.ones(8, np.float32), nothing=np.full(4, np.nan, np.float32)
    )
    found = by_name(model, histograms(model))
    assert (found["same"].least, found["same"].counts) == (1, ())
    assert (found["nothing"].strange, found["nothing"].counts) == (4, ())


def test_numbers_at_the_ends_of_their_type_do_not_overflow(tmp_path: Path) -> None:
    ends = np.array([np.finfo(np.float64).min, np.finfo(np.float64).max], np.float64)
    model = model_with(tmp_path / "m.onnx", w=ends)
    w = by_name(model, histograms(model))["w"]
    assert np.isfinite([w.mean, w.deviation]).all()


def test_no_more_is_read_than_allowed(tmp_path: Path) -> None:
    model = model_with(tmp_path / "m.onnx", large=np.arange(1000, dtype=np.float32), small=np.arange(9.0))
    assert list(by_name(model, histograms(model, 1000))) == ["small"]
    assert histograms(model, 0) == [()]


def test_a_large_constant_is_counted_in_parts_as_in_one(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).normal(3, 0.5, 2 * PART + 77).astype(np.float32)
    model = model_with(tmp_path / "m.onnx", w=numbers)
    w = by_name(model, histograms(model))["w"]
    assert w.mean == pytest.approx(numbers.mean(dtype=np.float64))
    assert w.deviation == pytest.approx(numbers.std(dtype=np.float64))
    assert list(w.counts) == np.histogram(numbers.astype(np.float64), BINS)[0].tolist()


def test_words_and_truths_have_no_histogram(tmp_path: Path) -> None:
    model = model_with(tmp_path / "m.onnx", yes=np.array([True, False]), words=np.array(["a", "b"], object))
    assert histograms(model) == [()]
