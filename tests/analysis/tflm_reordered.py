"""TFLite files with their operators in another order, and what the real runtime makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

_WORKER = r"""
import hashlib, sys
import numpy as np
from tflite_micro import runtime

interpreter = runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=1 << 26)
chance = np.random.default_rng(1)
digest = hashlib.sha256()
for _ in range(4):
    for place in range(int(sys.argv[2])):
        about = interpreter.get_input_details(place)
        shape, dtype = about["shape"], np.dtype(about["dtype"])
        data = chance.normal(size=shape) if dtype.kind == "f" else chance.integers(0, 100, size=shape)
        interpreter.set_input(data.astype(dtype), place)
    interpreter.invoke()
    for place in range(int(sys.argv[3])):
        digest.update(np.ascontiguousarray(interpreter.get_output(place)).tobytes())
print(digest.hexdigest())
"""


def reordered_file(path: Path, order: Sequence[int], copy: Path) -> Path:
    """`copy`, written as the file at `path` with the operators of its first graph in `order`."""
    schema = pytest.importorskip("tflite_micro.tensorflow.lite.micro.python.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    graph = model.subgraphs[0]
    graph.operators = [graph.operators[place] for place in order]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    copy.write_bytes(builder.Output())
    return copy


def results(path: Path, inputs: int, outputs: int) -> str:
    """A digest of what the runtime computes for the same four random inputs in a row; "" when it fails."""
    pytest.importorskip("tflite_micro")
    arguments = [sys.executable, "-c", _WORKER, str(path), str(inputs), str(outputs)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout
