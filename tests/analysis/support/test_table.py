"""What a table alone says to small chains: which constraint fails, and what would pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgelint.analysis.support.judge import judge
from edgelint.analysis.support.table import TableJudge
from edgelint.examples import Example, chain
from edgelint.ir.model import Model
from edgelint.ir.quantization import Quantization
from edgelint.targets import find, table


def calibrated(example: Example, zero_point: int = 0, scale: float = 0.5) -> Model:
    """The chain's model with one scale for every value."""
    model = example.model
    values = {
        name: replace(value, quantization=Quantization((scale,), (zero_point,)))
        for name, value in model.main.values.items()
    }
    return replace(model, graphs=(replace(model.main, values=values),))


def sentences(name: str, example: Example, model: Model | None = None) -> list[str]:
    """What table `name` has against the chain's last operator."""
    model = model or calibrated(example)
    verdict = TableJudge(name, "It", model).verdict(model.main, model.main.nodes[-1])
    return [sentence for _, sentence in verdict.problems]


def conv(
    dtype: str = "int8",
    kernel: int = 3,
    stride: int = 1,
    dilation: int = 1,
    padding: str = "SAME",
    activation: str | None = None,
) -> Example:
    """A convolution of TFLite."""
    return chain(f"{dtype}[1,32,32,4]").op(
        "Conv",
        f"{dtype}[1,32,32,8]",
        source="CONV_2D",
        activation=activation,
        attributes={
            "kernel_shape": [kernel, kernel],
            "strides": [stride, stride],
            "dilations": [dilation, dilation],
            "padding": padding,
            "layout": "NHWC",
        },
        weight=f"{dtype}[8,{kernel},{kernel},4]",
        bias="int32[8]" if dtype != "float32" else "float32[8]",
    )


def pool(kernel: int, stride: int = 1, padding: str = "SAME", dtype: str = "int8") -> Example:
    """An average pooling of TFLite."""
    attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "padding": padding}
    return chain(f"{dtype}[1,32,32,4]").op(
        "AveragePool", f"{dtype}[1,32,32,4]", source="AVERAGE_POOL_2D", attributes=attributes
    )


def unary(source: str, spec: str = "int8[1,8]", output: str = "", **fields: object) -> Example:
    return chain(spec).op(source.title(), output or spec, source=source, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("ethos-u55-u65", conv()),
        ("ethos-u55-u65", conv(stride=4, padding="VALID")),
        ("ethos-u55-u65", pool(8)),
        ("ethos-u55-u65", pool(9, padding="VALID")),
        ("litert-gpu", conv("float32", activation="Relu6")),
        ("litert-xnnpack", conv("float32")),
        ("coral-edgetpu", unary("SOFTMAX", "int8[1,1000]")),
        ("litert-gpu", unary("SOFTMAX", "float32[1,10]", attributes={"beta": 1.0})),
    ],
)
def test_what_keeps_every_limit_is_taken(name: str, example: Example) -> None:
    assert sentences(name, example) == []


@pytest.mark.parametrize(
    ("name", "example", "sentence"),
    [
        (
            "ethos-u55-u65",
            unary("GELU", "int8[1,8]", "int16[1,8]"),
            "GELU has int16 output 'gelu_0'; It takes int8 or uint8",
        ),
        ("ethos-u55-u65", unary("COS"), "It has no COS"),
        ("ethos-u55-u65", conv(stride=4), "CONV_2D has padding SAME; It takes VALID"),
        (
            "ethos-u55-u65",
            conv(stride=4, dilation=2, padding="VALID"),
            "CONV_2D has dilation 2×2; It takes exactly 1×1",
        ),
        ("ethos-u55-u65", pool(9), "AVERAGE_POOL_2D has kernel width 9; It takes at most 8"),
        (
            "ethos-u55-u65",
            unary("ARG_MAX", "int8[1,200]", "int32[1]", attributes={"axis": -1}),
            "ARG_MAX has an input of depth 200; It takes at most 127",
        ),
        (
            "ethos-u55-u65",
            unary("RELU", "int8[?,8]"),
            "RELU has int8 input 'input' of open shape; It takes only shapes that the file fixes",
        ),
        (
            "ethos-u55-u65",
            unary("RELU", "int8[]"),
            "RELU has the scalar int8 input 'input'; It takes tensors of at least one dim",
        ),
        (
            "coral-edgetpu",
            conv(activation="Relu", dtype="float32"),
            "CONV_2D has float32 input 'input'; It takes int8 or uint8",
        ),
        (
            "coral-edgetpu",
            unary("SOFTMAX", "int8[1,4,10]"),
            "SOFTMAX has int8 input 'input' of 2 dims that are not 1; It takes at most 1",
        ),
        (
            "coral-edgetpu",
            unary("SOFTMAX", "int8[1,20000]"),
            "SOFTMAX reads 20000 elements; It takes at most 16000",
        ),
        (
            "coral-edgetpu",
            pool(2).but(steps=(replace(pool(2).steps[0], activation="Relu"),)),
            "AVERAGE_POOL_2D has Relu fused into it; It takes none",
        ),
        (
            "litert-gpu",
            unary("SOFTMAX", "float32[1,10]", attributes={"beta": 2.0}),
            "SOFTMAX has beta = 2.0; It takes 1.0",
        ),
        (
            "litert-xnnpack",
            pool(2, 3, dtype="float32"),
            "AVERAGE_POOL_2D has stride 3×3 with kernel 2×2; It takes strides up to the kernel's size",
        ),
        (
            "litert-xnnpack",
            unary("RELU", "float32[1,1,1,1,1,1,8]"),
            "RELU has float32 input 'input' of rank 7; It takes at most 6",
        ),
        ("litert-nnapi", unary("LOGISTIC", version=9), "LOGISTIC is of version 9; It takes at most 2"),
        ("litert-hexagon", conv(stride=4), "CONV_2D has stride 4×4; It takes at most 3"),
    ],
)
def test_a_broken_limit_is_said_with_what_would_pass(name: str, example: Example, sentence: str) -> None:
    assert sentence in sentences(name, example)


