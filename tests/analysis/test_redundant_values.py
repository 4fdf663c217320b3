"""What is said to be the same, or to change nothing, held against ONNX Runtime on random networks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edgelint.analysis.structure import no_ops
from edgelint.analysis.structure.fixed_values import FixedValues
from edgelint.analysis.structure.no_ops import changes_nothing, data_of
from edgelint.analysis.structure.usage import Usage
from edgelint.checker import Settings, check_model
from edgelint.examples import chain
from edgelint.ir import Graph, Model, Node, Value
from edgelint.loaders import load
from tests.loaders.onnx import builder

SHAPE = (2, 3, 4)
NODES = 14
NETWORKS = 80

CONSTANTS: dict[str, Any] = {
    "zero": np.float32(0),
    "one": np.array([1], np.float32),
    "two": np.float32(2),
    "ones": np.ones((3, 1), np.float32),
    "row": np.array([1, 0, 2, 3], np.float32),
    "shape": np.array([2, 3, 4]),
    "swapped": np.array([2, 4, 3]),
    "none": np.zeros(6, np.int64),
    "some": np.array([1, 0, 0, 0, 0, 0]),
    "start": np.array([0, 0, 0]),
    "end": np.array([9, 9, 9]),
    "minus": np.array([-1, -1, -1]),
    "least": np.array([-9, -9, -9]),
    "all": np.array([0, 1, 2]),
    "first": np.array([0]),
    "third": np.array([2]),
}

OPERATORS: Sequence[tuple[str, Sequence[str], dict[str, Any]]] = (
    ("Identity", (), {}),
    ("Relu", (), {}),
    ("Neg", (), {}),
    ("Cast", (), {"to": TensorProto.FLOAT}),
    ("Add", ("zero",), {}),
    ("Add", ("row",), {}),
    ("Sub", ("zero",), {}),
    ("Mul", ("one",), {}),
    ("Mul", ("ones",), {}),
    ("Mul", ("two",), {}),
    ("Div", ("one",), {}),
    ("Pow", ("one",), {}),
    ("Reshape", ("shape",), {}),
    ("Transpose", (), {"perm": [0, 1, 2]}),
    ("Concat", (), {"axis": 1}),
    ("Sum", (), {}),
    ("Max", (), {}),
    ("Max", ("zero",), {}),
    ("Pad", ("none",), {}),
    ("Pad", ("some",), {}),
    ("Slice", ("start", "end", "all"), {}),
    ("Slice", ("minus", "least", "all", "minus"), {}),
    ("Expand", ("shape",), {}),
    ("ReduceMax", (), {"axes": [2], "keepdims": 1}),
    ("Softmax", (), {"axis": -1}),
    ("Dropout", (), {}),
)
"""Kind, constants after the data, attributes. Most keep the shape."""


def network(dice: random.Random) -> tuple[list[NodeProto], list[str]]:
    """Random nodes, and the values they make; some work on a constant, one in six adds two values."""
    nodes, values = [], ["x", "row3"]
    for place in range(NODES):
        made = f"v{place}"
        data = dice.choice(values[-6:] if dice.random() < 0.8 else values)
        kind, constants, attributes = dice.choice(OPERATORS)
        if dice.random() < 0.17:
            kind, constants, attributes = "Add", (dice.choice(values),), {}
        nodes.append(helper.make_node(kind, [data, *constants], [made], made, **attributes))
        values.append(made)
    return nodes, values[2:]


def proto(nodes: Sequence[NodeProto], outputs: Sequence[str]) -> Any:
    """The model of `nodes`."""
    constants = {**CONSTANTS, "row3": np.arange(24, dtype=np.float32).reshape(SHAPE) / 7}
    graph = builder.graph(
        nodes,
        [builder.value("x", SHAPE)],
        [helper.make_value_info(name, helper.make_tensor_type_proto(1, None)) for name in outputs],
        [numpy_helper.from_array(np.asarray(content), name) for name, content in constants.items()],
    )
    return builder.model(graph, 17)


def runs(model: Any, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Every output for each of `inputs`, by ONNX Runtime with nothing optimised."""
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return [dict(zip(names, session.run(None, {"x": each}), strict=True)) for each in inputs]


def judged(model: Any, folder: Path) -> Model:
    """What edgelint reads of it."""
    return load(builder.saved(model, folder))


def test_what_is_said_of_random_networks_is_so(tmp_path: Path) -> None:
    dice = random.Random(5)
    numbers = np.random.default_rng(5)
    inputs = [numbers.normal(size=SHAPE).astype(np.float32) for _ in range(2)]
    idle = equal = fixed = networks = 0
    while networks < NETWORKS:
        nodes, names = network(dice)
        whole = proto(nodes, names)
        try:
            results = [{**run, "x": each} for run, each in zip(runs(whole, inputs), inputs, strict=True)]
        except Exception:  # shapes that no operator adds: another network
            continue
        networks += 1
        model = judged(proto(nodes, names[-1:]), tmp_path)
        graph, fixed_values = model.main, FixedValues(Usage(model))
        for node in graph.nodes:
            data, made = data_of(graph, node), graph.outputs_of(node)[0]
            if changes_nothing(graph, node) and data is not None and made is not None:
                idle += 1
                assert all(np.array_equal(run[data.name], run[made.name]) for run in results), node
        for place in fixed_values.foldable(0):
            name = str(graph.nodes[place].outputs[0])
            fixed += 1
            assert np.array_equal(results[0][name], results[1][name]), graph.nodes[place]
        first: dict[Any, str] = {}
        for name, key in fixed_values.numbering(0).keys.items():
            twin = first.setdefault(key, name)
            equal += twin != name
            assert all(np.array_equal(run[twin], run[name]) for run in results), (twin, name)
    assert min(idle, equal, fixed) > NETWORKS


def test_a_node_is_asked_once_whether_it_does_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Node] = []
    ask = no_ops._TESTS["Identity"]

    def counted(graph: Graph, node: Node, data: Value, made: Value) -> str:
        asked.append(node)
        return ask(graph, node, data, made)

    monkeypatch.setitem(no_ops._TESTS, "Identity", counted)
    example = chain("float32[1,8]").op("Relu", "float32[1,8]").op("Identity", "float32[1,8]")
    check_model(example.op("Relu", "float32[1,8]").from_format("onnx").model, None, Settings())
    assert len(asked) == 1
