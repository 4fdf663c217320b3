"""Element operations: what is worked out besides multiply-accumulates."""

from __future__ import annotations

from typing import Any

import pytest

from edgelint.analysis.cost.element_ops import element_ops
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.analysis.scope import Scopes
from tests.analysis.graphs import graph, model, node

# Inputs, output, expected count, further fields of the node; the output has 40 elements.
CASES: list[tuple[str, list[str], str, int, dict[str, Any]]] = [
    ("Relu", ["float32[4,10]"], "float32[4,10]", 40, {}),
    ("Softmax", ["float32[4,10]"], "float32[4,10]", 200, {}),
    ("Add", ["float32[4,10]", "float32[10]"], "float32[4,10]", 40, {}),
    ("Add", ["float32[4,10]"] * 2, "float32[4,10]", 80, {"activation": "Relu"}),
    ("Sum", ["float32[4,10]"] * 3, "float32[4,10]", 80, {}),
    ("Mean", ["float32[4,10]"] * 3, "float32[4,10]", 120, {}),
    ("Clip", ["float32[4,10]", "=float32[]", "=float32[]"], "float32[4,10]", 40, {}),
    ("Reshape", ["float32[4,10]", "=int64[1]"], "float32[40]", 0, {}),
    ("Dropout", ["float32[4,10]"], "float32[4,10]", 0, {}),
    ("Gemm", ["float32[4,7]", "=float32[7,10]"], "float32[4,10]", 0, {}),
    ("Gemm", ["float32[4,7]", "=float32[7,10]", "=float32[10]"], "float32[4,10]", 40, {}),
    ("Gemm", ["float32[4,7]", "=float32[7,10]"], "float32[4,10]", 200, {"activation": "Softmax"}),
    ("MaxPool", ["float32[1,4,4,10]"], "float32[1,2,2,10]", 160, {"attributes": {"kernel_shape": [2, 2]}}),
    ("GlobalAveragePool", ["float32[1,10,5,5]"], "float32[1,10,1,1]", 250, {}),
    ("ReduceMean", ["float32[4,10]"], "float32[4]", 40, {}),
    ("BatchNormalization", ["float32[4,10]"], "float32[4,10]", 80, {}),
    ("LRN", ["float32[1,4,10]"], "float32[1,4,10]", 320, {"attributes": {"size": 5}}),
    ("LRN", ["float32[1,4,10]"], "float32[1,4,10]", 320, {"attributes": {"radius": 2}}),
    ("QuantizeLinear", ["float32[4,10]"], "int8[4,10]", 40, {}),
    ("Resize", ["float32[1,1,2,5]"], "float32[1,1,4,10]", 160, {"attributes": {"mode": "linear"}}),
    ("Resize", ["float32[1,1,2,5]"], "float32[1,1,4,10]", 0, {"attributes": {"mode": "nearest"}}),
    ("NonZero", ["float32[4,10]"], "int64[2,40]", 40, {}),
]


def count(op: str, inputs: list[str], output: str, fields: dict[str, Any]) -> object:
    names = [f"i{place}" for place in range(len(inputs))]
    values = dict(zip(names, inputs, strict=True)) | {"y": output}
    built = node(op, names, ["y"], **fields)
    return element_ops(Site(Scopes(model(graph(values, [built], names, ["y"]))), 0, built))


@pytest.mark.parametrize(("op", "inputs", "output", "expected", "fields"), CASES)
def test_element_ops(op: str, inputs: list[str], output: str, expected: int, fields: dict[str, Any]) -> None:
    assert count(op, inputs, output, fields) == expected


def test_a_recurrent_cell_counts_gates_and_their_combination() -> None:
    inputs = ["float32[10,1,8]", "=float32[1,64,8]", "=float32[1,64,16]", "=float32[1,128]"]
    assert count("LSTM", inputs, "float32[10,1,1,16]", {}) == 10 * 16 * (4 * 3 + 5)


def test_attention_counts_six_operations_per_score() -> None:
    inputs = ["float32[1,2,5,8]", "float32[1,2,7,8]", "float32[1,2,7,8]"]
    assert count("Attention", inputs, "float32[1,2,5,8]", {}) == 6 * 2 * 5 * 7


@pytest.mark.parametrize(
    ("op", "fields", "reason"),
    [
        ("NonMaxSuppression", {}, "depends on its data"),
        ("Foo", {"domain": "com.acme"}, "no cost model for Foo"),
        ("Add", {"activation": "my_activation"}, "no cost model for the activation my_activation"),
    ],
)
def test_what_cannot_be_counted_says_why(op: str, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Uncounted, match=reason):
        count(op, ["float32[4,10]"], "float32[4,10]", fields)
