"""What constants are for, and along which of their dims the output channels lie."""

from __future__ import annotations

from typing import Any

import pytest

from edgelint.analysis.weights.places import Role, Use, uses
from edgelint.examples import Example, chain


def layer(op: str, spec: str, format: str = "onnx", *, reads: str = "float32[1,8]", **how: Any) -> Example:
    return chain(reads).op(op, "float32[1,8]", weights=spec, **how).from_format(format)


def use(example: Example, name: str) -> Use:
    (found,) = [each for each in uses(example.model) if each.value.name == name]
    return found


@pytest.mark.parametrize(
    ("example", "outer", "channels", "inner"),
    [
        (layer("Conv", "int8[8,3,3,4]", "tflite", source="CONV_2D"), 1, 8, 36),
        (layer("Conv", "int8[1,3,3,8]", "tflite", source="DEPTHWISE_CONV_2D"), 9, 8, 1),
        (layer("ConvTranspose", "int8[8,3,3,4]", "tflite", source="CONV_3D_TRANSPOSE"), 72, 4, 1),
        (layer("Gemm", "int8[8,5]", "tflite", source="FULLY_CONNECTED"), 1, 8, 5),
        (layer("Conv", "float32[3,3,4,8]", "keras", attributes={"weight_layout": "HWIO"}), 36, 8, 1),
        (layer("Conv", "float32[3,3,4,2]", "keras", attributes={"weight_layout": "HWOM"}), 9, 8, 1),
        (layer("ConvTranspose", "float32[3,3,8,4]", "keras", attributes={"weight_layout": "HWOI"}), 9, 8, 4),
        (layer("Gemm", "float32[5,8]", "keras", attributes={"weight_layout": "IO"}), 5, 8, 1),
        (layer("Conv", "float32[8,4,3,3]"), 1, 8, 36),
        (layer("ConvTranspose", "float32[4,8,3,3]"), 4, 8, 9),
        (layer("ConvTranspose", "float32[4,2,3,3]", attributes={"group": 4}), 1, 8, 9),
        (layer("ConvTranspose", "float32[4,2,3,3]", attributes={"group": 2}), 1, 1, 72),
        (layer("Gemm", "float32[5,8]"), 5, 8, 1),
        (layer("Gemm", "float32[8,5]", attributes={"transB": 1}), 1, 8, 5),
        (layer("MatMul", "float32[2,5,8]"), 10, 8, 1),
    ],
)
def test_output_channels_lie_where_the_format_puts_them(
    example: Example, outer: int, channels: int, inner: int
) -> None:
    split = use(example, f"{example.steps[0].op.lower()}_0/weights").split
    assert (split.outer, split.channels, split.inner) == (outer, channels, inner)


@pytest.mark.parametrize(
    ("example", "role"),
    [
        (layer("Conv", "float32[8,4,3,3]"), Role.KERNEL),
        (layer("LSTM", "float32[1,32,8]"), Role.RECURRENT),
        (layer("BatchNormalization", "float32[8]"), Role.NORMALIZATION),
        (layer("Mul", "float32[8]"), Role.OPERAND),
        (layer("Gather", "int64[8]"), Role.OTHER),
        (layer("Reshape", "int64[2]"), Role.OTHER),
        (layer("MatMul", "float32[8]"), Role.OTHER),
        (layer("Anything", "float32[8,8]", domain="my.own"), Role.OTHER),
    ],
)
def test_a_constant_is_for_what_its_reader_does_with_it(example: Example, role: Role) -> None:
    assert use(example, f"{example.steps[0].op.lower()}_0/weights").role is role


def test_a_table_is_what_rows_are_taken_from() -> None:
    lookup = chain("int64[1]").op("Gather", "float32[1,8]", reads=("table", "input"))
    assert use(lookup.with_unread("table", "float32[100,8]"), "table").role is Role.TABLE


def test_a_bias_and_what_nothing_reads_are_told_apart() -> None:
    example = chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8]", bias="float32[4]")
    example = example.with_unread("left", "float32[4,8]")
    assert use(example, "gemm_0/bias").role is Role.BIAS
    assert use(example, "left").role is Role.UNREAD


def through(op: str, output: str) -> Use:
    example = (
        chain("float32[1,4,8,8]")
        .op(op, output, reads=("kernel",), name="between")
        .op("Conv", "float32[1,8,8,8]", reads=("input", f"{op.lower()}_0"))
        .from_format("onnx")
        .with_unread("kernel", "int8[8,4,3,3] @0.5:3")
    )
    return use(example, "kernel")


def test_a_kernel_is_found_behind_its_dequantization() -> None:
    found = through("DequantizeLinear", "float32[8,4,3,3]")
    assert (found.role, found.split.channels, found.split.zero_point) == (Role.KERNEL, 8, 3)
    assert found.reader is not None
    assert found.reader.op == "Conv"


def test_behind_a_transposition_the_channels_are_not_known() -> None:
    found = through("Transpose", "float32[4,8,3,3]")
    assert (found.role, found.split.channels) == (Role.KERNEL, 1)
