"""Models that are large because of their weights, which are holes in the file: they take no room on disk."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

MIB = 1 << 20


def large_onnx(path: Path, layers: int = 16, side: int = 1448) -> Path:
    """A chain of matrix products, `layers` weights of side x side floats in their file."""
    from onnx import TensorProto, helper

    names = [f"weight_{place}" for place in range(layers)]
    nodes = [
        helper.make_node("MatMul", [f"x{place}", name], [f"x{place + 1}"], f"product_{place}")
        for place, name in enumerate(names)
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, side]) for name in ("x0", f"x{layers}")
    ]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:]).SerializeToString()
    model = helper.make_model(
        helper.make_graph([], "", [], []), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    model.ClearField("graph")
    nbytes = 4 * side * side
    heads = []
    for name in names:
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[side, side])
        stated = tensor.SerializeToString() + _head(9, nbytes)
        heads.append(_head(5, len(stated) + nbytes) + stated)
    with path.open("wb") as file:
        file.write(model.SerializeToString())
        file.write(_head(7, len(graph) + sum(map(len, heads)) + layers * nbytes) + graph)
        for head in heads:
            file.write(head)
            file.seek(nbytes, 1)
        file.truncate()
    return path


def large_tflite(path: Path, layers: int = 16, side: int = 1448) -> Path:
    """The same as a TFLite file, whose weights lie behind its tables."""
    from tests.loaders.tflite.builder import ModelBuilder

    pytest.importorskip("flatbuffers")
    model = ModelBuilder()
    last = first = model.tensor("x0", [1, side])
    for place in range(layers):
        weight = model.tensor(f"weight_{place}", [side, side], data=_mark(place))
        made = model.tensor(f"x{place + 1}", [1, side])
        model.operator("FULLY_CONNECTED", [last, weight, -1], [made], "FullyConnectedOptions")
        last = made
    model.ends([first], [last])
    data = bytearray(model.bytes())
    nbytes = 4 * side * side
    with path.open("wb") as file:
        for place in range(layers):
            vector = data.index(_mark(place)) - 4
            reference = next(
                at for at in range(0, len(data), 4) if at + struct.unpack_from("<I", data, at)[0] == vector
            )
            moved = len(data) + place * (nbytes + 4)
            struct.pack_into("<I", data, reference, moved - reference)
        file.write(data)
        for _ in range(layers):
            file.write(struct.pack("<I", nbytes))
            file.seek(nbytes, 1)
        file.truncate()
    return path


def interleaved_tflite(path: Path, layers: int = 12, side: int = 700) -> Path:
    """The same as converters write it: each weight behind the table that leads to it."""
    import numpy as np

    from tests.loaders.tflite.builder import ModelBuilder

    model = ModelBuilder()
    last = first = model.tensor("x0", [1, side])
    for place in range(layers):
        weight = model.tensor(f"weight_{place}", [side, side], data=b"")
        model.model.buffers[-1].data = np.zeros(4 * side * side, np.uint8)
        made = model.tensor(f"x{place + 1}", [1, side])
        model.operator("FULLY_CONNECTED", [last, weight, -1], [made], "FullyConnectedOptions")
        last = made
    model.ends([first], [last])
    path.write_bytes(model.bytes())
    return path


def large_keras(path: Path, layers: int = 4, side: int = 2896) -> Path:
    """A chain of Dense layers as a v3 archive."""
    h5py = pytest.importorskip("h5py")
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for place in range(layers):
            name = f"dense_{place}" if place else "dense"
            group = file.create_group(f"layers/{name}/vars")
            early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            early.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            space = h5py.h5s.create_simple((side, side))
            h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space, early)
    config = {"module": "keras", "class_name": "Sequential", "config": _sequential(layers, side)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.11.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getbuffer())
    return path


def _sequential(layers: int, side: int) -> dict[str, Any]:
    first = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, side], "dtype": "float32", "name": "x"},
    }
    dense = [
        {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {
                "name": f"dense_{place}" if place else "dense",
                "dtype": "float32",
                "units": side,
                "activation": "relu",
                "use_bias": False,
            },
        }
        for place in range(layers)
    ]
    return {"name": "chain", "layers": [first, *dense]}


def _mark(place: int) -> bytes:
    return b"mark of weight" + struct.pack("<H", place)


def _head(number: int, length: int) -> bytes:
    """Tag and length of a protobuf field that has a length."""
    found = bytearray()
    for value in (number << 3 | 2, length):
        while value > 0x7F:
            found.append(value & 0x7F | 0x80)
            value >>= 7
        found.append(value)
    return bytes(found)
