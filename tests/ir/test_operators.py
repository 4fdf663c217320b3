"""The table of canonical operators."""

from __future__ import annotations

import pytest

from edgelint.ir.operators import Family, describe
from edgelint.loaders.tflite.operators import BUILTINS

NO_OPERATORS = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES", "STABLEHLO_CUSTOM_CALL"}


def test_every_tflite_builtin_is_described() -> None:
    missing = [
        name
        for name, canonical, _ in BUILTINS
        if name not in NO_OPERATORS and not (describe(canonical) if canonical else describe(name, "tflite"))
    ]
    assert missing == []


def test_every_onnx_operator_is_described() -> None:
    defs = pytest.importorskip("onnx.defs")
    schemas = defs.get_all_schemas_with_history()
    assert {(s.domain, s.name) for s in schemas if describe(s.name, s.domain) is None} == set()


def test_the_default_domain_has_two_names() -> None:
    assert describe("Conv", "ai.onnx") is describe("Conv")


def test_custom_operators_are_not_described() -> None:
    assert describe("Conv", "tflite.custom") is None
    assert describe("Lambda", "keras") is None


@pytest.mark.parametrize("op", ["Relu", "Softmax", "Sigmoid", "HardSwish", "PRelu", "Relu6"])
def test_activations(op: str) -> None:
    operator = describe(op)
    assert operator is not None
    assert operator.is_activation


@pytest.mark.parametrize("op", ["Identity", "Reshape", "Flatten", "Cast", "DequantizeLinear", "Dropout"])
def test_operators_that_hand_on_what_they_read(op: str) -> None:
    operator = describe(op)
    assert operator is not None
    assert operator.is_pass_through


@pytest.mark.parametrize("op", ["Softmax", "Conv", "Slice", "Add", "ReduceMean"])
def test_operators_that_do_not(op: str) -> None:
    operator = describe(op)
    assert operator is not None
    assert not operator.is_pass_through


def test_families() -> None:
    assert [describe(op).family for op in ("Conv", "Gemm", "LSTM", "MaxPool", "Add")] == [  # type: ignore[union-attr]
        Family.CONVOLUTION,
        Family.MATMUL,
        Family.RECURRENT,
        Family.POOLING,
        Family.ELEMENTWISE,
    ]
