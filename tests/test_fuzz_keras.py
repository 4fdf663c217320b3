"""What the fuzzer starts from for Keras is sound, covers what the loader knows, and is damaged repeatably."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import load
from edgelint.loaders.keras.layers import LAYERS
from tests.fuzz import hdf5_seeds
from tests.fuzz.formats import format_module
from tests.fuzz.keras import archive, catalogue
from tests.fuzz.keras_layers import layers


def test_the_catalogue_has_every_kind_of_layer_that_the_loader_knows() -> None:
    assert {kind for kind, _, _ in layers()} == LAYERS.keys()


def test_every_configuration_of_the_catalogue_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    for config in catalogue():
        path.write_bytes(archive(json.dumps(config).encode()))
        assert load(path).main.nodes


def test_every_form_of_hdf5_is_loaded_but_those_that_lead_elsewhere(tmp_path: Path) -> None:
    path, refused = tmp_path / "model.h5", []
    for data in hdf5_seeds.forms():
        path.write_bytes(data)
        try:
            assert load(path).main.nodes
        except EdgelintError as error:
            refused.append(error.code)
    assert refused == ["EL702", "EL702"]


@pytest.mark.parametrize("format", ["keras", "keras-h5"])
@pytest.mark.parametrize("start", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(200), b"seed"])
def test_damage_takes_any_bytes_and_is_the_same_for_the_same_chance(format: str, start: bytes) -> None:
    module = format_module(format)
    data = next(iter(module.seeds())) if start == b"seed" else start
    for chance in range(40):
        once = module.mutated(data, data, Random(chance))
        assert once == module.mutated(data, data, Random(chance))
