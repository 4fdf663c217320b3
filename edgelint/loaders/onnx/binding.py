"""Sizes that a caller gives to dims an ONNX file leaves free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgelint.ir import Shape
from edgelint.loaders import Binding, batch_axis
from edgelint.loaders.onnx.types import bind, shape_of

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto


def bind_dims(model: ModelProto, graphs: list[GraphProto], binding: Binding) -> Mapping[str, Shape]:
    """The shapes that graph inputs had, for those in which `binding` fixes a dim.

    Writes the sizes into `graphs`, all those of `model`: a symbol gets its size wherever it occurs, a
    batch that has no symbol only in its input.
    """
    dims = dict(binding.dims)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [
        value
        for value in model.graph.input
        if value.name not in stored
        and value.type.WhichOneof("value") == "tensor_type"
        and value.type.tensor_type.HasField("shape")
    ]
    before = {value.name: shape_of(value.type.tensor_type.shape) for value in inputs}
    for value in inputs:
        shape = before[value.name]
        axis = batch_axis(shape)
        if binding.batch is None or axis is None or shape is None:
            continue
        if isinstance(symbol := shape[axis], str):
            dims.setdefault(symbol, binding.batch)
        else:
            value.type.tensor_type.shape.dim[axis].dim_value = binding.batch
    for graph in graphs:
        for value in (*graph.input, *graph.output, *graph.value_info):
            bind(value.type, dims)
    after = {value.name: shape_of(value.type.tensor_type.shape) for value in inputs}
    return {name: shape for name, shape in before.items() if after[name] != shape}