def test_a_wrong_type_is_said_alone() -> None:
    assert len(sentences("ethos-u55-u65", conv("float32", stride=4, dilation=2))) == 1


def test_an_integer_without_a_scale_is_refused() -> None:
    example = unary("RELU")
    (said,) = sentences("ethos-u55-u65", example, example.model)
    assert said == "RELU has int8 input 'input' without scale and zero point; It takes only with them"


def test_several_scales_are_for_weights_only() -> None:
    model = calibrated(unary("RELU"))
    several = Quantization((0.5,) * 8, (0,) * 8, 1)
    values = {name: replace(value, quantization=several) for name, value in model.main.values.items()}
    model = replace(model, graphs=(replace(model.main, values=values),))
    assert sentences("ethos-u55-u65", unary("RELU"), model) == [
        "RELU has int8 input 'input' with 8 scales; It takes only one scale for the whole tensor"
    ]


def test_what_cannot_be_told_is_no_problem() -> None:
    example = chain("uint8[1,?,?,4]").op("AveragePool", "uint8[1,?,?,4]", source="AVERAGE_POOL_2D")
    assert sentences("kendryte-k210-kpu", example) == []


@pytest.mark.parametrize(("size", "taken"), [(16, True), (24, False), (64, True), (128, False)])
def test_a_resize_goes_by_its_factor(size: int, taken: bool) -> None:
    example = chain("int8[1,8,8,4]").op(
        "Resize",
        f"int8[1,{size},{size},4]",
        source="RESIZE_BILINEAR",
        attributes={"align_corners": False, "half_pixel_centers": False},
        size="int32[2]",
    )
    assert (sentences("ethos-u55-u65", example) == []) is taken


def test_a_single_pixel_is_resized_to_any_size() -> None:
    example = chain("int8[1,1,1,4]").op(
        "Resize", "int8[1,33,33,4]", source="RESIZE_BILINEAR", attributes={}, size="int32[2]"
    )
    assert sentences("ethos-u55-u65", example) == []
    assert sentences("ethos-u85", example) == []


@pytest.mark.parametrize(("channels", "taken"), [(3, False), (1, True)])
def test_a_mean_over_depth_needs_a_flat_side(channels: int, taken: bool) -> None:
    example = chain(f"int8[1,160,3,{channels}]").op(
        "ReduceMean", "int8[1,160,3]", source="MEAN", attributes={"axes": [3]}, axes="int32[1]"
    )
    assert (sentences("ethos-u55-u65", example) == []) is taken


def test_the_release_in_use_decides_conditions_on_older_ones() -> None:
    example = chain("int8[1,8,8,4]").op(
        "ReduceMean", "int8[1,8,8]", source="MEAN", attributes={"axes": [3]}, axes="int32[1]"
    )
    assert sentences("coral-edgetpu", example) == []


def test_what_an_incomplete_table_does_not_list_is_not_known() -> None:
    (support,) = judge(unary("ATAN2", "float32[1,8]").model, find("st-edge-ai"))
    assert (support.supported, support.problems) == (None, ())


def test_what_a_complete_table_does_not_list_is_refused_with_what_to_do() -> None:
    example = chain("float32[1,8]").op("Bernoulli", "float32[1,8]").with_opset(17)
    (support,) = judge(example.model, find("tensorrt"))
    assert support.supported is False
    assert [problem.sentence for problem in support.problems] == ["TensorRT has no Bernoulli"]
    assert support.problems[0].replacement


