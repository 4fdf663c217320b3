"""MACs of Keras layers against those of the graph that TensorFlow's converter makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgelint.analysis.cost.measure import measure
from edgelint.loaders import load

pytestmark = pytest.mark.slow

Built = Callable[[Any, Any], Any]

# Input shape without batch, the layers (given keras.layers and the input), the MACs by hand.
LAYERS: dict[str, tuple[tuple[int, ...], Built, int]] = {
    "MultiHeadAttention": ((10, 32), lambda L, x: L.MultiHeadAttention(2, 8)(x, x), 4 * 10 * 512 + 3200),
    "GroupQueryAttention": ((10, 32), lambda L, x: L.GroupQueryAttention(8, 4, 2)(x, x), 37_120),
    "Attention": ((10, 32), lambda L, x: L.Attention()([x, x]), 6_400),
    "AdditiveAttention": ((10, 32), lambda L, x: L.AdditiveAttention()([x, x]), 3_200),
    "SeparableConv2D": ((8, 8, 4), lambda L, x: L.SeparableConv2D(8, 3)(x), 36 * (36 + 32)),
    "DepthwiseConv1D": ((8, 4), lambda L, x: L.DepthwiseConv1D(3, depth_multiplier=2)(x), 6 * 24),
    "Conv2D-groups": ((8, 8, 4), lambda L, x: L.Conv2D(8, 3, groups=2)(x), 36 * 8 * 9 * 2),
    "Conv3D": ((8, 8, 8, 4), lambda L, x: L.Conv3D(6, 3)(x), 216 * 27 * 24),
    "Conv2DTranspose": ((8, 8, 4), lambda L, x: L.Conv2DTranspose(6, 3, strides=2)(x), 64 * 9 * 24),
    "Conv1DTranspose": ((8, 4), lambda L, x: L.Conv1DTranspose(6, 3, strides=2)(x), 8 * 3 * 24),
    "EinsumDense": ((10, 32), lambda L, x: L.EinsumDense("abc,cd->abd", (None, 16))(x), 10 * 32 * 16),
    "TimeDistributed": ((5, 8, 8, 3), lambda L, x: L.TimeDistributed(L.Conv2D(4, 3))(x), 5 * 36 * 27 * 4),
    "Dot": ((5, 8), lambda L, x: L.Dot(axes=(2, 2))([x, x]), 5 * 5 * 8),
}

# Recurrent layers become loops whose bodies count once: steps times less.
RECURRENT: dict[str, tuple[tuple[int, ...], Built, int]] = {
    "LSTM": ((10, 32), lambda L, x: L.LSTM(16, return_sequences=True)(x), 10 * 64 * 48),
    "Bidirectional": ((10, 32), lambda L, x: L.Bidirectional(L.GRU(16))(x), 10 * 2 * 48 * 48),
    "StackedRNNCells": (
        (10, 32),
        lambda L, x: L.RNN([L.LSTMCell(16), L.GRUCell(8)])(x),
        10 * (64 * 48 + 24 * 24),
    ),
    "ConvLSTM2D": ((5, 8, 8, 3), lambda L, x: L.ConvLSTM2D(4, 3)(x), 5 * 36 * 9 * (3 + 4) * 16),
}


def costs(shape: tuple[int, ...], build: Built, folder: Path) -> tuple[int | None, int | None]:
    """MACs of the layer saved by Keras, and as converted to TFLite."""
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    given = keras.Input(shape, batch_size=1)
    network = keras.Model(given, build(keras.layers, given))
    network.save(folder / "m.keras")
    (folder / "m.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    saved, converted = (measure(load(folder / name)).macs.value for name in ("m.keras", "m.tflite"))
    return saved, converted


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_costs_what_its_operators_cost(name: str, tmp_path: Path) -> None:
    shape, build, expected = LAYERS[name]
    assert costs(shape, build, tmp_path) == (expected, expected)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_layer_costs_its_steps(name: str, tmp_path: Path) -> None:
    shape, build, expected = RECURRENT[name]
    assert costs(shape, build, tmp_path) == (expected, expected // shape[0])
