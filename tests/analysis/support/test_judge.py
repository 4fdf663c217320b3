"""What each runtime is said to run, on small chains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgelint.analysis.support.judge import Problem, Support, judge
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Model, Node, Value
from edgelint.ir.quantization import Quantization
from edgelint.rule import registry
from edgelint.targets import find


def verdict(example: Example, target: str = "cortex-m4") -> Support:
    """The verdict on the chain's last operator."""
    return judge(example.model, find(target))[-1]


def problem(example: Example, target: str = "cortex-m4") -> Problem:
    """The only problem of the chain's last operator."""
    (found,) = verdict(example, target).problems
    return found


def quantized(example: Example, **scales: Quantization) -> Model:
    """The chain's model with quantization parameters by value name."""
    model = example.model
    values: dict[str, Value] = {
        name: replace(value, quantization=scales.get(name)) for name, value in model.main.values.items()
    }
    return replace(model, graphs=(replace(model.main, values=values),))


def test_every_unsupported_node_is_reported_not_only_the_first() -> None:
    model = (
        chain("float32[1,8]")
        .op("Gelu", "float32[1,8]", source="GELU")
        .op("Relu", "float32[1,8]", source="RELU")
        .op("Gelu", "float32[1,8]", source="GELU")
        .model
    )
    assert [support.supported for support in judge(model, find("cortex-m4"))] == [False, True, False]


def test_an_unsupported_operator_comes_with_what_to_use_instead() -> None:
    found = problem(chain("float32[1,8]").op("Gelu", "float32[1,8]", source="GELU"))
    assert (found.kind, found.certain) == ("operator", True)
    assert "TANH" in found.replacement


def test_uint8_activations_are_named_as_the_old_quantization() -> None:
    found = problem(
        chain("uint8[1,8,8,3]").op(
            "Conv", "uint8[1,8,8,4]", source="CONV_2D", weight="uint8[4,3,3,3]", bias="int32[4]"
        )
    )
    assert found.kind == "dtype"
    assert "TensorFlow 1" in found.replacement


def test_float_activations_around_integer_weights_are_one_problem_of_their_own_kind() -> None:
    found = problem(
        chain("float32[1,8]").op(
            "Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="int8[4,8]", bias="float32[4]"
        )
    )
    assert found.kind == "hybrid"


def test_a_float_embedding_table_stored_in_int8_is_no_hybrid() -> None:
    example = chain("int32[3]").op("Gather", "float32[3,4]", source="EMBEDDING_LOOKUP", table="int8[9,4]")
    assert verdict(example).supported is True


def test_an_operator_that_mixes_types_is_refused_though_each_type_is_known() -> None:
    example = chain("int8[1,8]").op("Add", "float32[1,8]", source="ADD", other="int8[1,8]")
    assert problem(example).sentence.startswith(
        "ADD has float32 output 'add_0'; TFLite Micro takes int8 there"
    )


def test_an_unknown_type_is_not_held_against_a_kernel() -> None:
    model = chain("int8[1,8]").op("Ceil", "int8[1,8]", source="CEIL").model
    untyped = {name: replace(value, dtype=None) for name, value in model.main.values.items()}
    blind = replace(model, graphs=(replace(model.main, values=untyped),))
    assert judge(blind, find("cortex-m4"))[0].supported is True


def test_strings_are_refused_whatever_the_operator() -> None:
    assert problem(chain("string[1]").op("Reshape", "string[1]", source="RESHAPE")).kind == "dtype"


def test_softmax_in_int8_needs_the_fixed_output_scale() -> None:
    example = chain("int8[1,8]").op("Softmax", "int8[1,8]", source="SOFTMAX")
    right = quantized(example, input=Quantization((0.1,), (0,)), softmax_0=Quantization((1 / 256,), (-128,)))
    wrong = quantized(example, input=Quantization((0.1,), (0,)), softmax_0=Quantization((1 / 255,), (-128,)))
    target = find("cortex-m4")
    assert judge(right, target)[0].supported is True
    (found,) = judge(wrong, target)[0].problems
    assert "1/256" in found.sentence


@pytest.mark.parametrize(("count", "supported"), [(10, True), (11, False)])
def test_concatenation_takes_ten_tensors(count: int, supported: bool) -> None:
    others: Any = {f"other{index}": "float32[1,8]" for index in range(count - 1)}
    example = chain("float32[1,8]").op("Concat", f"float32[1,{8 * count}]", source="CONCATENATION", **others)
    assert verdict(example).supported is supported


def test_a_limit_of_one_kernel_library_does_not_bind_another() -> None:
    shape = "float32[1,1,2,3,4]"
    example = chain(shape).op("MatMul", "float32[1,1,2,3,3]", source="BATCH_MATMUL", y="float32[1,1,2,4,3]")
    assert problem(example, "cortex-m4").kind == "constraint"
    assert verdict(example, "tflm-x86_64").supported is True


def test_an_operand_that_must_be_constant_may_not_be_computed() -> None:
    model = chain("float32[1,8]").op("Transpose", "float32[8,1]", source="TRANSPOSE", perm="int32[2]").model
    values = {name: replace(value, tensor=None) for name, value in model.main.values.items()}
    (found,) = judge(replace(model, graphs=(replace(model.main, values=values),)), find("cortex-m4"))[
        0
    ].problems
    assert "computes its perm 'transpose_0/perm' at run time" in found.sentence


def test_the_runtime_s_own_custom_operators_are_supported() -> None:
    example = chain("int16[1,8]").op("SignalFftAutoScale", "int16[1,8]", domain="tflite.custom")
    assert verdict(example).supported is True