def test_an_onnx_operand_is_known_by_its_name_in_the_schema() -> None:
    example = chain("float32[4,8]").op("ReduceSum", "float32[4]").with_opset(17)
    model = example.model
    node = replace(model.main.nodes[0], inputs=("input", "input"))
    model = replace(model, graphs=(replace(model.main, nodes=(node,)),))
    assert sentences("tensorrt", example, model) == [
        "ReduceSum computes its axes 'input' at run time; It takes only a constant axes"
    ]


def test_what_folds_to_constants_is_not_held_against_a_table() -> None:
    example = (
        chain("float32[1,8]")
        .op("ConstantOfShape", "float32[1,8]", reads=("input",))
        .op("Bernoulli", "float32[1,8]", reads=("input",))
        .with_opset(17)
    )
    model = example.model
    values = dict(model.main.values)
    stored = chain("int8[1]").op("A", "int8[1]", w="int8[2]").model.main.values["a_0/w"].tensor
    values["input"] = replace(values["input"], tensor=stored)
    model = replace(model, graphs=(replace(model.main, values=values),))
    verdict = TableJudge("esp-dl", "It", model)
    assert verdict.verdict(model.main, model.main.nodes[0]).taken
    assert verdict.verdict(model.main, model.main.nodes[1]).taken is False


@pytest.mark.parametrize("op", ["Identity", "Dropout"])
def test_what_does_nothing_at_inference_needs_no_operator(op: str) -> None:
    example = chain("float32[1,8]").op(op, "float32[1,8]").with_opset(17)
    assert sentences("esp-dl", example) == []


def test_batch_normalization_after_a_convolution_is_folded_into_it() -> None:
    alone = chain("float32[1,3,8,8]").op("BatchNormalization", "float32[1,3,8,8]").with_opset(17)
    behind = (
        chain("float32[1,3,8,8]")
        .op("Conv", "float32[1,3,8,8]", weight="float32[3,3,1,1]")
        .op("BatchNormalization", "float32[1,3,8,8]")
        .with_opset(17)
    )
    assert sentences("esp-dl", alone) == ["It has no BatchNormalization"]
    assert sentences("esp-dl", behind) == []


def test_a_float_model_is_no_problem_where_the_tool_quantizes_it() -> None:
    example = chain("float32[1,3,8,8]").op("Conv", "float32[1,3,8,8]", weight="float32[3,3,1,1]")
    assert sentences("esp-dl", example.with_opset(17)) == []


def test_every_row_of_every_table_can_be_held_against_a_node() -> None:
    from edgelint.targets import FOLDER
    from edgelint.targets.rows import OWN_ROWS

    for path in sorted((FOLDER / "operators").glob("*.toml")):
        if path.stem in OWN_ROWS:
            continue
        for word in table.read(path.stem).operators:
            for spec in ("int8[1,8,8,4]", "float32[1,?]", "float32[]", "int64[3]"):
                domain, _, op = word.rpartition(":")
                example = chain(spec).op(op, spec, weight="int8[4,3,3,4]", domain=domain)
                for model in (example.model, example.with_opset(17).model):
                    TableJudge(path.stem, "It", model).verdict(model.main, model.main.nodes[0])


LISTS = ("axes", "perm", "pads", "kernel_shape", "strides", "dilations", "steps")
WORDS = ("group", "axis", "blocksize", "k", "mode", "beta", "num_splits", "padding", "p")
HOSTILE: dict[str, object] = {**{name: ["x", None, 1.5] for name in LISTS}, **dict.fromkeys(WORDS, "y")}
EMPTY = dict.fromkeys([*HOSTILE], 0) | {
    "kernel_shape": [0, 0],
    "strides": [0, 0],
    "perm": [-1, 9],
    "axes": [9],
}


@pytest.mark.parametrize("attributes", [HOSTILE, EMPTY], ids=["hostile", "empty"])
@pytest.mark.parametrize(
    "name", ["ethos-u55-u65", "litert-nnapi", "ti-tidl-onnx", "tensorrt", "coral-edgetpu"]
)
def test_attributes_that_make_no_sense_are_no_crash(name: str, attributes: dict[str, object]) -> None:
    for word in table.read(name).operators:
        for spec in ("int8[0,0,0,4]", "float32[1,8]"):
            example = chain(spec).op(word, spec, weight="int8[4,3,3,4]", attributes=attributes)
            for model in (calibrated(example), example.with_opset(17).model):
                TableJudge(name, "It", model).verdict(model.main, model.main.nodes[0])


def test_the_model_s_path_plays_no_part() -> None:
    model = replace(calibrated(conv()), path=Path("ethos-u.tflite"))
    assert sentences("ethos-u55-u65", conv(), model) == []
