"""Damage to a JSON tree: what a hostile or broken Keras configuration may hold."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Json = Any
Place = tuple[Any, Any]
"""A container of the tree, and the key or index in it."""

NUMBERS: tuple[Json, ...] = (
    *(0, -1, 1, 2, 3, 7, 127, 128, 255, 256, 1000, 65535, 65536, 10**6),
    *(2**31 - 1, 2**31, -(2**31), 2**32, 2**40, 2**40 + 1, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30),
    *(0.0, -0.0, 0.5, 1.0, 1.5, -1.5, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
)
WORDS: tuple[str, ...] = (
    *("", " ", "0", "-1", "None", "null", "nan", "same", "valid", "causal", "channels_first", "linear"),
    *(
        "softmax",
        "sigmoid",
        "relu",
        "float16",
        "mixed_float16",
        "int8",
        "string",
        "bool",
        "quantized",
        "x" * 300,
    ),
    *("\x1b[2J\x1b[31m", "\x00", "\u202e", "\ud800", "a/b", "../..", "/etc/passwd", "::error::x", "<b>&'\""),
    *("one_hot", "count", "tf_idf", "multi_hot", "ab,bc->ac", "...a,ab->...b", "a" * 60 + ",b->c", "1e5"),
    *(
        "__lambda__",
        "function",
        "__keras_tensor__",
        "__tuple__",
        "__slice__",
        "__ellipsis__",
        "_CONSTANT_VALUE",
    ),
    *(
        "keras.ops.numpy",
        "keras.layers",
        "os",
        "builtins",
        "pack>Own",
        "Custom>CustomScaleLayer",
        "Sequential",
    ),
    *(
        "Functional",
        "Model",
        "InputLayer",
        "TimeDistributed",
        "Bidirectional",
        "LSTM",
        "Lambda",
        "TFOpLambda",
    ),
)
KEYS: tuple[str, ...] = (
    *(
        "name",
        "config",
        "class_name",
        "module",
        "registered_name",
        "layers",
        "layer",
        "inbound_nodes",
        "units",
    ),
    *(
        "input_layers",
        "output_layers",
        "build_config",
        "compile_config",
        "dtype",
        "axis",
        "kernel_size",
        "cell",
    ),
    *(
        "filters",
        "strides",
        "activation",
        "batch_shape",
        "batch_input_shape",
        "shared_object_id",
        "input_shape",
    ),
    *(
        "keras_history",
        "args",
        "kwargs",
        "loss",
        "metrics",
        "optimizer",
        "training_config",
        "padding",
        "rate",
    ),
    *("data_format", "output_dim", "nb_row", "dim_ordering", "output_shape", "quantization_config", "value"),
)
LARGEST_TREE = 5_000
"""Values in a tree beyond which nothing more is done to it: some damage doubles it, or more."""

EMPTY: tuple[Json, ...] = (None, True, False, [], {}, [[]], [{}], {"": None}, [None, None], [1, 2, 3])


def damaged(tree: Json, rng: random.Random, catalogue: list[Json]) -> Json:
    """`tree`, which is changed in place, with one to eight things wrong; parts of `catalogue` may go in."""
    holder = [tree]
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5, 8))):
        places = _places(holder)
        if len(places) > LARGEST_TREE:
            break
        rng.choice(_DAMAGES)(rng, places, catalogue)
    return holder[0]


def written(tree: Json, rng: random.Random) -> bytes:
    """`tree` as text, now and then with what no JSON library writes: keys twice, nesting without end."""
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.04:
        text = rng.choice(_TEXT_DAMAGES)(rng, text)
    return text.encode("utf-8", "surrogatepass")


def copied(tree: Json) -> Json:
    """A copy of `tree` that shares no container with it."""
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [copied(item) for item in tree]
    return tree


def _places(holder: list[Json]) -> list[Place]:
    found: list[Place] = []
    pending: list[Any] = [holder]
    while pending and len(found) < 20_000:
        item = pending.pop()
        keys = item.keys() if isinstance(item, dict) else range(len(item))
        for key in keys:
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                pending.append(item[key])
    return found


def _another_value(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    container[key] = copied(rng.choice(rng.choice((NUMBERS, NUMBERS, WORDS, EMPTY))))


def _another_number(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    numbers = [(c, k) for c, k in places if isinstance(c[k], (int, float))]
    if numbers:
        container, key = rng.choice(numbers)
        container[key] = rng.choice(NUMBERS)


def _drop(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    if container is not places[0][0]:
        del container[key]


def _rename(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    if isinstance(container, dict):
        container[rng.choice(KEYS)] = container.pop(key)


def _enter(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container = rng.choice(places)[0]
    value = copied(rng.choice(rng.choice((NUMBERS, WORDS, EMPTY))))
    if isinstance(container, dict):
        container[rng.choice(KEYS)] = value
    else:
        container.insert(rng.randrange(len(container) + 1), value)


def _nest(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    value = container[key]
    for _ in range(rng.choice((1, 1, 2, 5, 20, 70, 200))):
        value = [value] if rng.random() < 0.6 else {rng.choice(KEYS): value}
    container[key] = value


def _unnest(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    value = container[key]
    if isinstance(value, (dict, list)) and value:
        container[key] = rng.choice(list(value.values()) if isinstance(value, dict) else value)


def _move(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    (container, key), (source, name) = rng.choice(places), rng.choice(places)
    container[key] = copied(source[name])


def _graft(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    container, key = rng.choice(places)
    donor, name = rng.choice(_places([rng.choice(catalogue)]))
    container[key] = copied(donor[name])


def _repeat(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    lists = [(c, k) for c, k in places if isinstance(c, list)]
    if lists:
        container, key = rng.choice(lists)
        for _ in range(rng.choice((1, 1, 2, 10))):
            container.insert(key, copied(container[key]))


def _another_layer(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    """The settings of one layer under the class name of another."""
    kinds = [(c, k) for c, k in places if k == "class_name"]
    others = [c[k] for c, k in _places([rng.choice(catalogue)]) if k == "class_name"]
    if kinds and others:
        container, key = rng.choice(kinds)
        container[key] = copied(rng.choice(others))


def _another_name(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    """Names that occur twice, or references that lead to another layer: themselves, nothing, in circles."""
    names = [(c, k) for c, k in places if k == "name" or (k == 0 and isinstance(c[k], str))]
    if len(names) > 1:
        (container, key), (source, name) = rng.choice(names), rng.choice(names)
        container[key] = copied(source[name])


def _another_shape(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    shapes = [(c, k) for c, k in places if isinstance(k, str) and "shape" in k and isinstance(c[k], list)]
    if shapes:
        container, key = rng.choice(shapes)
        sizes = (None, 0, 1, 2, 3, 4, 8, 16, -1, 2**31, 2**63, 1.0, "8")
        container[key] = [rng.choice(sizes) for _ in range(rng.randrange(7))]


def _sort_out(rng: random.Random, places: list[Place], catalogue: list[Json]) -> None:
    """A list in another order, or without its end."""
    lists = [c[k] for c, k in places if isinstance(c[k], list) and len(c[k]) > 1]
    if lists:
        chosen = rng.choice(lists)
        if rng.random() < 0.5:
            rng.shuffle(chosen)
        else:
            del chosen[rng.randrange(len(chosen)) :]


_DAMAGES: tuple[Callable[[random.Random, list[Place], list[Json]], None], ...] = (
    *(_another_value, _another_value, _another_value, _another_number, _another_number, _another_number),
    *(_drop, _drop, _rename, _enter, _enter, _nest, _unnest, _move, _move, _graft, _graft, _repeat),
    *(_another_layer, _another_layer, _another_layer, _another_name, _another_name, _another_shape),
    *(_another_shape, _sort_out),
)


def _key_twice(rng: random.Random, text: str) -> str:
    place = text.find("{", rng.randrange(len(text)))
    return (
        text
        if place < 0
        else f'{text[: place + 1]}"{rng.choice(KEYS)}": {rng.choice((1, "[]"))}, {text[place + 1 :]}'
    )


def _endless(rng: random.Random, text: str) -> str:
    depth, opened = rng.choice((500, 5_000, 100_000)), rng.choice(("[", '{"config":'))
    return opened * depth + text + ("]" if opened == "[" else "}") * depth


def _models_in_models(rng: random.Random, text: str) -> str:
    depth = rng.choice((30, 70, 3_000))
    opened = '{"class_name": "Sequential", "config": {"name": "m", "layers": ['
    return opened * depth + text + "]}}" * depth


def _cut_off(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text))]


def _long_number(rng: random.Random, text: str) -> str:
    digits = "9" * rng.choice((300, 4_300, 5_000, 50_000))
    return text.replace("8", digits, 1) if "8" in text else digits


def _other_bytes(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return (
        text[:place]
        + rng.choice(("\x00", "\ufeff", '"', "\\", "\\ud800", "/*", "NaN", "-", "e9", ","))
        + text[place:]
    )


_TEXT_DAMAGES: tuple[Callable[[random.Random, str], str], ...] = (
    *(_key_twice, _endless, _models_in_models, _cut_off, _long_number, _other_bytes),
)