def test_the_ethos_u_operator_needs_a_target_with_that_npu() -> None:
    model = chain("int8[1,8]").op("ethos-u", "int8[1,8]", domain="tflite.custom").model
    target = find("cortex-m55")
    assert judge(model, target)[0].supported is False
    assert judge(model, replace(target, npu="ethos-u55-128"))[0].supported is True


def test_flex_operators_are_refused_on_a_microcontroller_and_depend_on_the_delegate_elsewhere() -> None:
    example = chain("float32[1,8]").op("FlexErf", "float32[1,8]", domain="tflite.flex")
    assert verdict(example, "cortex-m4").supported is False
    assert verdict(example, "litert-cpu").supported is None


def test_litert_refuses_what_its_table_marks_unsupported_and_an_unknown_builtin() -> None:
    for word in ("CALL", "NOT_YET_INVENTED"):
        assert (
            problem(chain("float32[1]").op(word, "float32[1]", domain="tflite"), "litert-cpu").kind
            == "operator"
        )


def test_litert_only_doubts_a_type_that_its_converter_does_not_emit() -> None:
    support = verdict(chain("float64[1,8]").op("Ceil", "float64[1,8]", source="CEIL"), "litert-cpu")
    assert support.supported is None
    assert not any(each.certain for each in support.problems)


@pytest.mark.parametrize(
    ("op", "opset", "supported"),
    [("Relu", 17, True), ("HardSwish", 17, None), ("NotAnOperator", 17, False), ("GridSample", 15, False)],
)
def test_onnx_runtime_by_operator_and_opset(op: str, opset: int, supported: bool | None) -> None:
    example = chain("float32[1,8]").op(op, "float32[1,8]").with_opset(opset)
    assert verdict(example, "onnxruntime-cpu").supported is supported


@pytest.mark.parametrize(("dtype", "supported"), [("float32", True), ("float16", True), ("bfloat16", False)])
def test_onnx_runtime_casts_float16_around_float_kernels_but_not_bfloat16(
    dtype: str, supported: bool
) -> None:
    example = chain(f"{dtype}[1,8]").op("Softmax", f"{dtype}[1,8]").with_opset(17)
    assert verdict(example, "onnxruntime-cpu").supported is supported


def test_onnx_runtime_operators_of_other_standard_domains_have_kernels() -> None:
    example = chain("float32[1,8]").op("Normalizer", "float32[1,8]", domain="ai.onnx.ml")
    model = replace(example.with_opset(17).model, opsets={"": 17, "ai.onnx.ml": 3})
    assert judge(model, find("onnxruntime-cpu"))[0].supported is True


@pytest.mark.parametrize(
    ("op", "opset", "supported"), [("Relu", 2**62, True), ("\ud800", 17, False), ("", 17, False)]
)
def test_absurd_names_and_opsets_are_judged_like_any_other(op: str, opset: int, supported: bool) -> None:
    example = chain("float32[1]").op(op, "float32[1]").with_opset(opset)
    assert verdict(example, "onnxruntime-cpu").supported is supported


def test_names_from_the_file_are_made_printable() -> None:
    model = chain("int8[1,8]").op("Evil", "int8[1,8]", domain="tflite.custom", source="a\x1b[31mb").model
    (found,) = judge(model, find("cortex-m4"))[0].problems
    assert "\x1b" not in found.sentence


def test_time_grows_with_the_number_of_nodes_only() -> None:
    example = chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU")
    model = example.model
    node: Node = model.main.nodes[0]
    many = replace(model, graphs=(replace(model.main, nodes=(node,) * 100_000),))
    assert len(judge(many, find("cortex-m4"))) == 100_000


def dynamic_findings(model: Model) -> list[tuple[str, str]]:
    """Severity and message of what dynamic-shape has to say on a microcontroller."""
    found = registry()["EL104"].check(Context(model, find("cortex-m4")))
    return [(finding.severity.value, finding.message) for finding in found]


def test_an_empty_output_is_refused_but_an_old_converter_s_scalar_is_not() -> None:
    empty = chain("float32[1,4]").op(
        "Slice", "float32[0,4]", source="SLICE", begin="int32[2]", size="int32[2]"
    )
    scalar = chain("float32[1,4]").op("ReduceSum", "float32[0]", source="SUM", axis="int32[2]")
    assert [severity for severity, _ in dynamic_findings(empty.model)] == ["error"]
    assert dynamic_findings(scalar.model) == []


def test_only_the_operator_that_opens_a_dim_is_named_not_those_after_it() -> None:
    model = (
        chain("float32[1,4]")
        .op("Unique", "float32[?]", source="UNIQUE")
        .op("Relu", "float32[?]", source="RELU")
        .op("Abs", "float32[?]", source="ABS")
        .model
    )
    ((_, message),) = dynamic_findings(model)
    assert message.startswith("UNIQUE makes 'unique_0'")


@pytest.mark.parametrize(
    ("signature", "noted"), [((None, 8), False), ((None, None), True), ((1, None), True), (None, False)]
)
def test_a_size_beyond_the_batch_that_the_file_fixed_by_itself_is_worth_a_note(
    signature: Any, noted: bool
) -> None:
    model = chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").model
    values = {name: replace(value, signature=signature) for name, value in model.main.values.items()}
    found = dynamic_findings(replace(model, graphs=(replace(model.main, values=values),)))
    assert [severity for severity, _ in found] == (["note"] if noted else [])
