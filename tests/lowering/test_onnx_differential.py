"""Predictions held against onnx2tf, where an environment has it (see `onnx_oracle`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import FIXTURES
from tests.lowering import onnx_oracle
from tests.lowering.onnx_networks import NETWORKS, build
from tests.lowering.onnx_oracle import Compared

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(onnx_oracle.python() is None, reason=f"{onnx_oracle.VARIABLE} names no Python"),
]

OTHERWISE = {
    "encoder": "onnxsim joins the three products that read one value",
    "quantized": "onnx2tf drops QuantizeLinear and DequantizeLinear and gives a float32 model",
    "spread": "onnx2tf turns 1 - x around and transposes the output",
    "gru": "onnx2tf fails",
    "lstm": "onnx2tf fails",
}
"""Networks whose prediction is known to differ, and why."""

CONVERTED = (
    "digits_cnn",
    "digits_mlp",
    "digits_resnet",
    "cancer",
    "wine",
    "iris_pairs",
    "digits_autoencoder",
)
"""Fixtures that onnx2tf converts."""

IN_INTEGERS = ("inception", "inverted_residual", "residual", "squeeze_excite", "unet", "max_pools")
"""Networks on images of three channels, for which onnx2tf has data to calibrate with."""


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in OTHERWISE])
def test_network_is_predicted_as_converted(name: str, tmp_path: Path) -> None:
    _check(build(name, tmp_path), tmp_path)


@pytest.mark.parametrize("name", CONVERTED)
def test_fixture_is_predicted_as_converted(name: str, tmp_path: Path) -> None:
    _check(FIXTURES / "models" / f"{name}.onnx", tmp_path)


@pytest.mark.parametrize("scheme", ["int8", "int8-float-io"])
@pytest.mark.parametrize("name", IN_INTEGERS)
def test_integer_network_is_predicted_as_converted(name: str, scheme: str, tmp_path: Path) -> None:
    path = build(name, tmp_path)
    folder = tmp_path / "converted"
    folder.mkdir()
    onnx_oracle.convert(path, folder, integers=True)
    _agree(onnx_oracle.compare(path, folder, scheme))


def _check(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "converted"
    folder.mkdir()
    problem = onnx_oracle.convert(path, folder)
    assert not problem
    _agree(onnx_oracle.compare(path, folder))


def _agree(result: Compared | str) -> None:
    assert isinstance(result, Compared), result
    assert result.predicted == result.converted
    assert abs(result.arena_error) <= 0.05
