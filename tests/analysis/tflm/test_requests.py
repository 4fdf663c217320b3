"""What operators ask the arena for, per kernel library; figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgelint.analysis.tflm.prepare import prepare
from edgelint.analysis.tflm.requests import Requests, UnknownDims
from edgelint.analysis.tflm.sizes import sizes
from edgelint.examples import Example, chain
from edgelint.ir import Quantization
from edgelint.targets import Target, find

M0, M4, M55, PC = "cortex-m0plus", "cortex-m4", "cortex-m55", "tflm-x86_64"


def asked(example: Example, target: str, scales: int = 1) -> Requests:
    model = example.model
    values = {
        name: replace(value, quantization=Quantization((0.5,) * (scales if value.is_constant else 1), (0,)))
        for name, value in model.main.values.items()
    }
    model = replace(model, graphs=(replace(model.main, values=values),))
    return requests(model, find(target))


def requests(model: Any, target: Target) -> Requests:
    build = sizes(target.abi, target.kernels)
    assert build is not None
    found = prepare(model, target, build)
    assert found.unmodelled == ()
    return found.requests[0][-1]


def conv(
    input: str,
    output: str,
    weight: str,
    strides: tuple[int, int] = (1, 1),
    pads: tuple[int, ...] = (0, 0, 0, 0),
    op: str = "CONV_2D",
) -> Example:
    attributes = {"strides": list(strides), "dilations": [1, 1], "pads": list(pads)}
    return chain(input).op("Conv", output, source=op, attributes=attributes, weight=weight)


@pytest.mark.parametrize(("target", "scratch"), [(PC, ()), (M0, (112,)), (M4, (112,)), (M55, (128,))])
def test_int8_conv(target: str, scratch: tuple[int, ...]) -> None:
    example = conv("int8[1,8,8,3]", "int8[1,8,8,10]", "int8[10,3,3,3]", pads=(1, 1, 1, 1))
    assert asked(example, target) == Requests((40, 40), scratch)


@pytest.mark.parametrize("target", [M0, M4, M55])
def test_a_pointwise_int8_conv_needs_no_scratch(target: str) -> None:
    example = conv("int8[1,8,8,16]", "int8[1,8,8,4]", "int8[4,1,1,16]")
    assert asked(example, target) == Requests((16, 16))


def test_a_one_row_conv_has_a_helium_kernel_of_its_own() -> None:
    # total = 9 + 3 - 10 = 2, even: one column of padding each side; the left end needs 3·4 + 1·4 bytes.
    example = conv("int8[1,1,10,4]", "int8[1,1,10,8]", "int8[8,1,3,4]", pads=(0, 1, 0, 1))
    assert asked(example, M55) == Requests((32, 32), (16,))


@pytest.mark.parametrize(("target", "scratch"), [(M4, (4 * 27,)), (M55, (8 * 32,)), (PC, ())])
def test_int16_conv(target: str, scratch: tuple[int, ...]) -> None:
    example = conv("int16[1,8,8,3]", "int16[1,6,6,2]", "int8[2,3,3,3]")
    assert asked(example, target) == Requests((8, 8), scratch)


@pytest.mark.parametrize(("target", "persistent"), [(PC, (8, 8)), (M4, ()), (M55, ())])
def test_float_conv_keeps_multipliers_with_portable_kernels_alone(
    target: str, persistent: tuple[int, ...]
) -> None:
    example = conv("float32[1,8,8,3]", "float32[1,6,6,2]", "float32[2,3,3,3]")
    assert asked(example, target) == Requests(persistent)


@pytest.mark.parametrize(("target", "scratch"), [(PC, (2 * 27,)), (M4, (4 * 28,)), (M55, (4 * 32,))])
def test_conv_with_int4_weights(target: str, scratch: tuple[int, ...]) -> None:
    example = conv("int8[1,8,8,3]", "int8[1,6,6,2]", "int4[2,3,3,3]")
    assert asked(example, target) == Requests((8, 8), scratch)


@pytest.mark.parametrize(("target", "scratch"), [(PC, ()), (M0, ()), (M4, (2 * 8 * 10,)), (M55, (496 * 10,))])
def test_int8_depthwise_conv(target: str, scratch: tuple[int, ...]) -> None:
    example = conv("int8[1,49,10,8]", "int8[1,45,9,8]", "int8[1,5,2,8]", op="DEPTHWISE_CONV_2D")
    assert asked(example, target) == Requests((32, 32), scratch)


def test_a_small_depthwise_conv_needs_no_scratch_with_dsp() -> None:
    example = conv(
        "int8[1,8,8,8]", "int8[1,8,8,8]", "int8[1,3,3,8]", pads=(1, 1, 1, 1), op="DEPTHWISE_CONV_2D"
    )
    assert asked(example, M4) == Requests((32, 32))


def test_a_depthwise_conv_of_one_channel_runs_as_a_conv_on_helium() -> None:
    example = conv("int8[1,8,8,1]", "int8[1,6,6,4]", "int8[1,3,3,4]", op="DEPTHWISE_CONV_2D")
    assert asked(example, M55) == Requests((16, 16), (4 * 16 + 4 * 9,))


@pytest.mark.parametrize(("target", "persistent"), [(PC, ()), (M4, ()), (M55, (40,))])
def test_int8_fully_connected(target: str, persistent: tuple[int, ...]) -> None:
    example = chain("int8[1,64]").op("Gemm", "int8[1,10]", source="FULLY_CONNECTED", weight="int8[10,64]")
    assert asked(example, target) == Requests(persistent)


@pytest.mark.parametrize(("target", "persistent"), [(PC, (40, 40)), (M4, (40, 40)), (M55, (40, 40, 40))])
def test_fully_connected_with_a_scale_per_channel(target: str, persistent: tuple[int, ...]) -> None:
    example = chain("int8[1,64]").op("Gemm", "int8[1,10]", source="FULLY_CONNECTED", weight="int8[10,64]")
    assert asked(example, target, scales=10) == Requests(persistent)


def test_fully_connected_of_rank_three_runs_as_a_pointwise_conv() -> None:
    example = chain("int8[1,4,64]").op("Gemm", "int8[1,4,10]", source="FULLY_CONNECTED", weight="int8[10,64]")
    assert asked(example, M4) == Requests((), (80,))
    assert asked(example, M4, scales=10) == Requests((40, 40))


@pytest.mark.parametrize(("target", "scratch"), [(PC, ()), (M0, ()), (M4, (64,)), (M55, ())])
def test_int8_average_pool(target: str, scratch: tuple[int, ...]) -> None:
    example = chain("int8[1,8,8,16]").op("AveragePool", "int8[1,4,4,16]", source="AVERAGE_POOL_2D")
    assert asked(example, target) == Requests((), scratch)


def test_int16_softmax_keeps_two_tables() -> None:
    example = chain("int16[1,10]").op("Softmax", "int16[1,10]", source="SOFTMAX")
    assert asked(example, PC) == Requests((1026, 1026))


def test_mean_sums_up_in_scratch_when_quantized() -> None:
    quantized = chain("int8[1,4,4,8]").op("ReduceMean", "int8[1,8]", source="MEAN", axes="int32[2]")
    plain = chain("float32[1,4,4,8]").op("ReduceMean", "float32[1,8]", source="MEAN", axes="int32[2]")
    assert asked(quantized, M4) == Requests((), (32, 16, 8))
    assert asked(plain, M4) == Requests((), (16, 8))


def test_a_free_dim_makes_the_request_unknown() -> None:
    example = chain("int8[1,?,?,16]").op("ReduceMean", "int8[?,16]", source="MEAN", axes="int32[2]")
    with pytest.raises(UnknownDims):
        asked(example, M4)


def test_an_operator_the_runtime_lacks_is_named() -> None:
    target = find(M4)
    build = sizes(target.abi, target.kernels)
    assert build is not None
    model = chain("float32[1,8]").op("Gelu", "float32[1,8]", source="GELU").model
    assert prepare(model, target, build).unmodelled == ("GELU",)


def test_esp_nn_convolutions_are_named() -> None:
    target = find("esp32")
    build = sizes(target.abi, target.kernels)
    assert build is not None
    model = conv("int8[1,8,8,3]", "int8[1,6,6,2]", "int8[2,3,3,3]").model
    assert prepare(model, target, build).unmodelled == ("CONV_2D",)
