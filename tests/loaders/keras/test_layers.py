"""Shapes, types and parameter counts of every standard layer and of whole networks, against Keras itself."""

from __future__ import annotations

import importlib
import math
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from edgelint.ir import Model, Value
from edgelint.loaders import load
from edgelint.loaders.keras.hdf5 import HDF5Dataset
from tests.loaders.keras.grid import Case, cases
from tests.loaders.keras.networks import NETWORKS

SMALL = ["MobileNetV2"]
LARGE = [
    *(
        "MobileNet",
        "MobileNetV3Small",
        "MobileNetV3Large",
        "EfficientNetB0",
        "EfficientNetV2B0",
        "NASNetMobile",
    ),
    *("DenseNet121", "ResNet50", "ResNet50V2", "ResNet101", "InceptionV3", "InceptionResNetV2", "Xception"),
    *("ConvNeXtTiny", "VGG16", "EfficientNetB3", "EfficientNetV2S", "DenseNet201", "NASNetLarge"),
]


def modules() -> list[str]:
    return ["keras", "tf_keras"]


@pytest.fixture(scope="module", params=modules())
def keras(request: pytest.FixtureRequest) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    pytest.importorskip(request.param)
    return importlib.import_module(request.param)


def saved(model: Any, path: Path) -> Model | None:
    """`model` written by Keras and read by us; None where Keras cannot write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.save(path)
        except (TypeError, NotImplementedError):
            return None
    return load(path)


def same_value(value: Value, tensor: Any, sharper: tuple[int, ...] | None = None) -> bool:
    dtype = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
    if value.shape is None or str(value.dtype) != dtype:
        return False
    expected = (tensor.shape[0], *sharper) if sharper else tuple(tensor.shape)
    mine = tuple(dim if isinstance(dim, int) else None for dim in value.shape)
    return mine == expected


def parameters(model: Model) -> int:
    tensors = [value.tensor for value in model.main.values.values() if value.tensor]
    assert all(isinstance(tensor.storage, HDF5Dataset) for tensor in tensors)
    return sum(math.prod(tensor.shape) for tensor in tensors)


def agree(ours: Model, theirs: Any, sharper: tuple[int, ...] | None = None) -> None:
    graph = ours.main
    outputs = [graph.values[name] for name in graph.outputs]
    assert len(outputs) == len(theirs.outputs)
    for value, tensor in zip(outputs, theirs.outputs, strict=True):
        assert same_value(value, tensor, sharper), (value, tensor)
    for name, tensor in zip(graph.inputs, theirs.inputs, strict=True):
        assert same_value(graph.values[name], tensor)
    assert parameters(ours) == theirs.count_params()
    assert not ours.unknowns
    assert all(node.domain != "keras.custom" for node in graph.nodes)
    made = {node.name: graph.values[node.outputs[0]] for node in graph.nodes if node.outputs[0]}
    for layer in theirs.layers:
        if layer.name in made and sharper is None:
            output = layer.output[0] if isinstance(layer.output, (list, tuple)) else layer.output
            assert same_value(made[layer.name], output), layer.name


@pytest.mark.slow
@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_layer_is_read_as_keras_builds_it(keras: Any, case: Case, tmp_path: Path) -> None:
    inputs = [keras.Input(shape, dtype=dtype) for shape, dtype in case.inputs]
    try:
        model = keras.Model(inputs, case.make(keras.layers, inputs))
    except (AttributeError, TypeError, ValueError):
        if keras.__name__ == "keras":
            raise
        pytest.skip("Keras 2 has no such layer or setting")
    for suffix in (".keras", ".h5"):
        ours = saved(model, tmp_path / f"model{suffix}")
        if ours is not None:
            agree(ours, model, case.sharper if keras.__name__ == "keras" else None)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_read_as_keras_builds_it(keras: Any, name: str, suffix: str, tmp_path: Path) -> None:
    model = NETWORKS[name](keras)
    ours = saved(model, tmp_path / f"model{suffix}")
    assert ours is not None
    agree(ours, model)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_an_application_is_read_as_keras_builds_it(
    keras: Any, name: str, suffix: str, tmp_path: Path
) -> None:
    model = getattr(keras.applications, name)(weights=None)
    ours = saved(model, tmp_path / f"model{suffix}")
    assert ours is not None
    agree(ours, model)
    keras.backend.clear_session()
