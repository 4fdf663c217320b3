"""Models of one operator by the hundred, for verdicts to be held against real runtimes."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from edgelint.ir.dtype import BY_LABEL
from tests.analysis.tflm_models import MAKERS, Network, T, single
from tests.analysis.verdict_cases import CASES

DTYPES = ("float32", "int8", "int16", "int32", "int64", "uint8", "bool", "float16")

UNARY = (
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOGICAL_NOT", "LOGISTIC", "NEG"),
    *("RELU", "RELU6", "ROUND", "SIN", "SQRT", "SQUARE", "TANH", "ZEROS_LIKE", "GELU", "SIGN"),
)
BINARY = ("ADD", "MUL", "SUB", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "POW")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
CASTS = ("DEQUANTIZE", "QUANTIZE", "CAST")

OPTIONS = {"ADD": "AddOptions", "MUL": "MulOptions", "SUB": "SubOptions", "GELU": "GeluOptions"}

SEEDS = 3
"""Random networks of each operator and type."""


def typed() -> Iterator[tuple[str, Network]]:
    """Operators over [1, 4] tensors of every type, one at a time."""
    for dtype in DTYPES:
        yield from (_typed(op, [dtype], dtype) for op in UNARY)
        yield from (_typed(op, [dtype] * 2, dtype) for op in BINARY)
        yield from (_typed(op, [dtype] * 2, "bool") for op in COMPARISONS)
        yield from (_typed(op, [dtype], output) for op in CASTS for output in DTYPES)


def sized() -> Iterator[tuple[str, Network]]:
    """Operators with the usual options, in random sizes."""
    for op, (make, types) in MAKERS.items():
        for type in types:
            for seed in range(SEEDS):
                yield f"{op}-{type}-{seed}", make(random.Random(f"{op} {type} {seed}"), type)


def write_tflite(folder: Path) -> list[Path]:
    """Files of all TFLite models of one operator, each named after its operator and what it tries."""
    paths = []
    for name, network in (*typed(), *sized(), *CASES.items()):
        paths.append(folder / f"{name}.tflite")
        paths[-1].write_bytes(bytes(network))
    return paths


def write_onnx(folder: Path, newest_opset: int) -> list[Path]:
    """Files of the single-node cases that ONNX ships, as far as they are valid in opset `newest_opset`."""
    onnx = pytest.importorskip("onnx")
    collect = pytest.importorskip("onnx.backend.test.case.node").collect_testcases
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Copies: ONNX hands out the same models each time, and they are changed here.
        models = {case.name: deepcopy(case.model) for case in collect(None) if case.model is not None}
    paths = []
    for name, model in models.items():
        if _is_newer(model, newest_opset):
            continue
        paths.append(folder / f"{name}.onnx")
        onnx.save(model, str(paths[-1]))
    return paths


def _is_newer(model: Any, newest_opset: int) -> bool:
    """Whether the model says what opset `newest_opset` cannot say; else it is now of that opset at most."""
    checker = pytest.importorskip("onnx.checker")
    newer = [opset for opset in model.opset_import if opset.domain == "" and opset.version > newest_opset]
    for opset in newer:
        opset.version = newest_opset
    try:
        if newer:
            checker.check_model(model, full_check=True)
    except Exception:
        # checker.ValidationError, or shape inference's own error: both say that it is no such model.
        return True
    return False


def _typed(op: str, inputs: list[str], output: str) -> tuple[str, Network]:
    made = [_tensor(op, output, is_output=True)]
    network = single(op, [_tensor(op, each) for each in inputs], made, OPTIONS.get(op, ""))
    return f"{op}-{'-'.join(inputs)}-{output}", network


def _tensor(op: str, dtype: str, *, is_output: bool = False) -> T:
    rest: dict[str, Any] = {}
    if BY_LABEL[dtype].bits <= 16 and BY_LABEL[dtype].is_integer:
        rest["scales"] = 1
        if is_output and op in ("LOGISTIC", "TANH"):
            rest["scale"] = 2**-15 if dtype == "int16" else 2**-8
            rest["zero_point"] = -128 if op == "LOGISTIC" and dtype == "int8" else 0
    return T((1, 4), dtype.upper(), **rest)
