"""Multiply-accumulates, operator by operator, in every layout a format keeps them in."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from edgelint.analysis.cost.macs import macs
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.analysis.scope import Scopes
from tests.analysis.graphs import graph, model, node


class Case(NamedTuple):
    """An operator with the specs of its inputs and outputs, and its MACs as an expression."""

    op: str
    inputs: list[str | None]
    outputs: list[str]
    expected: str
    format: str = "onnx"
    domain: str = ""
    source: str = ""
    attributes: dict[str, Any] = {}


def count(case: Case, names: list[str] | None = None) -> str:
    names = names or [f"i{place}" for place in range(len(case.inputs))]
    given = [name if spec else None for name, spec in zip(names, case.inputs, strict=True)]
    made = [f"o{place}" for place in range(len(case.outputs))]
    values = {name: spec for name, spec in zip(names, case.inputs, strict=True) if spec}
    values |= dict(zip(made, case.outputs, strict=True))
    built = node(case.op, given, made, case.source, domain=case.domain, attributes=case.attributes)
    constants = {name for name, spec in values.items() if spec.startswith("=")}
    inputs = [name for name in given if name and name not in constants and "/" not in name]
    whole = model(graph(values, [built], inputs, made), format=case.format)
    return str(macs(Site(Scopes(whole), 0, built)))


BATCHED, ELIDED = {"equation": "bij,bjk->bik"}, {"equation": "...i,ij->...j"}
NHWC, NCHW = {"layout": "NHWC"}, {"layout": "NCHW"}

# 5×5×8 outputs, a 3×3 kernel over 4 channels.
CONV = str(5 * 5 * 8 * 9 * 4)
DEPTHWISE = str(5 * 5 * 8 * 9)
CONVOLUTIONS = [
    Case("Conv", ["f32[1,4,7,7]", "=f32[8,4,3,3]", "=f32[8]"], ["f32[1,8,5,5]"], CONV),
    Case("Conv", ["f32[1,7,7,4]", "=f32[8,3,3,4]"], ["f32[1,5,5,8]"], CONV, "tflite", "", "CONV_2D", NHWC),
    Case("Conv", ["f32[1,7,7,4]", "=f32[3,3,4,8]"], ["f32[1,5,5,8]"], CONV, "keras", "", "Conv2D", NHWC),
    Case("Conv", ["f32[1,4,7,7]", "=f32[3,3,4,8]"], ["f32[1,8,5,5]"], CONV, "keras", "", "Conv2D", NCHW),
    Case("Conv", ["f32[2,1,7,7,4]", "=f32[3,3,4,8]"], ["f32[2,1,5,5,8]"], "14400", "keras", "", "", NHWC),
    Case("Conv", ["f32[1,8,7,7]", "=f32[8,1,3,3]"], ["f32[1,8,5,5]"], DEPTHWISE, attributes={"group": 8}),
    Case("Conv", ["f32[1,7,7,8]", "=f32[1,3,3,8]"], ["f32[1,5,5,8]"], DEPTHWISE, "tflite", "", "", NHWC),
    Case("Conv", ["f32[1,7,7,8]", "=f32[3,3,8,1]"], ["f32[1,5,5,8]"], DEPTHWISE, "keras", "", "", NHWC),
    Case("Conv", ["f32[1,7,7,4]", "=f32[3,3,4,2]"], ["f32[1,5,5,8]"], DEPTHWISE, "keras", "", "", NHWC),
    Case("Conv", ["f32[1,8,7,7]", "=f32[8,4,3,3]"], ["f32[1,8,5,5]"], CONV, attributes={"group": 2}),
    Case("Conv", ["f32[1,4,7]", "=f32[8,4,3]"], ["f32[1,8,5]"], str(5 * 8 * 3 * 4)),
    Case("Conv", ["f32[1,4,7,7,7]", "=f32[8,4,3,3,3]"], ["f32[1,8,5,5,5]"], str(125 * 8 * 27 * 4)),
    Case("Conv", ["f32[n,4,7,7]", "=f32[8,4,3,3]"], ["f32[n,8,5,5]"], f"{CONV}*n"),
    Case("ConvInteger", ["u8[1,4,7,7]", "=u8[8,4,3,3]"], ["i32[1,8,5,5]"], CONV),
    Case(
        "QLinearConv",
        ["i8[1,4,7,7]", "=f32[]", "=i8[]", "=i8[8,4,3,3]", "=f32[]", "=i8[]", "=f32[]", "=i8[]"],
        ["i8[1,8,5,5]"],
        CONV,
    ),
    Case("FusedConv", ["f32[1,4,7,7]", "=f32[8,4,3,3]"], ["f32[1,8,5,5]"], CONV, domain="com.microsoft"),
    Case("NhwcConv", ["f32[1,7,7,4]", "=f32[8,3,3,4]"], ["f32[1,5,5,8]"], CONV, domain="com.microsoft"),
    Case(
        "Conv",
        ["f32[1,4,7,7]", None],
        ["f32[1,8,5,5]"],
        CONV,
        attributes={"kernel_shape": [3, 3], "layout": "NCHW"},
    ),
    # Transposed: from the input's 5×5 positions.
    Case("ConvTranspose", ["f32[1,8,5,5]", "=f32[8,4,3,3]"], ["f32[1,4,11,11]"], CONV),
    Case(
        "ConvTranspose",
        ["=i32[4]", "=f32[4,3,3,8]", "f32[1,5,5,8]"],
        ["f32[1,11,11,4]"],
        CONV,
        "tflite",
        "",
        "TRANSPOSE_CONV",
        NHWC,
    ),
    Case("ConvTranspose", ["f32[1,5,5,8]", "=f32[3,3,4,8]"], ["f32[1,10,10,4]"], CONV, "keras", "", "", NHWC),
    Case(
        "SeparableConv",
        ["f32[1,7,7,4]", "=f32[3,3,4,1]", "=f32[1,1,4,8]", "=f32[8]"],
        ["f32[1,5,5,8]"],
        str(25 * (9 * 4 + 4 * 8)),
        "keras",
        "keras",
        "SeparableConv2D",
        NHWC,
    ),
]

PRODUCTS = [
    Case("Gemm", ["f32[1,64]", "=f32[64,10]", "=f32[10]"], ["f32[1,10]"], "640"),
    Case("Gemm", ["f32[1,64]", "=f32[10,64]"], ["f32[1,10]"], "640", attributes={"transB": 1}),
    Case("Gemm", ["f32[1,64]", "=f32[10,64]"], ["f32[1,10]"], "640", "tflite", "", "FULLY_CONNECTED"),
    Case("Gemm", ["f32[1,7,64]", "=f32[64,10]"], ["f32[1,7,10]"], "4480", "keras", "", "Dense"),
    Case("Gemm", ["f32[batch,64]", "=f32[64,10]"], ["f32[batch,10]"], "640*batch"),
    Case("MatMul", ["f32[2,3,4]", "f32[2,4,5]"], ["f32[2,3,5]"], "120"),
    Case("MatMul", ["f32[2,3,4]", "f32[4,5]"], ["f32[2,3,5]"], "120"),
    Case("MatMul", ["f32[4]", "f32[4]"], ["f32[]"], "4"),
    Case("MatMul", ["f32[2,4,3]", "f32[2,4,5]"], ["f32[2,3,5]"], "120", "tflite", "", "", {"adj_x": True}),
    Case("MatMul", ["f32[b,s,64]", "f32[b,64,s]"], ["f32[b,s,s]"], "64*b*s**2"),
    Case("MatMulInteger", ["u8[3,4]", "=u8[4,5]"], ["i32[3,5]"], "60"),
    Case(
        "QLinearMatMul",
        ["i8[3,4]", "=f32[]", "=i8[]", "=i8[4,5]", "=f32[]", "=i8[]", "=f32[]", "=i8[]"],
        ["i8[3,5]"],
        "60",
    ),
    Case(
        "QGemm",
        ["i8[3,4]", "=f32[]", "=i8[]", "=i8[5,4]", "=f32[]", "=i8[]", "=i32[5]"],
        ["i8[3,5]"],
        "60",
        domain="com.microsoft",
    ),
    Case(
        "MatMulNBits",
        ["f32[1,7,64]", "=u8[32,2,16]", "=f32[64]"],
        ["f32[1,7,32]"],
        str(7 * 64 * 32),
        domain="com.microsoft",
        attributes={"K": 64, "N": 32},
    ),
    Case(
        "Einsum", ["f32[2,3,4]", "f32[2,4,5]"], ["f32[2,3,5]"], "120", attributes={"equation": "bij,bjk->bik"}
    ),
    Case(
        "Einsum", ["f32[2,3,4]", "f32[4,5]"], ["f32[2,3,5]"], "120", attributes={"equation": "...i,ij->...j"}
    ),
    Case("Einsum", ["f32[3,4]"], ["f32[4,3]"], "0", attributes={"equation": "ij->ji"}),
    Case("Dot", ["f32[1,3,8]", "f32[1,5,8]"], ["f32[1,3,5]"], "120", "keras", "keras", "", {"axes": (2,)}),
]

ATTENTION = [
    Case(
        "Attention",
        ["f32[1,2,5,8]", "f32[1,2,7,8]", "f32[1,2,7,4]"],
        ["f32[1,2,5,4]"],
        str(2 * 5 * 7 * (8 + 4)),
    ),
    Case(
        "Attention",
        ["f32[1,5,16]", "f32[1,7,8]", "f32[1,7,8]"],
        ["f32[1,5,16]"],
        str(2 * 5 * 7 * 16),
        attributes={"q_num_heads": 2, "kv_num_heads": 1},
    ),
    Case(
        "MultiHeadAttention",
        ["f32[1,5,16]", "f32[1,7,16]", "f32[1,7,16]"],
        ["f32[1,5,16]"],
        str(5 * 7 * 32),
        domain="com.microsoft",
        attributes={"num_heads": 4},
    ),
    Case(
        "Attention",
        ["f32[1,5,16]", "=f32[16,48]", "=f32[48]"],
        ["f32[1,5,16]"],
        str(5 * 16 * 48 + 5 * 5 * 32),
        domain="com.microsoft",
        attributes={"num_heads": 4},
    ),
    Case(
        "GroupQueryAttention",
        ["f32[1,1,16]", "f32[1,1,8]", "f32[1,1,8]", "f32[1,2,9,4]", "f32[1,2,9,4]"],
        ["f32[1,1,16]", "f32[1,2,10,4]", "f32[1,2,10,4]"],
        str(4 * 10 * 8),
        domain="com.microsoft",
        attributes={"num_heads": 4, "kv_num_heads": 2},
    ),
    Case("Attention", ["f32[1,5,8]", "f32[1,7,8]"], ["f32[1,5,8]"], str(5 * 7 * 16), "keras", "keras"),
]

RECURRENT = [
    # ONNX: sequence 10, batch 1, input 8, hidden 16.
    Case(
        "LSTM",
        ["f32[10,1,8]", "=f32[1,64,8]", "=f32[1,64,16]", "=f32[1,128]"],
        ["f32[10,1,1,16]"],
        str(10 * 64 * 24),
    ),
    Case("GRU", ["f32[10,1,8]", "=f32[2,48,8]", "=f32[2,48,16]"], ["f32[10,2,1,16]"], str(10 * 2 * 48 * 24)),
    Case("RNN", ["f32[10,n,8]", "=f32[1,16,8]", "=f32[1,16,16]"], ["f32[10,1,n,16]"], f"{10 * 16 * 24}*n"),
    Case(
        "LSTM",
        ["f32[1,10,8]", *["=f32[16,8]"] * 4, *["=f32[16,16]"] * 4, None, None, None, *["=f32[16]"] * 4],
        ["f32[1,10,16]"],
        str(10 * 64 * 24),
        "tflite",
        "",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
    Case(
        "SVDF",
        ["f32[2,3]", "=f32[8,3]", "=f32[8,10]", "=f32[8]", "f32[2,80]"],
        ["f32[2,8]"],
        str(2 * (24 + 80)),
        "tflite",
        "tflite",
    ),
]


def label(case: Case) -> str:
    return f"{case.format}-{case.source or case.op}"


def spelled_out(case: Case) -> Case:
    """The case with full type names: f32 is float32, i8 int8."""

    def full(spec: str | None) -> str | None:
        for short, long in (("f32[", "float32["), ("u8[", "uint8["), ("i8[", "int8["), ("i32[", "int32[")):
            if spec and spec.lstrip("=").startswith(short):
                return ("=" if spec.startswith("=") else "") + long + spec.lstrip("=")[len(short) :]
        return spec

    outputs = [full(spec) or "" for spec in case.outputs]
    return case._replace(inputs=[full(spec) for spec in case.inputs], outputs=outputs)


@pytest.mark.parametrize("case", [*CONVOLUTIONS, *PRODUCTS, *ATTENTION, *RECURRENT], ids=label)
def test_macs(case: Case) -> None:
    assert count(spelled_out(case)) == case.expected


def keras_case(op: str, inputs: list[str | None], expected: int, **fields: Any) -> Case:
    return spelled_out(Case(op, inputs, ["f32[1,10,32]"], str(expected), "keras", **fields))


def test_a_bidirectional_keras_layer_has_two_sets_of_weights() -> None:
    weights = ["=f32[8,64]", "=f32[16,64]", "=f32[64]"]
    names = ["l/kernel", "l/recurrent_kernel", "l/bias"]
    case = keras_case("LSTM", ["f32[1,10,8]", *weights, *weights], 10 * 2 * 64 * 24)
    assert count(case, ["x", *names, *(f"{name}~1" for name in names)]) == case.expected


def test_initial_states_of_a_keras_layer_are_not_its_weights() -> None:
    inputs = ["f32[1,10,8]", "f32[1,16]", "=f32[8,48]", "=f32[16,48]", "=f32[2,48]"]
    case = keras_case("GRU", list(inputs), 10 * 48 * 24)
    assert count(case, ["x", "state", "l/kernel", "l/recurrent_kernel", "l/bias"]) == case.expected


def test_keras_attention_projects_query_key_value_and_result() -> None:
    projection = "=f32[32,2,8]"
    case = keras_case(
        "MultiHeadAttention",
        ["f32[1,10,32]", "f32[1,20,32]", projection, projection, projection, "=f32[2,8,32]"],
        (10 + 20 + 20 + 10) * 32 * 16 + 2 * 10 * 20 * 16,
        domain="keras",
        attributes={"num_heads": 2, "key_dim": 8, "value_dim": 8},
    )
    roles = [f"m/{role}_dense/kernel" for role in ("query", "key", "value", "output")]
    assert count(case, ["q", "v", *roles]) == case.expected


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Case("Foo", ["f32[1]"], ["f32[1]"], "", domain="com.acme"), "no cost model for Foo"),
        (Case("MoE", ["f32[1]"], ["f32[1]"], "", domain="com.microsoft"), "no cost model for MoE"),
        (Case("Conv", ["f32[?,4,7,7]", "=f32[8,4,3,3]"], ["f32[?,8,5,5]"], ""), "a dim of unknown size"),
        (Case("Einsum", ["f32[2]"] * 3, ["f32[]"], "", attributes={"equation": "i,i,i->"}), "3 operands"),
        (Case("MatMulNBits", ["f32[1,4]"], ["f32[1,4]"], "", domain="com.microsoft"), "does not say its K"),
    ],
)
def test_what_cannot_be_counted_says_why(case: Case, reason: str) -> None:
    with pytest.raises(Uncounted, match=reason):
        count(spelled_out(case))


@pytest.mark.parametrize("op", ["Relu", "MaxPool", "Reshape", "BatchNormalization", "Softmax"])
def test_other_work_is_no_macs(op: str) -> None:
    assert count(Case(op, ["float32[1,8]"], ["float32[1,8]"], "")) == "0"
