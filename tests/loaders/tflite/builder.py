"""TFLite files for tests, written by TensorFlow's own schema code."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def schema() -> Any:
    """The newest schema_py_generated, without importing the rest of TensorFlow."""
    pytest.importorskip("flatbuffers")
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        pytest.skip("TensorFlow, whose schema code writes the test models, is not installed")
    path = Path(found.origin).parent / "lite" / "python" / "schema_py_generated.py"
    spec = importlib.util.spec_from_file_location("schema_py_generated", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ModelBuilder:
    """A model under construction; `model` is the object API's ModelT, free to be bent."""

    def __init__(self) -> None:
        self.s = schema()
        self.model = self.s.ModelT()
        self.model.version = 3
        self.model.description = "built for a test"
        self.model.buffers = [self.s.BufferT()]
        self.model.operatorCodes, self.model.subgraphs, self.model.metadata = [], [], []
        self.graph = self.subgraph("main")

    def subgraph(self, name: str) -> Any:
        """A new subgraph, which later tensors and operators go into."""
        self.graph = self.s.SubGraphT()
        self.graph.name = name
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs.append(self.graph)
        return self.graph

    def buffer(self, data: bytes) -> int:
        """The index of a new buffer with `data`."""
        made = self.s.BufferT()
        made.data = list(data)
        self.model.buffers.append(made)
        return len(self.model.buffers) - 1

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        kind: str = "FLOAT32",
        data: bytes | None = None,
        scale: Sequence[float] = (),
        zero_point: Sequence[int] = (),
        axis: int = 0,
        **fields: Any,
    ) -> int:
        """The index of a new tensor of the current subgraph."""
        made = self.s.TensorT()
        made.name, made.shape, made.type = name, list(shape), getattr(self.s.TensorType, kind)
        if data is not None:
            made.buffer = self.buffer(data)
        if scale or zero_point:
            made.quantization = self.s.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = list(scale), list(zero_point)
            made.quantization.quantizedDimension = axis
        for field, content in fields.items():
            setattr(made, field, content)
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def ints(self, name: str, numbers: Sequence[int]) -> int:
        """The index of a new constant vector of int32."""
        return self.tensor(name, [len(numbers)], "INT32", struct.pack(f"<{len(numbers)}i", *numbers))

    def operator(
        self,
        builtin: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        table: str = "",
        custom: str = "",
        version: int = 1,
        **options: Any,
    ) -> Any:
        """A new operator of the current subgraph; `table` names its options, `options` fill them."""
        code = self.s.OperatorCodeT()
        code.builtinCode = getattr(self.s.BuiltinOperator, builtin)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
        code.customCode = custom or None
        self.model.operatorCodes.append(code)
        made = self.s.OperatorT()
        made.opcodeIndex = len(self.model.operatorCodes) - 1
        made.inputs, made.outputs = list(inputs), list(outputs)
        if table:
            content = getattr(self.s, table + "T")()
            for field, value in options.items():
                assert hasattr(content, field), field
                setattr(content, field, value)
            second = hasattr(self.s.BuiltinOptions2, table)
            kind = getattr(self.s.BuiltinOptions2 if second else self.s.BuiltinOptions, table)
            if second:
                made.builtinOptions2, made.builtinOptions2Type = content, kind
            else:
                made.builtinOptions, made.builtinOptionsType = content, kind
        self.graph.operators.append(made)
        return made

    def ends(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Set what the current subgraph takes and gives."""
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)

    def bytes(self) -> bytes:
        """The file."""
        import flatbuffers

        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def write(self, folder: Path, name: str = "model.tflite") -> Path:
        """The path of the written file."""
        path = folder / name
        path.write_bytes(self.bytes())
        return path
