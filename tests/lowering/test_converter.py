"""Predictions against TensorFlow's converter itself: single layers, applications, the corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import Binding, load
from edgelint.lowering import lower
from tests.conftest import SHARED_MODELS
from tests.lowering.comparison import arena, operators, predicted
from tests.lowering.grid import GRID, build, randomized

pytestmark = pytest.mark.slow

NOT_FORETOLD = json.loads((Path(__file__).parent / "not_foretold.json").read_text())
"""Grid models that are refused, with the reason, or that even the converter refuses ("converter")."""

TO_INT8 = (
    *("conv_relu", "depthwise_same_2", "separable_valid_1", "conv1d_batch_norm_relu", "conv1d_causal"),
    *("dense_softmax", "dense_hard_silu", "dense_on_sequence", "pad_conv_valid_2", "max_pool1d_valid_2"),
    *("transpose_relu", "global_average_2d_0", "upsample_nearest", "residual", "squeeze_excite", "inception"),
)
"""Grid models whose quantization the converter survives in one process with the others."""

APPLICATIONS = ("MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "DenseNet121", "NASNetMobile")


def converted(model: Any, folder: Path, *, int8: bool = False) -> Path:
    """The file that TensorFlow makes of a Keras model, exported with batch 1."""
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    specs = [
        keras.InputSpec(shape=(1, *value.shape[1:]), dtype=value.dtype, name=value.name)
        for value in model.inputs
    ]
    signature = [specs] if len(specs) > 1 else specs
    saved, path = str(folder / "saved"), folder / "converted.tflite"
    model.export(saved, format="tf_saved_model", verbose=False, input_signature=signature)
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        converter.representative_dataset = lambda: samples(model)
    path.write_bytes(converter.convert())
    return path


def samples(model: Any) -> Iterator[dict[str, Any]]:
    """Inputs for the calibration of `model`."""
    import numpy as np

    random = np.random.default_rng(0)
    for _ in range(4):
        yield {
            value.name: random.uniform(0, 1, (1, *value.shape[1:])).astype("float32")
            for value in model.inputs
        }


@pytest.mark.parametrize("name", [name for name in GRID if name not in NOT_FORETOLD])
def test_a_small_model_becomes_the_converters_operators(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    model = build(name)
    model.save(tmp_path / "model.keras")
    real, foretold = load(converted(model, tmp_path)), predicted(tmp_path / "model.keras")
    assert operators(foretold) == operators(real)
    assert abs(arena(foretold) - arena(real)) <= 0.05 * arena(real)


@pytest.mark.parametrize("name", TO_INT8)
def test_a_small_model_becomes_the_converters_operators_in_int8(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    model = build(name)
    model.save(tmp_path / "model.keras")
    real = load(converted(model, tmp_path, int8=True))
    foretold = predicted(tmp_path / "model.keras", "int8")
    assert operators(foretold) == operators(real)
    assert abs(arena(foretold) - arena(real)) <= 0.05 * arena(real)


@pytest.mark.parametrize("name", NOT_FORETOLD)
def test_what_is_not_foretold_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    build(name).save(tmp_path / "model.keras")
    found = lower(load(tmp_path / "model.keras", Binding({}, batch=1)))
    assert found.model is None
    assert found.unconvertible[0].reason == NOT_FORETOLD[name]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_becomes_the_converters_operators(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    keras.backend.clear_session()
    model = randomized(getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), classes=10))
    model.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", compile=False)
    real, foretold = load(converted(model, tmp_path)), predicted(tmp_path / "model.keras")
    assert operators(foretold) == operators(real)
    assert abs(arena(foretold) - arena(real)) <= 0.05 * arena(real)


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for suffix in ("*.keras", "*.h5")
        for path in (SHARED_MODELS.rglob(suffix) if SHARED_MODELS.is_dir() else ())
        if "malformed" not in path.parts
    ),
    ids=lambda path: path.name,
)
def test_a_file_of_the_corpus_becomes_the_converters_operators(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    try:
        foretold = lower(load(path, Binding({}, batch=1)))
    except EdgelintError:
        pytest.skip("edgelint does not read it")
    if foretold.model is None:
        assert foretold.unconvertible
        return
    keras.backend.clear_session()
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # whatever Keras raises: it is the oracle that fails
        pytest.skip(f"Keras does not read it: {type(error).__name__}")
    real = load(converted(model, tmp_path))
    assert operators(foretold.model) == operators(real)
    assert abs(arena(foretold.model) - arena(real)) <= 0.05 * arena(real)
