"""What a small configuration asks for without end is refused in one line, and at once."""

from __future__ import annotations

import bz2
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import load

JSON = dict[str, Any]


def layer(kind: str, name: str, calls: list[JSON] | None = None, **config: Any) -> JSON:
    entry = {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}
    return entry if calls is None else entry | {"inbound_nodes": calls}


def sequential(*layers: JSON, shape: tuple[int, ...] = (4, 4)) -> JSON:
    listed = [layer("InputLayer", "in", batch_shape=[None, *shape]), *layers]
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": listed}}


def functional(name: str, layers: list[JSON], output: tuple[str, int]) -> JSON:
    config = {
        "name": name,
        "layers": [layer("InputLayer", "in", [], batch_shape=[None, 4]), *layers],
        "input_layers": [["in", 0, 0]],
        "output_layers": [[*output, 0]],
    }
    return {"module": "keras", "class_name": "Functional", "config": config}


def call(name: str, place: int = 0, node: int = 0) -> JSON:
    history = {"shape": None, "dtype": "float32", "keras_history": [name, node, place]}
    return {"args": [{"class_name": "__keras_tensor__", "config": history}], "kwargs": {}}


def saved(tmp_path: Path, config: JSON) -> Path:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.0"}')
        archive.writestr("config.json", json.dumps(config))
    return path


def refused(tmp_path: Path, config: JSON) -> str:
    with pytest.raises(EdgelintError) as caught:
        load(saved(tmp_path, config))
    assert str(caught.value).isprintable()
    return caught.value.problem


def bidirectional(times: int) -> JSON:
    inside = layer("LSTM", "lstm", units=2, return_sequences=True)
    for _ in range(times):
        inside = layer("Bidirectional", "both", layer=inside)
    return inside


def nested(times: int) -> JSON:
    """A model that calls a model twice, which calls a model twice, …"""
    model = functional("m0", [], ("in", 0))
    for depth in range(1, times):
        twice = model | {"inbound_nodes": [call("in"), call(f"m{depth - 1}")]}
        model = functional(f"m{depth}", [twice], (f"m{depth - 1}", 1))
    return model


def test_models_that_call_each_other_twice_end(tmp_path: Path) -> None:
    assert "nested models without end" in refused(tmp_path, nested(50))


def test_models_that_call_each_other_a_few_times_are_drawn(tmp_path: Path) -> None:
    assert len(load(saved(tmp_path, nested(6))).main.inputs) == 1


def test_layers_around_layers_end(tmp_path: Path) -> None:
    assert "wraps layers in layers too deeply" in refused(tmp_path, sequential(bidirectional(60)))


def test_a_bidirectional_layer_works_its_inside_out_once(tmp_path: Path) -> None:
    (node,) = load(saved(tmp_path, sequential(bidirectional(3)))).main.nodes
    assert len(node.inputs) == 1 + 3 * 2**3


def test_a_shape_has_as_many_dims_as_a_tensor_can(tmp_path: Path) -> None:
    config = sequential(layer("ReLU", "relu"), shape=(1,) * 300)
    assert "has a tensor of 301 dims" in refused(tmp_path, config)


@pytest.mark.parametrize(
    "stored",
    [
        layer("UpSampling1D", "up", size=2**40),
        layer("Dense", "wide", units=2**40),
        layer("Conv1D", "kernel", filters=2**30, kernel_size=2**40, padding="same"),
    ],
    ids=lambda stored: stored["class_name"],
)
def test_a_tensor_has_as_many_elements_as_can_be_counted(tmp_path: Path, stored: JSON) -> None:
    config = sequential(layer("UpSampling1D", "first", size=2**30), stored)
    assert "too large to be true" in refused(tmp_path, config)


def test_an_equation_has_as_many_letters_as_there_are(tmp_path: Path) -> None:
    stored = layer("EinsumDense", "sum", equation="a" * 10**5 + ",b->c", bias_axes="d" * 10**5)
    assert "equation has 100005 characters" in refused(tmp_path, sequential(stored))


def test_cells_on_top_of_each_other_end(tmp_path: Path) -> None:
    cell = {"class_name": "LSTMCell", "config": {"units": 1}}
    stacked = {"class_name": "StackedRNNCells", "config": {"cells": [cell] * 1001}}
    assert "cells is no list of one to 1000 cells" in refused(
        tmp_path, sequential(layer("RNN", "r", cell=stacked))
    )


def test_weights_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (graph,) = load(saved(tmp_path, sequential(*[layer("Dense", "d", units=4)] * 3))).graphs
    kernels = [node.inputs[1] for node in graph.nodes]
    assert kernels == ["d/kernel", "d/kernel~1", "d/kernel~2"]


def test_names_of_models_do_not_multiply_without_end(tmp_path: Path) -> None:
    model = {"name": "x" * 10**6, "layers": [layer("ReLU", f"relu_{place}") for place in range(110)]}
    inside = {"module": "keras", "class_name": "Sequential", "config": model}
    assert "names that are too long" in refused(tmp_path, sequential(inside))


def test_a_size_that_is_no_number_is_unknown(tmp_path: Path) -> None:
    stored = layer("Discretization", "bins", num_bins=["x"], output_mode="one_hot")
    (node,) = load(saved(tmp_path, sequential(stored))).main.nodes
    value = load(saved(tmp_path, sequential(stored))).main.value(node.outputs[0] or "")
    assert value is not None
    assert value.shape is not None
    assert value.shape[-1] is None


def test_a_name_in_a_message_cannot_steer_the_terminal(tmp_path: Path) -> None:
    broken = layer("Dense", "\x1b[2J", [1])  # type: ignore[list-item]
    assert "at layer \\x1b[2J" in refused(tmp_path, functional("net", [broken], ("in", 0)))


def test_a_member_is_packed_as_keras_does_it(tmp_path: Path) -> None:
    """Python's zipfile unpacks bzip2 without a bound: 700 bytes can become a gigabyte."""
    path = saved(tmp_path, sequential())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("note.txt", bz2.compress(b" " * 1000))
    with pytest.raises(EdgelintError, match=r"packs zip member note\.txt in a way that Keras never does"):
        load(path)
