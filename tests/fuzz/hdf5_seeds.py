"""Small sound HDF5 files in each of the forms that the HDF5 library writes, most of them Keras models."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ROOM = 400
"""Spaces behind a stored configuration, so that it can grow in place when it is damaged."""

_EARLIEST, _LATEST = ("earliest", "v108"), ("latest", "latest")


def described(configurations: list[Any]) -> Iterator[bytes]:
    """A file without weights for each of the configurations."""
    for place, config in enumerate(configurations):
        yield _made(_LATEST if place % 4 == 0 else _EARLIEST, config)


def forms() -> Iterator[bytes]:
    """A file with weights for each form of storage, as the oldest and as the newest library writes it."""
    for fill in _FILLS:
        for version in (_EARLIEST, _LATEST):
            yield _made(version, MODEL, fill)


def member() -> bytes:
    """The weights of `MODEL` as an archive holds them."""
    return _made(_EARLIEST, None, _newest)


def _made(versions: tuple[str, str], config: Any, fill: Callable[[Any], None] | None = None) -> bytes:
    import h5py

    out = io.BytesIO()
    with h5py.File(out, "w", libver=versions) as file:
        if config is not None:
            _describe(file, json.dumps(config) + " " * ROOM)
        if fill is not None:
            fill(file)
    return out.getvalue()


def _describe(file: Any, config: str) -> None:
    file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", b"tensorflow"
    # Attributes above 64 KiB only fit into the dense storage of the newest files.
    file.attrs["model_config"] = np.bytes_(config.encode()[: 64 * 1024 - 64])
    file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": ["mae"], "optimizer_config": {}})


MODEL = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {
                "class_name": "InputLayer",
                "config": {"batch_input_shape": [None, 6], "dtype": "float32", "name": "input_1"},
            },
            {"class_name": "Dense", "config": {"name": "dense", "units": 4, "activation": "relu"}},
            {"class_name": "Dense", "config": {"name": "head", "units": 2, "activation": "softmax"}},
        ],
    },
}
"""The model that the weights here belong to."""

_WEIGHTS = {"dense": {"kernel:0": (6, 4), "bias:0": (4,)}, "head": {"kernel:0": (4, 2), "bias:0": (2,)}}


def _weights(file: Any, **options: Any) -> None:
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [np.bytes_(name) for name in ("input_1", *_WEIGHTS)]
    group.create_group("input_1").attrs["weight_names"] = np.zeros((0,), "S1")
    for layer, weights in _WEIGHTS.items():
        inside = group.create_group(layer)
        inside.attrs["weight_names"] = [np.bytes_(f"{layer}/{name}") for name in weights]
        for name, shape in weights.items():
            values = np.arange(np.prod(shape), dtype="f4").reshape(shape)
            inside.create_dataset(f"{layer}/{name}", data=values, **(options if len(shape) > 1 else {}))


def _plain(file: Any) -> None:
    _weights(file)


def _packed(file: Any) -> None:
    _weights(file, chunks=(2, 2), compression="gzip", shuffle=True, fletcher32=True)


def _chunked(file: Any) -> None:
    _weights(file, chunks=(3, 1), maxshape=(None, None))


def _many(file: Any) -> None:
    """So many links and attributes that both are kept in B-trees and heaps."""
    _weights(file)
    group = file["model_weights"]
    for place in range(40):
        group.create_group(f"empty_{place}")
        group.attrs[f"note_{place}"] = place


def _split(file: Any) -> None:
    """Lists of names in parts, as Keras writes long ones."""
    _weights(file)
    group = file["model_weights"]
    del group.attrs["layer_names"]
    for place, name in enumerate(("input_1", *_WEIGHTS)):
        group.attrs[f"layer_names{place}"] = [np.bytes_(name)]


def _links(file: Any) -> None:
    import h5py

    _weights(file)
    group = file["model_weights"]
    group["soft"] = h5py.SoftLink("/model_weights/dense")
    group["circle"] = h5py.SoftLink("/model_weights/circle")
    group["outside"] = h5py.ExternalLink("/etc/hostname", "/")
    group["again"] = group
    file["hard"] = group["dense"]


def _types(file: Any) -> None:
    """Each class of datatype, as attributes and as datasets."""
    import h5py

    _weights(file)
    kinds: dict[str, Any] = {
        "words": np.array(["a", "bc"], dtype=h5py.string_dtype()),
        "pair": np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")]),
        "big": np.arange(3, dtype=">f4"),
        "half": np.arange(3, dtype="f2"),
        "bits": np.array([True, False]),
        "opaque": np.void(b"12345678"),
        "rows": np.zeros((2,), dtype=np.dtype(("<i2", (3,)))),
        "complex": np.array([1j]),
    }
    for name, value in kinds.items():
        file.attrs[name] = value
        file.create_dataset(name, data=value)
    file.attrs["choice"] = np.array(1, dtype=h5py.enum_dtype({"no": 0, "yes": 1}, basetype="i1"))
    file.attrs["pointer"] = file["model_weights"].ref
    file.attrs["nothing"] = h5py.Empty("f4")
    file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))
    file["committed"] = np.dtype("f8")


def _elsewhere(file: Any) -> None:
    """A weight whose content lies in another file."""
    _weights(file)
    group = file["model_weights/head/head"]
    del group["kernel:0"]
    group.create_dataset("kernel:0", (4, 2), "f4", external=[("/etc/hostname", 0, 32)])


def _text_config(file: Any) -> None:
    """The configuration as a string of variable length, in a global heap."""
    _weights(file)
    text = file.attrs["model_config"].decode()
    del file.attrs["model_config"]
    file.attrs["model_config"] = text


def _newest(file: Any) -> None:
    """The member of an archive: layers by place."""
    for layer, weights in (("dense", (6, 4)), ("dense_1", (4, 2))):
        group = file.create_group(f"layers/{layer}/vars")
        group.create_dataset("0", data=np.ones(weights, "f4"))
        group.create_dataset("1", data=np.ones(weights[1:], "f4"))
    file.create_group("optimizer/vars").create_dataset("0", data=np.int64(3))


_FILLS: tuple[Callable[[Any], None], ...] = (
    *(_plain, _packed, _chunked, _many, _split, _links, _types, _elsewhere, _text_config, _newest),
)
