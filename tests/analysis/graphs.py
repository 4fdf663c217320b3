"""Graphs built by hand: `name: dtype[dims]` for values, constants marked with `=`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgelint.ir import DType, Graph, Model, Node, Shape, Source, Tensor, Value
from edgelint.ir.dtype import BY_LABEL
from edgelint.ir.tensor import FileRange


def value(name: str, spec: str, *, variable: bool = False) -> Value:
    """A value such as `value("x", "float32[1,batch,?]")`; "=float32[3,3]" is a constant."""
    label, dims = spec.lstrip("=").rstrip("]").split("[")
    shape: Shape = tuple(
        int(dim) if dim.isdigit() else None if dim == "?" else dim for dim in dims.split(",") if dim
    )
    dtype = BY_LABEL[label]
    tensor = _constant(name, dtype, shape) if spec.startswith("=") else None
    return Value(name, dtype, shape, tensor, is_variable=variable)


def _constant(name: str, dtype: DType, shape: Shape) -> Tensor:
    sizes = tuple(dim for dim in shape if isinstance(dim, int))
    tensor = Tensor(dtype, sizes, 0, FileRange(Path("model"), 0, 0))
    nbytes = dtype.nbytes(tensor.elements)
    return Tensor(dtype, sizes, nbytes, FileRange(Path(name), 0, nbytes))


def node(
    op: str, inputs: Sequence[str | None], outputs: Sequence[str], source: str = "", **fields: Any
) -> Node:
    """A node named after its first output; `source` is the file's word for the operator."""
    name = outputs[0] if outputs else op
    return Node(name, op, tuple(inputs), tuple(outputs), Source(source or op, 0), **fields)


def graph(
    values: Mapping[str, str],
    nodes: Sequence[Node],
    inputs: Sequence[str],
    outputs: Sequence[str],
    parent: int | None = None,
    variables: Sequence[str] = (),
) -> Graph:
    """A graph of these values and nodes."""
    made = {name: value(name, spec, variable=name in variables) for name, spec in values.items()}
    return Graph("main", tuple(nodes), made, tuple(inputs), tuple(outputs), parent)


def model(*graphs: Graph, format: str = "onnx", **fields: Any) -> Model:
    """A model of these graphs."""
    return Model(format=format, path=Path(f"m.{format}"), graphs=graphs, **fields)
