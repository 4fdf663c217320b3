"""Sound configurations of whole Keras models in the forms of Keras 1, 2 and 3, small, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.fuzz.keras_layers import layers

Json = Any

_OPERATIONS = ("Add", "Mean", "Reshape", "Transpose", "Concatenate", "Matmul", "GetItem", "Clip", "Argmax")
_TENSORFLOW = ("math.add", "math.reduce_mean", "reshape", "expand_dims", "concat", "cast", "stack", "squeeze")

COMPILED = {
    "optimizer": {
        "class_name": "Adam",
        "config": {
            "learning_rate": {
                "class_name": "PiecewiseConstantDecay",
                "config": {"boundaries": [100], "values": [0.01, 0.001]},
            }
        },
    },
    "loss": {"module": "keras.losses", "class_name": "BinaryCrossentropy", "config": {"from_logits": True}},
    "metrics": [["accuracy"], {"class_name": "AUC", "config": {"thresholds": [0.0, 0.5]}}],
}


def configurations() -> list[Json]:
    """One configuration for each kind of layer, and some for each way in which models are put together."""
    found = []
    for place, (kind, shapes, settings) in enumerate(layers()):
        form = (sequential, functional_2, functional)[place % 3] if len(shapes) == 1 else functional
        found.append(form(kind, shapes, settings))
    return [*found, *_assemblies()]


def sequential(kind: str, shapes: Sequence[tuple[int | None, ...]], settings: Mapping[str, Any]) -> Json:
    """A Sequential of an input layer, that layer and a head."""
    stack = [_input("input", shapes[0]), _layer(kind, "middle", settings), _layer("Flatten", "flat", {})]
    stack.append(_layer("Dense", "head", {"units": 2, "activation": "softmax"}))
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "model", "layers": stack},
        "registered_name": None,
        "build_config": {"input_shape": [None, *shapes[0]]},
        "compile_config": COMPILED,
    }


def functional(kind: str, shapes: Sequence[tuple[int | None, ...]], settings: Mapping[str, Any]) -> Json:
    """A functional model in Keras 3's words: an input for each shape, that layer, a head."""
    names = [f"input_{place}" for place in range(len(shapes))]
    inputs = [_input(name, shape) for name, shape in zip(names, shapes, strict=True)]
    tensors = [tensor(name, shape) for name, shape in zip(names, shapes, strict=True)]
    args = [tensors] if len(tensors) > 1 and "Attention" not in kind else tensors
    middle = _layer(kind, "middle", settings) | {"inbound_nodes": [{"args": args, "kwargs": {}}]}
    head = _layer("Dense", "head", {"units": 1, "activation": "sigmoid"})
    head |= {"inbound_nodes": [{"args": [tensor("middle", shapes[0])], "kwargs": {}}]}
    return _functional([*inputs, middle, head], names, ["head"]) | {"compile_config": COMPILED}


def functional_2(kind: str, shapes: Sequence[tuple[int | None, ...]], settings: Mapping[str, Any]) -> Json:
    """A functional model in Keras 2's words."""
    first = {
        "class_name": "InputLayer",
        "name": "input_0",
        "config": {"name": "input_0", "batch_input_shape": [None, *shapes[0]], "dtype": "float32"},
        "inbound_nodes": [],
    }
    middle = _layer(kind, "middle", settings) | {"inbound_nodes": [[["input_0", 0, 0, {}]]]}
    twice = _layer("Add", "twice", {})
    twice |= {"inbound_nodes": [[["middle", 0, 0, {}], ["middle", 0, 0, {}]]]}
    return _functional([first, middle, twice], ["input_0"], ["twice", "middle"])


def tensor(layer: str, shape: tuple[int | None, ...], node: int = 0, place: int = 0) -> Json:
    """A reference to a layer's output as Keras 3 stores it."""
    history = {"shape": [None, *shape], "dtype": "float32", "keras_history": [layer, node, place]}
    return {"class_name": "__keras_tensor__", "config": history}


def _functional(listed: list[Json], inputs: list[str], outputs: list[str]) -> Json:
    config = {
        "name": "model",
        "trainable": True,
        "layers": listed,
        "input_layers": [[name, 0, 0] for name in inputs],
        "output_layers": [[name, 0, 0] for name in outputs],
    }
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional"}


def _layer(kind: str, name: str, settings: Mapping[str, Any]) -> Json:
    policy = {"class_name": "DTypePolicy", "config": {"name": "float32"}}
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, "dtype": policy, **settings},
        "registered_name": None,
        "build_config": {"input_shape": [None, 8]},
        "name": name,
    }


def _input(name: str, shape: tuple[int | None, ...]) -> Json:
    config = {"batch_shape": [None, *shape], "dtype": "float32", "sparse": False, "name": name}
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": config,
        "registered_name": None,
        "name": name,
        "inbound_nodes": [],
    }


def _assemblies() -> Iterator[Json]:
    first = {"batch_input_shape": [None, 8], "output_dim": 4, "init": "glorot_uniform", "activation": "relu"}
    second = {"output_dim": 1, "activation": "sigmoid"}
    stack = [{"class_name": "Dense", "config": settings} for settings in (first, second)]
    yield {"class_name": "Sequential", "config": stack}
    yield {
        "class_name": "Sequential",
        "keras_version": "1.2.2",
        "config": [
            {
                "class_name": "Convolution2D",
                "config": {
                    "name": "conv",
                    "nb_filter": 4,
                    "nb_row": 3,
                    "nb_col": 3,
                    "border_mode": "valid",
                    "dim_ordering": "tf",
                    "subsample": [1, 1],
                    "batch_input_shape": [None, 8, 8, 1],
                },
            }
        ],
    }
    inner = sequential("Conv2D", ((8, 8, 3),), {"filters": 4, "kernel_size": 3, "padding": "same"})
    del inner["compile_config"]
    yield _functional(
        [
            _input("input_0", (8, 8, 3)),
            {**inner, "name": "nested", "inbound_nodes": [{"args": [tensor("input_0", (8, 8, 3))]}]},
            {**inner, "name": "again", "inbound_nodes": [{"args": [tensor("input_0", (8, 8, 3))]}]}
            | {"config": {**inner["config"], "name": "again"}},
        ],
        ["input_0"],
        ["model"],
    )
    yield sequential("TimeDistributed", ((3, 8, 8, 3),), {"layer": inner})
    steps = (12, 4)
    for name in _OPERATIONS:
        call: Json = {
            "args": [tensor("input_0", steps)],
            "kwargs": {"axis": 1, "key": [None, 0], "newshape": [-1]},
        }
        listed: list[Json] = [
            _input("input_0", steps),
            {**_layer(name, "op", {}), "module": "keras.src.ops.numpy"},
        ]
        listed[1]["inbound_nodes"] = [call]
        yield _functional(listed, ["input_0"], ["op"])
    for function in _TENSORFLOW:
        called = {"name": "op", "trainable": True, "dtype": "float32", "function": function}
        listed = [
            _input("input_0", steps),
            {
                "class_name": "TFOpLambda",
                "name": "op",
                "config": called,
                "inbound_nodes": [
                    ["input_0", 0, 0, {"y": 2.0, "axis": -1, "shape": [-1, 4], "dtype": "int8"}]
                ],
            },
        ]
        yield _functional(listed, ["input_0"], ["op"])
    yield {
        "module": "somewhere.models",
        "class_name": "Own",
        "config": {"layers": [_layer("Dense", "a", {"units": 3})], "width": 3},
        "registered_name": "pack>Own",
        "build_config": {"input_shape": [None, 8]},
    }
