"""A model's names reach a terminal, a log and a C++ file without steering them."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import TensorProto, helper, save

from tests.cli import edgelint, edgelint_json

HOSTILE = "a\x1b]0;owned\x07\n::error::b\u202e\u2028[red]*/"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """An ONNX model with a softmax over one unit, every name of it hostile."""
    names = [f"{HOSTILE}{number}" for number in range(3)]
    nodes = [
        helper.make_node("Gemm", [names[0], "w"], [names[1]], name=f"{HOSTILE}gemm"),
        helper.make_node("Softmax", [names[1]], [names[2]], name=f"{HOSTILE}softmax", axis=-1),
        helper.make_node(f"Odd{HOSTILE}", [names[2]], [names[2] + "x"], domain="odd"),
    ]
    graph = helper.make_graph(
        nodes,
        HOSTILE,
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(names[2], TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 1], [0.0] * 4)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("odd", 1)], ir_version=8
    )
    path = tmp_path / "hostile.onnx"
    save(model, path)
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--target", "onnxruntime-cpu"],
        ["check", "--target", "onnxruntime-cpu", "--color", "always"],
        ["inspect"],
        ["inspect", "--resolver"],
    ],
    ids=" ".join,
)
def test_text_carries_no_steering_character(arguments: list[str], hostile: Path) -> None:
    done = edgelint(arguments[0], hostile, *arguments[1:])
    shown = done.stdout.replace("\x1b[", "") if "--color" in arguments else done.stdout
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\u2028", "\r"}
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    assert "Traceback" not in done.stderr


def test_json_carries_the_name_as_it_is(hostile: Path) -> None:
    code, document = edgelint_json("check", hostile, "--target", "onnxruntime-cpu")
    assert code == 1
    findings = document["reports"][0]["findings"]
    assert f"{HOSTILE}softmax" in {finding["location"]["node"] for finding in findings}
