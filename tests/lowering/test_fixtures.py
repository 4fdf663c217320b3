"""Every fixture's Keras file against the files that the converter really made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.ir.model import Model
from edgelint.loaders import load
from tests.conftest import FIXTURES
from tests.lowering.comparison import arena, operators, predicted

SCHEMES = {
    "float32": None,
    "int8": "int8",
    "int8_float_io": "int8-float-io",
    "dynamic": "dynamic",
    "int16x8": "int16x8",
}

PAIRS = [
    (keras, converted, scheme)
    for keras in sorted((FIXTURES / "models").glob("*.keras"))
    for suffix, scheme in SCHEMES.items()
    if (converted := keras.with_name(f"{keras.stem}.{suffix}.tflite")).is_file()
]

IDS = [converted.name for _, converted, _ in PAIRS]


@pytest.mark.parametrize(("keras", "converted", "scheme"), PAIRS, ids=IDS)
def test_the_operators_are_the_converters(keras: Path, converted: Path, scheme: str | None) -> None:
    assert operators(predicted(keras, scheme)) == operators(load(converted))


@pytest.mark.parametrize(("keras", "converted", "scheme"), PAIRS, ids=IDS)
def test_the_arena_is_that_of_the_converted_file(keras: Path, converted: Path, scheme: str | None) -> None:
    real = arena(load(converted))
    assert abs(arena(predicted(keras, scheme)) - real) <= 0.05 * real


def ends(model: Model) -> list[list[str]]:
    """Type and shape of each input and of each output; the converter writes outputs in any order."""
    graph = model.main
    return [
        sorted(f"{graph.values[name].dtype} {graph.values[name].shape}" for name in names)
        for names in (graph.inputs, graph.outputs)
    ]


@pytest.mark.parametrize(("keras", "converted", "scheme"), PAIRS, ids=IDS)
def test_interfaces_have_the_converters_types(keras: Path, converted: Path, scheme: str | None) -> None:
    assert ends(predicted(keras, scheme)) == ends(load(converted))
