"""The C++ that `inspect --resolver` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.targets import FOLDER, read_toml
from edgelint.targets.table import read
from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES

MODEL = FIXTURES / "models" / "digits_cnn.int8.tflite"


def test_it_registers_exactly_the_operators_of_the_model() -> None:
    program = edgelint("inspect", MODEL, "--target", "cortex-m4", "--resolver").stdout
    calls = [line.strip() for line in program.splitlines() if "resolver.Add" in line]
    assert calls == [
        f"TF_LITE_ENSURE_STATUS(resolver.{method}());"
        for method in (
            "AddAveragePool2D",
            "AddConv2D",
            "AddDepthwiseConv2D",
            "AddFullyConnected",
            "AddMaxPool2D",
            "AddReshape",
            "AddSoftmax",
        )
    ]
    assert "MicroMutableOpResolver<7>&" in program


def test_the_arena_is_the_smallest_that_loads() -> None:
    program = edgelint("inspect", MODEL, "--target", "cortex-m4", "--resolver").stdout
    _, document = edgelint_json("inspect", MODEL, "--target", "cortex-m4")
    minimum = document["reports"][0]["profile"]["arena_bytes"]["minimum"]
    assert f"constexpr int kArenaBytes_digits_cnn = {minimum};" in program


def test_without_a_target_the_arena_is_said_to_be_unknown() -> None:
    assert "// arena: unknown" in edgelint("inspect", MODEL, "--resolver").stdout


def test_an_operator_that_the_runtime_lacks_is_named() -> None:
    flex = FIXTURES / "models" / "digits_lstm.flex.tflite"
    assert "// FlexTensorListReserve: TensorFlow Lite Micro has no such operator" in (
        edgelint("inspect", flex, "--target", "cortex-m4", "--resolver").stdout
    )


def test_a_model_of_another_format_is_to_be_converted_first() -> None:
    done = edgelint("inspect", FIXTURES / "models" / "digits_cnn.keras", "--resolver")
    assert "convert this keras file first" in done.stdout


def test_a_file_that_cannot_be_read_is_told_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "bad.tflite").write_bytes(b"no model at all")
    done = edgelint("inspect", "bad.tflite", "--resolver", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("// bad.tflite: EL901: is not a TFLite model")


@pytest.mark.parametrize(("section", "kind"), [("builtin", "operators"), ("custom", "custom")])
def test_every_operator_of_the_support_table_has_its_method(section: str, kind: str) -> None:
    methods = read_toml(FOLDER / "tflm_resolver.toml")[section]
    assert set(methods) == set(getattr(read("tflm"), kind))
