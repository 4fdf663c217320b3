"""Small real files written from a few words: networks of named operators in each format."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from onnx import TensorProto, helper

from tests.loaders.onnx import builder as onnx
from tests.loaders.tflite.builder import ModelBuilder

Operator = tuple[Any, ...]
"""Its kind, the values it reads and makes in one word each, and its attributes or options."""


class Network(NamedTuple):
    """A network in a few words.

    operators: in order. shapes: of all values but constants. constants: floats or, as ints, integers.
    ends: inputs and outputs.
    """

    operators: Sequence[Operator]
    shapes: Mapping[str, Sequence[Any]]
    constants: Mapping[str, tuple[Sequence[int], Sequence[float]]] = {}
    ends: tuple[str, str] = ("x", "y")
    opset: int = 17


def as_onnx(network: Network, folder: Path) -> Path:
    """An ONNX file; each operator is called after what it makes first."""
    nodes = [
        helper.make_node(kind, reads.split(), makes.split(), makes.split()[0], **dict(*attributes))
        for kind, reads, makes, *attributes in network.operators
    ]
    constants = []
    for name, (shape, numbers) in network.constants.items():
        kind = TensorProto.INT64 if isinstance(numbers[0], int) else TensorProto.FLOAT
        kind = TensorProto.BOOL if isinstance(numbers[0], bool) else kind
        constants.append(helper.make_tensor(name, kind, shape, list(numbers)))
    inputs = [onnx.value(name, network.shapes[name]) for name in network.ends[0].split()]
    outputs = [onnx.value(name, None) for name in network.ends[1].split()]
    graph = onnx.graph(nodes, inputs, outputs, constants)
    return onnx.saved(onnx.model(graph, network.opset), folder)


def as_tflite(network: Network, folder: Path) -> Path:
    """A TFLite file; options are given as (table, fields)."""
    builder = ModelBuilder()
    place = {
        name: builder.tensor(name, shape, "BOOL" if name.startswith("is_") else "FLOAT32")
        for name, shape in network.shapes.items()
    }
    for name, (shape, numbers) in network.constants.items():
        letter, kind = ("i", "INT32") if isinstance(numbers[0], int) else ("f", "FLOAT32")
        data = struct.pack(f"<{len(numbers)}{letter}", *numbers)
        place[name] = builder.tensor(name, shape, kind, data)
    for kind, reads, makes, *options in network.operators:
        table, fields = options[0] if options else ("", {})
        read, made = ([place[name] for name in names.split()] for names in (reads, makes))
        builder.operator(kind, read, made, table, **fields)
    inputs, outputs = ([place[name] for name in names.split()] for names in network.ends)
    builder.ends(inputs, outputs)
    return builder.write(folder)


Call = tuple[str, str, str, dict[str, Any]]
"""A layer: kind, name, the layer it reads or "", and what it is called with."""


def functional(
    layers: Sequence[tuple[str, str, str, dict[str, Any]]], outputs: Sequence[str]
) -> dict[str, Any]:
    """A Keras 2 configuration of these layers."""
    entries = [
        {
            "class_name": kind,
            "name": name,
            "config": {"name": name, **({} if reads else {"batch_input_shape": [1, 8]}), "rate": 0.25},
            "inbound_nodes": [[[reads, 0, 0, called]]] if reads else [],
        }
        for kind, name, reads, called in layers
    ]
    inputs = [name for _, name, reads, _ in layers if not reads]
    return {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": entries,
            "input_layers": [[name, 0, 0] for name in inputs],
            "output_layers": [[name, 0, 0] for name in outputs],
        },
    }


def as_keras(config: dict[str, Any], folder: Path, version: str = "2.15.0") -> Path:
    """An HDF5 file that holds `config` and no weights."""
    h5py = pytest.importorskip("h5py")
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["model_config"] = json.dumps(config)
    return path
