"""Which codes integer weights use."""

from __future__ import annotations

from edgelint.analysis.quantization.layers import quantized_layers
from edgelint.analysis.quantization.weight_codes import largest_codes
from edgelint.examples import Example, chain
from tests.effort import lines


def layers(count: int) -> Example:
    example = chain("int8[1,2] @0.1:0")
    for _ in range(count):
        weights = "int8[2,2] @0.1:0 = 1 -100 127 3"
        example = example.op("Gemm", "int8[1,2] @0.1:0", source="FULLY_CONNECTED", weight=weights)
    return example.from_format("tflite")


def test_each_channel_goes_as_far_as_its_farthest_code() -> None:
    assert largest_codes(tuple(quantized_layers(layers(1).model))) == ((100, 127),)


def test_a_further_layer_is_not_one_more_look_at_all_codes() -> None:
    few, many = (tuple(quantized_layers(layers(count).model)) for count in (2, 12))
    largest_codes(few)
    assert lines(lambda: largest_codes(many)) - lines(lambda: largest_codes(few)) < 10 * 256
