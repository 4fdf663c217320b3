"""Whole networks for the differential tests: shared layers, nested models, several inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[[Any], Any]

NETWORKS: dict[str, Build] = {}
"""Name to a function from a Keras module to a model."""


def network(build: Build) -> Build:
    """Enters `build` in NETWORKS."""
    NETWORKS[build.__name__] = build
    return build


@network
def sequential(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


@network
def sequential_built_later(keras: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
    model.build((None, 7))
    return model


@network
def fixed_batch(keras: Any) -> Any:
    inputs = keras.Input(batch_shape=(3, 5)) if keras.__version__ >= "3" else keras.Input((5,), batch_size=3)
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


@network
def shared_layer(keras: Any) -> Any:
    one, two = keras.Input((6,), name="one"), keras.Input((6,), name="two")
    tower = keras.layers.Dense(4, name="tower")
    joined = keras.layers.Concatenate()([tower(one), tower(two)])
    return keras.Model([one, two], keras.layers.Dense(1, activation="sigmoid")(joined))


@network
def nested(keras: Any) -> Any:
    layers = keras.layers
    inner_in = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(inner_in)
    x = layers.BatchNormalization(name="norm")(x)
    inner = keras.Model(inner_in, layers.Conv2D(5, 3)(x), name="inner")
    outer_in = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(inner(outer_in))
    return keras.Model(outer_in, layers.Dense(2)(x))


@network
def nested_frozen(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Conv2D(4, 3)],
        name="backbone",
    )
    inner.layers[0].trainable = False
    return keras.Sequential([keras.Input((8, 8, 3)), inner, layers.Flatten(), layers.Dense(2)])


@network
def nested_twice(keras: Any) -> Any:
    layers = keras.layers
    inner_in = keras.Input((6,))
    inner = keras.Model(inner_in, layers.Dense(3)(layers.Dense(5)(inner_in)), name="encoder")
    one, two = keras.Input((6,)), keras.Input((6,))
    return keras.Model([one, two], layers.Subtract()([inner(one), inner(two)]))


@network
def nested_deep(keras: Any) -> Any:
    layers = keras.layers
    core = keras.Sequential([keras.Input((6,)), layers.Dense(6), layers.BatchNormalization()], name="core")
    middle_in = keras.Input((6,))
    middle = keras.Model(middle_in, layers.Add()([core(middle_in), middle_in]), name="middle")
    outer_in = keras.Input((6,))
    return keras.Model(outer_in, layers.Dense(2)(middle(middle(outer_in))))


@network
def nested_many_ways(keras: Any) -> Any:
    layers = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((5,), name="b")
    inner = keras.Model([a, b], [layers.Dense(3)(a), layers.Dense(2)(b)], name="two_ways")
    one, two = keras.Input((4,), name="one"), keras.Input((5,), name="two")
    left, right = inner([one, two])
    return keras.Model([one, two], [layers.Dense(1)(left), layers.ReLU()(right), left])


@network
def several_outputs(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((10,), name="features")
    x = layers.Dense(8, activation="relu")(inputs)
    outputs = [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="age")(x)]
    return keras.Model(inputs, outputs)


@network
def named_ends(keras: Any) -> Any:
    layers = keras.layers
    inputs = {"x": keras.Input((4,), name="x"), "y": keras.Input((4,), name="y")}
    joined = layers.Add()([inputs["x"], inputs["y"]])
    return keras.Model(
        inputs, {"p": layers.Dense(2, name="p")(joined), "q": layers.Dense(3, name="q")(joined)}
    )


@network
def residual(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    for _ in range(3):
        y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
        x = layers.Add()([x, layers.ReLU(max_value=6.0)(layers.BatchNormalization()(y))])
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalMaxPooling2D()(x)))


@network
def steps_of_a_model(keras: Any) -> Any:
    layers = keras.layers
    frame_in = keras.Input((8, 8, 3))
    x = layers.Flatten()(layers.BatchNormalization()(layers.Conv2D(2, 3)(frame_in)))
    frame = keras.Model(frame_in, x, name="frame")
    inputs = keras.Input((5, 8, 8, 3))
    return keras.Model(inputs, layers.LSTM(4)(layers.TimeDistributed(frame)(inputs)))


@network
def sequence_to_sequence(keras: Any) -> Any:
    layers = keras.layers
    source, target = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    embedded = layers.Embedding(20, 6, mask_zero=True)(source)
    _, h, c = layers.LSTM(8, return_state=True)(embedded)
    decoded = layers.LSTM(8, return_sequences=True)(layers.Embedding(20, 6)(target), initial_state=[h, c])
    return keras.Model(
        [source, target], layers.TimeDistributed(layers.Dense(20, activation="softmax"))(decoded)
    )


@network
def attention_block(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((9, 8))
    x = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    x = layers.LayerNormalization()(layers.Add()([x, inputs]))
    y = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
    return keras.Model(inputs, layers.GlobalAveragePooling1D()(layers.Add()([x, y])))


@network
def operators(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((6, 4))
    x = layers.Dense(4)(inputs)
    y = x * 2.0 + inputs - 1.0
    z = (y / 3.0)[:, 1:, :]
    return keras.Model(inputs, layers.Flatten()(z))


@network
def mixed_precision(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((9, 9, 3))
    x = layers.Conv2D(4, 3, dtype="mixed_float16")(inputs)
    x = layers.Flatten(dtype="mixed_float16")(x)
    return keras.Model(inputs, layers.Dense(2, dtype="float32")(x))
