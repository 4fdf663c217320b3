"""One network, whatever file it came from: the same MACs, as each fixture is saved in several formats."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgelint
from tests.conftest import FIXTURES

UNLIKE = {
    "digits_lambda": "only the .keras file records the shape behind the Lambda",
    "digits_lambda_keras2": "only the .keras file records the shape behind the Lambda",
    "digits_lstm": "the converted loop's body counts once",
    "digits_lstm_unrolled": "the converter drops the products with the first, zero state",
}
"""Networks whose files do differ, and why."""


def networks() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted((FIXTURES / "models").iterdir()):
        stem, _, variant = path.name.partition(".")
        if variant in ("keras", "h5", "onnx", "float32.tflite", "int8.tflite"):
            found.setdefault(stem, []).append(path)
    return {stem: paths for stem, paths in found.items() if len(paths) > 1 and stem not in UNLIKE}


@pytest.mark.parametrize("stem", networks())
def test_every_format_of_a_network_has_the_same_macs(stem: str) -> None:
    counted = {}
    for path in networks()[stem]:
        profile = edgelint.check(path, "tflm-x86_64").profile
        assert profile is not None
        counted[path.name] = profile.macs.value
    assert len(set(counted.values())) == 1, counted
    assert None not in counted.values()
