"""Constraints between operands, on small constants and on an operator's place: kept, broken, unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgelint.analysis.constraints import CHECKS, axes, contents, relations
from edgelint.analysis.constraints.conditions import bound
from edgelint.analysis.constraints.use import Use
from edgelint.examples import Example, chain
from edgelint.ir.quantization import Quantization
from edgelint.targets import schema


def op(word: str, input: str, output: str, onnx: bool = False, **rest: Any) -> Example:
    """A chain of one TFLite (or ONNX) operator."""
    attributes = {name: rest.pop(name) for name in list(rest) if not isinstance(rest[name], str)}
    made = chain(input).op(word, output, source=word, attributes=attributes, **rest)
    return made.with_opset(17) if onnx else made


def use(example: Example, blind: bool = False, scales: tuple[float, float] | None = None) -> Use:
    """The use of its last operator; `blind` without any shape, type or attribute."""
    model = example.model
    graph = model.main
    node = graph.nodes[-1]
    if blind:
        values = {
            name: replace(value, shape=None, dtype=None, tensor=None) for name, value in graph.values.items()
        }
        node = replace(node, attributes={})
        graph = replace(graph, values=values, nodes=(*graph.nodes[:-1], node))
    if scales:
        ends = {node.inputs[0]: scales[0], node.outputs[0]: scales[1]}
        values = {
            name: replace(value, quantization=Quantization((ends[name],), (0,))) if name in ends else value
            for name, value in graph.values.items()
        }
        graph = replace(graph, values=values)
    return Use(replace(model, graphs=(graph,)), graph, node)


def conv(weights: str, bias: str = "float32[8]", **rest: Any) -> Example:
    return op("CONV_2D", "float32[1,8,8,4]", "float32[1,8,8,8]", filter=weights, bias=bias, **rest)


RELATIONS: list[tuple[str, Any, Example, str | None]] = [
    ("bias_shape", "channel_axis_only", conv("float32[8,3,3,4]", "float32[1,1,1,8]"), None),
    (
        "bias_shape",
        "[N] or [1, N]",
        conv("float32[8,3,3,4]", "float32[1,1,1,8]"),
        "a vector along the last axis",
    ),
    ("bias_shape", "channel_axis_only", conv("float32[8,3,3,4]", "float32[8,1]"), "a vector"),
    ("bias_size", "output_channels", conv("float32[8,3,3,4]"), None),
    ("bias_size", "output_channels", conv("float32[8,3,3,4]", "float32[4]"), "of 4 elements; 8"),
    ("output_channels", "", conv("float32[8,3,3,4]", depth_multiplier=2), None),
    ("output_channels", "", conv("float32[8,3,3,4]", depth_multiplier=3), "makes 8 channels of 4"),
    ("output_channels", "", conv("float32[8,3,3,4]", depth_multiplier=0), None),
    ("output_channels_multiple_of", "", conv("float32[8,3,3,4]", depth_multiplier=3), "a multiple of it"),
    ("branches", "", op("SELECT", "bool[1,8]", "float32[1,8]", x="float32[1,8]", y="float32[1]"), None),
    (
        "branches",
        "",
        op("SELECT", "bool[1,8]", "float32[1,8]", x="float32[1,8]", y="float32[8]"),
        "[8]; [1, 8] or",
    ),
    (
        "cond_shape_equals_input",
        True,
        op("SELECT", "bool[1]", "float32[1,8]", x="float32[1,8]"),
        "has bool cond",
    ),
    ("cond_shape_equals_input", True, op("SELECT", "bool[1,8]", "float32[1,8]", x="float32[1,8]"), None),
    ("inputs_broadcastable", True, op("ADD", "float32[1,8,4]", "float32[1,8,4]", b="float32[4]"), None),
    (
        "inputs_broadcastable",
        True,
        op("ADD", "float32[1,8,4]", "float32[1,8,4]", b="float32[8]"),
        "that broadcast",
    ),
    (
        "hw_multiple_of",
        "blocksize",
        op("S2D", "float32[1,9,8,4]", "float32[1,4,4,16]", blocksize=2),
        "has H = 9",
    ),
    (
        "channels_multiple_of",
        "b",
        op("D2S", "float32[1,8,8,6]", "float32[1,16,16,1]", blocksize=2),
        "multiple of 4",
    ),
    ("leading_dims_all_1", True, op("FULLY_CONNECTED", "float32[1,1,8]", "float32[1,4]"), None),
    ("leading_dims_all_1", True, op("FULLY_CONNECTED", "float32[1,3,8]", "float32[3,4]"), "one row only"),
    ("dims_before_axis", 1, op("Gather", "float32[1,8]", "float32[1,2]", True, axis=1), None),
    ("dims_before_axis", 1, op("Gather", "float32[3,8]", "float32[3,2]", True, axis=-1), "with 3 in front"),
    ("empty_slice", False, op("Slice", "float32[1,8]", "float32[1,0]", True), "makes float32 output"),
    ("zero_dims", False, op("PAD", "float32[1,8]", "float32[1,8]"), None),
    ("indices_channels", 1, op("SCATTER_ND", "int32[4,2]", "float32[8,8]"), "of 2 numbers each; exactly 1"),
    (
        "keep_num_dims_requires_equal_rank",
        True,
        op("FULLY_CONNECTED", "float32[1,3,8]", "float32[3,4]", keep_num_dims=1),
        "keeps dims",
    ),
    (
        "only_batch_and_channel_non_singleton",
        True,
        op("ONE_HOT", "int32[1,3]", "float32[1,3,4]"),
        "[1, 3, 4]",
    ),
    (
        "values_scalar",
        True,
        op("ONE_HOT", "int32[1]", "float32[1,4]", depth="int32[]", on="float32[2]", off="float32[]"),
        "of 2 elements; exactly 1",
    ),
    ("max_reduction_axes", 2, op("SUM", "float32[1,2,3,4]", "float32[1]", axes=[0, 1, 2]), "reduces 3 axes"),
    (
        "axes",
        ["x", "y"],
        op("MEAN", "float32[1,8,8,4]", "float32[1,8,8]", axes=[3]),
        "reduces axis 3; x and y only",
    ),
    ("axes", ["x", "y"], op("MEAN", "float32[1,8,8,4]", "float32[1,4]", axes=[1, -2]), None),
    ("axes", "all, in order", op("MEAN", "float32[1,8,8,4]", "float32[1,4]", axes=[1]), None),
    (
        "axes_in",
        ["width"],
        op("Softmax", "float32[1,4,8]", "float32[1,4,8]", True, axis=1),
        "along axis 1; width",
    ),
    ("axes_in", ["width"], op("Softmax", "float32[1,4,8]", "float32[1,4,8]", True, axis=-1), None),
    ("padded_axes", ["H", "W"], op("PAD", "float32[1,8,8,4]", "float32[1,10,8,4]"), None),
    (
        "padded_axes",
        ["H", "W"],
        op("PAD", "float32[1,8,8,4]", "float32[1,8,8,6]"),
        "pads axis 3; H and W only",
    ),
    (
        "padded_axes",
        "last two only",
        op("Pad", "float32[1,4,8,8]", "float32[1,5,8,8]", True),
        "the last two only",
    ),
    (
        "pad_values",
        8,
        op("PAD", "float32[1,8,4]", "float32[1,9,4]", pads=[0, 1, 0, 0, 0, 0]),
        "along 3 axes; 4",
    ),
    ("weights_match_kernel_shape", True, conv("float32[8,3,3,4]", kernel_shape=[3, 3]), None),
    ("weights_match_kernel_shape", True, conv("float32[8,3,3,4]", kernel_shape=[5, 5]), "equal ones"),
    (
        "weights_match_kernel_shape",
        True,
        op("Conv", "float32[1,4,8,8]", "float32[1,8,6,6]", True, W="float32[8,4,3,3]", kernel_shape=[3, 3]),
        None,
    ),
    (
        "weights_shape",
        "",
        op("FULLY_CONNECTED", "float32[1,8]", "float32[1,4]", filter="float32[4,2,4]"),
        "[4, 2, 4]",
    ),
    (
        "input_width_min",
        "",
        op("Conv", "float32[1,4,8,2]", "float32[1,4,8,2]", True, pads=[0, 3, 0, 3]),
        "at least 3",
    ),
    ("z_multiple_of", 4, op("MEAN", "float32[1,8,8,6]", "float32[1,8,8]", axes=[3]), "reduces 6 channels"),
    (
        "grid_dims",
        2,
        op("GridSample", "float32[1,4,8,8]", "float32[1,4,8,8]", True, grid="float32[1,8,8,3]"),
        "samples along 3 axes",
    ),
    (
        "static_axis_dim",
        True,
        op("Hardmax", "float32[1,?]", "float32[1,?]", True, axis=-1),
        "the open axis -1",
    ),
    (
        "slope_shape",
        "",
        op("PRelu", "float32[1,4,8,8]", "float32[1,4,8,8]", True, slope="float32[4,1,1]"),
        None,
    ),
    (
        "slope_shape",
        "",
        op("PRelu", "float32[1,4,8,8]", "float32[1,4,8,8]", True, slope="float32[4]"),
        "[C, 1, 1]",
    ),
    (
        "const_vector_axis",
        ["channel", "width"],
        op("Mul", "float32[1,4,8,8]", "float32[1,4,8,8]", True, B="float32[4,1,1]"),
        None,
    ),
    (
        "const_vector_axis",
        ["channel", "width"],
        op("Mul", "float32[1,4,8,8]", "float32[1,4,8,8]", True, B="float32[8,1]"),
        "along channel or width",
    ),
    (
        "sub_const_max_nonunit_dims",
        1,
        op("Sub", "float32[4,8]", "float32[4,8]", True, B="float32[4,8]"),
        "at most 1",
    ),
    (
        "broadcast_shapes_nchw",
        ["B,C,H,W", "B,C,1,1"],
        op("ADD", "float32[1,8,8,4]", "float32[1,8,8,4]", b="float32[4]"),
        None,
    ),
    (
        "broadcast_shapes_nchw",
        ["B,C,H,W", "B,C,1,1"],
        op("ADD", "float32[1,8,8,4]", "float32[1,8,8,4]", b="float32[8,1]"),
        "broadcasts float32",
    ),
    ("const_value", 0, op("CONCATENATION", "int8[1,4]", "int8[1,8]", b="int8[1,4] = 0 0 0 0"), None),
    (
        "const_value",
        0,
        op("CONCATENATION", "int8[1,4]", "int8[1,8]", b="int8[1,4] = 0 7 0 0"),
        "with 7; only 0",
    ),
    (
        "indices_min",
        0,
        op("Gather", "float32[4]", "float32[2]", True, indices="int64[2] = 0 -1"),
        "the index -1",
    ),
    (
        "int64_bias_abs_max",
        100,
        op("CONV_2D", "int16[1,4]", "int16[1,4]", f="int8[4,1,1,4]", bias="int64[2] = 3 -101"),
        "of up to 101; at most 100",
    ),
    (
        "bidirectional_activations_equal",
        True,
        chain("float32[1]").op(
            "GRU", "float32[1]", attributes={"direction": "bidirectional", "activations": ["Relu", "Tanh"]}
        ),
        "equal ones in both directions",
    ),
    ("variants", {"full": {"inputs": [1, 24], "outputs": 1}}, op("LSTM", "float32[1]", "float32[1]"), None),
    (
        "variants",
        {"full": {"inputs": [20, 24], "outputs": 1}},
        op("LSTM", "float32[1]", "float32[1]"),
        "20 with 1 or 24",
    ),
    ("min_le", 0, op("Clip", "float32[4]", "float32[4]", True, min="float32[1] = 1"), "has min 1; at most 0"),
    (
        "max_gt",
        0,
        op("Clip", "float32[4]", "float32[4]", True, min="float32[1] = 0", max="float32[1] = 6"),
        None,
    ),
    ("alpha_nonzero", True, op("LEAKY_RELU", "float32[4]", "float32[4]", alpha=0.0), "has alpha 0"),
    ("end", "absent", op("Shape", "float32[4]", "int64[1]", True, end=1), "states end; none"),
    (
        "output_padding",
        "default only",
        op("ConvTranspose", "float32[4]", "float32[4]", True, output_padding=[0, 1]),
        "[0, 1]",
    ),
    (
        "excluded_combo",
        {"mode": "linear", "align_corners": 0},
        chain("float32[1]").op("GridSample", "float32[1]", attributes={"mode": "linear", "align_corners": 0}),
        "any other combination",
    ),
    ("hybrid", False, conv("int8[8,3,3,4]"), "weights of the activations' type"),
    ("hybrid", False, conv("float32[8,3,3,4]"), None),
    (
        "indices",
        "int32, or constant",
        op("Gather", "float32[4]", "float32[2]", True, indices="int64[2]"),
        None,
    ),
    ("only_at", "graph input or output", op("Cast", "float32[4]", "int32[4]", True), None),
    (
        "only_at",
        "graph input or output",
        chain("float32[4]")
        .op("Relu", "float32[4]")
        .op("Cast", "int32[4]")
        .but(outputs=())
        .op("Relu", "float32[4]"),
        None,
    ),
    (
        "pad_value",
        0,
        op("PADV2", "float32[4]", "float32[6]", paddings="int32[1,2]", c="float32[1] = 3"),
        "pads with 3",
    ),
    (
        "scale",
        "power of two",
        op("Upsample", "float32[1,1,4,4]", "float32[1,1,12,12]", True),
        "powers of two",
    ),
    ("scale", True, op("Upsample", "float32[1,1,4,4]", "float32[1,1,12,12]", True), None),
    ("scale_min", 1, op("Upsample", "float32[1,1,4,4]", "float32[1,1,2,2]", True), "at least 1"),
    (
        "crops",
        "all zero, 2x2",
        op("BATCH_TO_SPACE_ND", "float32[4]", "float32[4]", s="int32[2]", c="int32[2,2] = 0 0 0 1"),
        "nothing",
    ),
    (
        "padding_mode",
        "zeros",
        chain("float32[1]").op("GridSample", "float32[1]", attributes={"padding_mode": "border"}),
        "border; zeros",
    ),
]


@pytest.mark.parametrize(("key", "asked", "example", "phrase"), RELATIONS)
def test_a_constraint_speaks_where_it_is_broken_and_only_there(
    key: str, asked: Any, example: Example, phrase: str | None
) -> None:
    said = CHECKS[key](use(example), asked)
    assert (said is None) is (phrase is None), said
    assert said is None or (phrase or "") in said
    assert said is None or "; " in said


@pytest.mark.parametrize(("key", "asked", "example", "phrase"), RELATIONS)
def test_what_is_unknown_breaks_nothing(key: str, asked: Any, example: Example, phrase: str | None) -> None:
    if key not in ("only_at", "variants"):  # which look at the graph alone
        assert CHECKS[key](use(example, blind=True), asked) is None


@pytest.mark.parametrize("key", sorted({*axes.CHECKS, *relations.CHECKS, *contents.CHECKS}))
def test_a_node_without_operands_breaks_nothing_and_nothing_crashes(key: str) -> None:
    bare = chain("float32[]").op("CONV_2D", "float32[]", source="CONV_2D").model
    node = replace(bare.main.nodes[0], inputs=(), outputs=(), attributes={})
    empty = Use(bare, replace(bare.main, nodes=(node,)), node)
    asked: dict[str, Any] = {"only_at": "x", "excluded_combo": {"a": 1}, "alpha_times_scale": [0, 1]}
    if key != "only_at":
        assert (
            CHECKS[key](empty, asked.get(key, ["H", "W"] if key in ("padded_axes", "resized_axes") else []))
            is None
        )


def test_the_negative_scale_of_a_quantized_leaky_relu_is_bounded() -> None:
    example = op("LEAKY_RELU", "int8[4]", "int8[4]", alpha=0.1)
    assert CHECKS["alpha_times_scale"](use(example, scales=(0.5, 0.5)), [-127.9, 128.0]) is None
    assert "multiplies" in (
        CHECKS["alpha_times_scale"](use(example, scales=(2000.0, 1.0)), [-127.9, 128.0]) or ""
    )
    assert "at least" in (CHECKS["alpha_times_scale_abs_min"](use(example, scales=(0.01, 1.0)), 0.0039) or "")


@pytest.mark.parametrize(("reduced", "bound_to"), [([3], ({"z_multiple_of": 4},)), ([1, 2], ())])
def test_a_condition_on_an_axis_binds_where_that_axis_is_reduced(
    reduced: list[int], bound_to: object
) -> None:
    example = op("MEAN", "float32[1,8,8,6]", "float32[1]", axes=reduced)
    assert bound(use(example), [{"when": {"axis": "z"}, "z_multiple_of": 4}]) == bound_to


def test_what_stays_in_words_is_no_limit_that_could_be_checked() -> None:
    assert not schema.words("stated") & set(CHECKS)
    assert len(schema.words("stated")) < 50
