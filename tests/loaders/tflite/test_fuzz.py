"""Damaged TFLite files: whatever is wrong with one, it is said in an EdgelintError."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgelint.errors import EdgelintError
from edgelint.loaders import Binding, tflite
from tests.conftest import SHARED_MODELS
from tests.loaders.tflite.builder import ModelBuilder
from tests.loaders.tflite.models import conv, entry, sparse, unary

REAL = [
    "tflm/hello_world_int8.tflite",
    "litert/nested_while.tflite",
    "litert/multi_signatures.tflite",
    "litert/resource_vars_calibrated.tflite",
    "litert/odml_sdpa_composite_mha.tflite",
    "coral/keras_lstm_mnist_ptq.tflite",
    "tflite_support/test_model_nl_classifier.tflite",
]


def built() -> bytes:
    build = ModelBuilder()
    conv(build)
    sparse(build)
    entry(build, "min_runtime_version", b"1.5.0\0\0\0")
    build.subgraph("other")
    unary(build, "CUSTOM", custom="FlexErf")
    return build.bytes()


@pytest.fixture(scope="module")
def models() -> list[bytes]:
    found = [SHARED_MODELS / name for name in REAL]
    return [built(), *[path.read_bytes() for path in found if path.is_file()]]


def read(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    try:
        assert tflite.load(path, Binding()).graphs
    except EdgelintError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes_end_in_an_edgelint_error_or_a_model(
    models: list[bytes], tmp_path: Path, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(models))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(damaged), tmp_path / "model.tflite")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_files_end_in_an_edgelint_error_or_a_model(
    models: list[bytes], tmp_path: Path, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(models))
    read(whole[: data.draw(st.integers(8, len(whole) - 1))], tmp_path / "model.tflite")


def test_every_32_bit_word_may_be_huge(models: list[bytes], tmp_path: Path) -> None:
    chance = random.Random(7)
    for whole in models:
        for place in chance.sample(range(8, len(whole) - 4, 4), min(150, len(whole) // 4 - 4)):
            for word in (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff"):
                read(whole[:place] + word + whole[place + 4 :], tmp_path / "model.tflite")
