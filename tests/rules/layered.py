"""Networks of layers on one input, written as real files of each format from the same words."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.loaders.tflite.builder import ModelBuilder

JSON = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One layer.

    kind: "Dense", "Dropout", "BatchNormalization", or an activation by its canonical name.
    activation: of a Dense. weight, bias: every number of a Dense's kernel, and its bias.
    settings: in Keras's words; `alpha` and `rate` are written in the other formats too.
    """

    kind: str
    name: str
    units: int = 0
    activation: str = ""
    weight: float = 1.0
    bias: tuple[float, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def dense(name: str, units: int, activation: str = "", **more: Any) -> Layer:
    """A fully connected layer."""
    return Layer("Dense", name, units, activation, **more)


def act(kind: str, name: str, **settings: Any) -> Layer:
    """An activation of its own, or another layer without weights of its own making."""
    return Layer(kind, name, settings=settings)


@dataclass(frozen=True)
class Network:
    """Layers on one input of `size` numbers.

    compile: Keras's compile_config. backend: Keras's, as an HDF5 file names it. metadata: an ONNX
    model's entries. labels: class names, as a TFLite file carries them.
    """

    layers: tuple[Layer, ...]
    size: int = 8
    compile: Mapping[str, Any] | None = None
    backend: str = "tensorflow"
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    optimizer_numbers: int = 0

    @property
    def sized(self) -> list[tuple[Layer, int, int]]:
        """Each layer with the numbers it reads and makes."""
        found, size = [], self.size
        for layer in self.layers:
            made = layer.units or size
            found.append((layer, size, made))
            size = made
        return found


def network(*layers: Layer, **more: Any) -> Network:
    """The network of `layers`; `more` are its other fields."""
    return Network(layers, **more)


_KERAS_WORDS = {"LeakyRelu": "LeakyReLU", "Relu": "ReLU"}


def config(network: Network) -> JSON:
    """Its Keras configuration."""
    layers: list[JSON] = [_entry("InputLayer", "x", batch_shape=[None, network.size])]
    for layer in network.layers:
        if layer.kind == "Dense":
            activation = layer.activation.lower() or "linear"
            layers.append(
                _entry("Dense", layer.name, units=layer.units, activation=activation, **layer.settings)
            )
        elif layer.kind in _KERAS_WORDS or layer.kind.endswith(("Dropout", "Normalization", "Noise")):
            layers.append(_entry(_KERAS_WORDS.get(layer.kind, layer.kind), layer.name, **layer.settings))
        else:
            layers.append(_entry("Activation", layer.name, activation=layer.kind.lower()))
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "net", "layers": layers},
        "compile_config": network.compile,
    }


def _entry(kind: str, name: str, **settings: Any) -> JSON:
    content = {"name": name, "trainable": True, "dtype": "float32", **settings}
    return {"module": "keras.layers", "class_name": kind, "config": content, "registered_name": None}


def keras_file(network: Network, folder: Path) -> Path:
    """A `.keras` archive without weights."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        file.writestr("config.json", json.dumps(config(network)))
    return path


def h5_file(network: Network, folder: Path) -> Path:
    """An HDF5 file without weights, but with optimizer state if it is to have some."""
    h5py = pytest.importorskip("h5py")
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "3.8.0", network.backend
        file.attrs["model_config"] = json.dumps(config(network))
        if network.compile is not None:
            file.attrs["training_config"] = json.dumps(network.compile)
        if network.optimizer_numbers:
            file["optimizer_weights/adam/m"] = [0.0] * network.optimizer_numbers
    return path


def onnx_file(network: Network, folder: Path) -> Path:
    """An `.onnx` file; a Dense is a Gemm, its activation a node called NAME/act."""
    onnx = pytest.importorskip("onnx")
    make, kinds = onnx.helper, onnx.TensorProto
    nodes: list[Any] = []
    constants: list[Any] = []
    last = "x"

    def constant(name: str, shape: list[int], numbers: list[float]) -> str:
        constants.append(make.make_tensor(name, kinds.FLOAT, shape, numbers))
        return name

    def node(kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(make.make_node(kind, inputs, [name], name, **attributes))
        return name

    for layer, before, after in network.sized:
        name = layer.name
        if layer.kind == "Dense":
            kernel = constant(f"{name}/w", [before, after], [layer.weight] * (before * after))
            offsets = constant(f"{name}/b", [after], list(layer.bias) or [0.5] * after)
            last = node("Gemm", [last, kernel, offsets], name)
            last = node(layer.activation, [last], f"{name}/act") if layer.activation else last
        elif layer.kind == "Dropout":
            rate = constant(f"{name}/rate", [], [layer.settings["rate"]])
            last = node("Dropout", [last, rate], name)
        elif layer.kind == "BatchNormalization":
            inputs = [constant(f"{name}/{part}", [before], [1.0] * before) for part in ("s", "b", "m", "v")]
            last = node("BatchNormalization", [last, *inputs], name)
        else:
            last = node(layer.kind, [last], name, **layer.settings)
    ends = [make.make_tensor_value_info("x", kinds.FLOAT, [1, network.size])]
    made = [make.make_tensor_value_info(last, kinds.FLOAT, [1, network.sized[-1][2]])]
    model = make.make_model(
        make.make_graph(nodes, "main", ends, made, constants),
        opset_imports=[make.make_opsetid("", 17)],
        ir_version=8,
    )
    make.set_model_props(model, dict(network.metadata))
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


_TFLITE_WORDS = {"Sigmoid": "LOGISTIC", "LeakyRelu": "LEAKY_RELU"}
_FUSED = {"": 0, "Relu": 1, "Relu6": 3}


def tflite_file(network: Network, folder: Path) -> Path:
    """A `.tflite` file; ReLU is fused, every other activation an operator that makes NAME/act."""
    builder = ModelBuilder()
    given = last = builder.tensor("x", [1, network.size])

    def operator(kind: str, name: str, size: int, *constants: int, **options: Any) -> int:
        made = builder.tensor(name, [1, size])
        word = _TFLITE_WORDS.get(kind, kind.upper())
        table = {"FULLY_CONNECTED": "FullyConnectedOptions", "LEAKY_RELU": "LeakyReluOptions"}.get(word, "")
        builder.operator(word, [last, *constants], [made], table, **options)
        return made

    for layer, before, after in network.sized:
        name = layer.name
        if layer.kind == "Dense":
            fused = _FUSED.get(layer.activation, 0)
            kernel = _floats(builder, f"{name}/w", [after, before], [layer.weight] * (before * after))
            offsets = _floats(builder, f"{name}/b", [after], list(layer.bias) or [0.5] * after)
            last = operator("FULLY_CONNECTED", name, after, kernel, offsets, fusedActivationFunction=fused)
            if layer.activation and not fused:
                last = operator(layer.activation, f"{name}/act", after)
        else:
            last = operator(layer.kind, name, after, **layer.settings)
    builder.ends([given], [last])
    path = builder.write(folder)
    if network.labels:
        with zipfile.ZipFile(path, "a") as file:
            file.writestr("labels.txt", "\n".join(network.labels))
    return path


def _floats(builder: ModelBuilder, name: str, shape: list[int], numbers: list[float]) -> int:
    return builder.tensor(name, shape, "FLOAT32", struct.pack(f"<{len(numbers)}f", *numbers))


WRITERS: dict[str, Callable[[Network, Path], Path]] = {
    "keras": keras_file,
    "h5": h5_file,
    "onnx": onnx_file,
    "tflite": tflite_file,
}
"""Format to the function that writes a network as a file of it."""
