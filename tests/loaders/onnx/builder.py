"""Small ONNX models for the tests, written to a file and read back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper

from edgelint.ir import Model
from edgelint.loaders import Binding, load


def value(name: str, shape: Sequence[Any] | None, dtype: int = TensorProto.FLOAT) -> ValueInfoProto:
    """A declared value; `shape` None declares not even a rank."""
    return helper.make_tensor_value_info(name, dtype, shape)


def graph(
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    constants: Sequence[Any] = (),
    **more: Any,
) -> GraphProto:
    """A graph called "main" unless `name` is given."""
    return helper.make_graph(nodes, more.pop("name", "main"), inputs, outputs, constants, **more)


def model(main: GraphProto, opset: int = 17, ir_version: int = 8, **more: Any) -> ModelProto:
    """A model of `main` that imports ai.onnx at `opset`."""
    imports = more.pop("opset_imports", [helper.make_opsetid("", opset)])
    return helper.make_model(main, opset_imports=imports, ir_version=ir_version, **more)


def relu(**more: Any) -> ModelProto:
    """y = Relu(x) on [1, 4]."""
    return model(
        graph([helper.make_node("Relu", ["x"], ["y"], "act")], [value("x", [1, 4])], [value("y", None)]),
        **more,
    )


def saved(proto: ModelProto, folder: Path, name: str = "m.onnx") -> Path:
    """The file that `proto` was written to."""
    path = folder / name
    path.write_bytes(proto.SerializeToString())
    return path


def loaded(proto: ModelProto, folder: Path, binding: Binding | None = None) -> Model:
    """What edgelint reads of `proto`."""
    return load(saved(proto, folder), binding)
