"""The TFLite loader against LiteRT's interpreter, tensor by tensor and operator by operator."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgelint.ir.model import Graph
from edgelint.loaders import load
from edgelint.loaders.tflite.schema import DTYPES
from tests.conftest import corpus

pytestmark = pytest.mark.slow

PATHS = [entry["path"] for entry in corpus() if entry["format"] == "tflite" and not entry.get("malformed")]

ASK = """
import json, sys
import numpy as np
from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

for path in sys.argv[1:]:
    print(json.dumps(["start", path]), flush=True)
    try:
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        model = Interpreter(path, experimental_op_resolver_type=plain)
    except (ValueError, RuntimeError) as error:
        print(json.dumps(["refused", path, str(error)]), flush=True)
        continue
    graphs = []
    for index in range(model.num_subgraphs()):
        tensors = {}
        for place in range(model._interpreter.NumTensors(index)):
            scales, zeros, axis = model._interpreter.TensorQuantizationParameters(place, index)[:3]
            tensors[place] = [
                model._interpreter.TensorName(place, index),
                np.dtype(model._interpreter.TensorType(place, index)).name,
                model._interpreter.TensorSize(place, index).tolist(),
                scales.tolist(), zeros.tolist(), int(axis),
            ]
        graphs.append(tensors)
    operators = [
        [found["op_name"], found["inputs"].tolist(), found["outputs"].tolist()]
        for found in model._get_ops_details()
    ]
    sides = (model.get_input_details, model.get_output_details)
    ends = [[found["index"] for found in side()] for side in sides]
    print(json.dumps(["loaded", path, graphs, operators, ends]), flush=True)
"""


def answers(paths: list[str]) -> Iterator[list[Any]]:
    """What LiteRT says about each path; a file that takes the process down is skipped."""
    while paths:
        done = subprocess.run(
            [sys.executable, "-c", ASK, *paths], capture_output=True, text=True, check=False
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        yield from (line for line in lines if line[0] != "start")
        if not lines or lines[-1][0] != "start":
            return
        paths = paths[paths.index(lines[-1][1]) + 1 :]


def test_tensors_and_operators_are_the_interpreters(shared_models: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    compared = 0
    for kind, path, *said in answers([str(shared_models / path) for path in PATHS]):
        if kind != "loaded":
            continue
        model = load(path)
        graphs, operators, (inputs, outputs) = said
        for graph, tensors in zip(model.graphs, graphs, strict=True):
            compare_tensors(graph, tensors, path)
        compare_operators(model.main, operators, path)
        assert [model.main.values[name].index for name in model.main.inputs] == inputs
        assert [model.main.values[name].index for name in model.main.outputs] == outputs
        compared += 1
    assert compared > len(PATHS) * 3 // 4


def compare_tensors(graph: Graph, tensors: dict[str, list[Any]], path: str) -> None:
    values = list(graph.values.values())
    # The interpreter adds temporary tensors of its own behind those of the file.
    assert len(tensors) >= len(values), path
    for place, value in enumerate(values):
        name, kind, shape, scales, zeros, axis = tensors[str(place)]
        assert name in (value.name, value.label), path
        if value.dtype and kind not in ("bytes", "object", "void", "str"):
            assert kind.rstrip("_") in (value.dtype.label, WIDENED.get(value.dtype.label)), (path, value.name)
        if value.shape is not None and None not in value.shape:
            assert list(value.shape) == shape, (path, value.name)
        found = value.quantization
        if found is not None and found.scale and scales:
            assert list(found.scale) == pytest.approx(scales)
            assert list(found.zero_point) == zeros
            if len(scales) > 1:
                assert found.axis == axis


def compare_operators(graph: Graph, operators: list[list[Any]], path: str) -> None:
    # Once a delegate has taken operators over, the interpreter lists it behind them.
    assert len(operators) >= len(graph.nodes), path
    for node, (name, inputs, outputs) in zip(graph.nodes, operators, strict=False):
        assert name == node.source.op, path
        assert [graph.values[n].index if n else -1 for n in node.inputs] == inputs, path
        assert [graph.values[n].index if n else -1 for n in node.outputs] == outputs, path


WIDENED = {"int4": "int8", "uint4": "uint8", "int2": "int8"}


def test_every_type_name_is_known() -> None:
    assert set(WIDENED) <= {dtype.label for dtype in DTYPES.values()}
