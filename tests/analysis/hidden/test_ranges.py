"""Interval arithmetic: what it says of a graph is true of every run, and it says what can be known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgelint.analysis.hidden.ranges import ANY, Interval, intervals
from edgelint.examples import Example, chain

INFINITY = math.inf


def last(example: Example) -> Interval:
    graph = example.model.main
    return intervals(graph).get(graph.outputs[-1], ANY)


def of(op: str, given: str = "float32[1,4]", **attributes: Any) -> Interval:
    return last(chain(given).op(op, "float32[1,4]", attributes=attributes))


CODES = "int8[1,4] @0.5:-128"
"""Real numbers from 0 to 127.5."""


@pytest.mark.parametrize(
    ("example", "low", "high"),
    [
        (chain("float32[1,4]").op("Relu", "float32[1,4]"), 0, INFINITY),
        (chain("float32[1,4]").op("Relu6", "float32[1,4]").op("Exp", "float32[1,4]"), 1, math.exp(6)),
        (chain(CODES).op("Tanh", "int8[1,4] @0.25:0"), -1, 1),
        (chain(CODES).op("Identity", "float32[1,4]"), 0, 127.5),
        (chain(CODES).op("MaxPool", "float32[1,4]").op("Neg", "float32[1,4]"), -127.5, 0),
        (chain("uint8[1,4]").op("Cast", "float32[1,4]"), 0, 255),
        (chain("float32[1,4]").op("Gemm", "int8[1,4] @0.1:0", weight="int8[4,4]"), -12.8, 12.7),
        (
            chain("float32[1,4]").op("Clip", "float32[1,4]", low="float32[1] = -2", high="float32[1] = 3"),
            -2,
            3,
        ),
        (chain(CODES).op("Add", "float32[1,4]", one="float32[1] = 1"), 1, 128.5),
        (chain(CODES).op("Mul", "float32[1,4]", two="float32[2] = -2 1"), -255, 127.5),
        (chain("float32[1,4]").op("Tanh", "float32[1,4]").op("AveragePool", "float32[1,4]"), -1, 1),
        (
            chain("float32[1,4]")
            .op("Softmax", "float32[1,4]")
            .op("Tanh", "float32[1,4]", reads=("input",))
            .op("Concat", "float32[1,8]", reads=("softmax_0", "tanh_1")),
            -1,
            1,
        ),
        (
            chain("float32[1,4]")
            .op("ReduceMax", "float32[1,1]")
            .op("Sub", "float32[1,4]", reads=("input", "reducemax_0")),
            -INFINITY,
            0,
        ),
    ],
)
def test_what_is_known(example: Example, low: float, high: float) -> None:
    found = last(example)
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(chain("float32[1,4]").op("Identity", "float32[1,4]"), id="an input"),
        pytest.param(chain(CODES).op("Mystery", "float32[1,4]"), id="an unknown operator"),
        pytest.param(chain(CODES).op("Relu", "float32[1,4]", domain="com.acme"), id="somebody's own Relu"),
        pytest.param(chain("int8[1,4] @nan:0").op("Identity", "float32[1,4]"), id="a scale that is none"),
        pytest.param(
            chain("int8[1,4] @0.5,0.5:0,0/1").op("Identity", "float32[1,4]"), id="a scale per channel"
        ),
        pytest.param(
            chain("uint8[1]").op("Gather", "float32[1,4]", source="EMBEDDING_LOOKUP", table="float32[99,4]"),
            id="a lookup",
        ),
        pytest.param(
            chain(CODES).op("Resize", "float32[1,4]", attributes={"mode": "cubic"}), id="cubic resizing"
        ),
        pytest.param(
            chain("float32[1,4]").op("Relu", "float32[1,4]").op("Add", "float32[1,4]", c="float32[1] = nan"),
            id="not a number",
        ),
    ],
)
def test_what_is_not_known(example: Example) -> None:
    assert last(example) == ANY


SAMPLED = (
    "Abs Celu Elu Exp Gelu HardSigmoid HardSwish Identity LeakyRelu LogSoftmax Mish Neg Relu Selu Sigmoid "
    "Softmax Softplus Softsign Sqrt Tanh ThresholdedRelu"
)


@pytest.mark.parametrize("op", SAMPLED.split())
@pytest.mark.parametrize("before", ["Identity", "Tanh", "Relu", "Neg Relu", "Sigmoid Neg"])
def test_no_run_of_onnxruntime_leaves_the_interval(op: str, before: str) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    np = pytest.importorskip("numpy")
    example, nodes, name = chain("float32[1,64]"), [], "x"
    for place, kind in enumerate([*reversed(before.split()), op]):
        example = example.op(kind, "float32[1,64]", attributes={"opset": 20})
        nodes.append(onnx.helper.make_node(kind, [name], [f"v{place}"]))
        name = f"v{place}"
    ends = [onnx.helper.make_tensor_value_info(each, 1, [1, 64]) for each in ("x", name)]
    graph = onnx.helper.make_graph(nodes, "main", ends[:1], ends[1:])
    imports = [onnx.helper.make_opsetid("", 20)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=9)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    numbers = np.random.default_rng(0).standard_normal((1, 64)) * np.geomspace(0.01, 50, 64)
    (result,) = session.run(None, {"x": numbers.astype(np.float32)})
    found = last(example)
    assert np.nanmin(result) >= found.low - 1e-5
    assert np.nanmax(result) <= found.high + 1e-5
