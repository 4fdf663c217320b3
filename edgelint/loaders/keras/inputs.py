"""The inputs of a graph: their types and shapes, free dims as symbols or bound to numbers."""

from __future__ import annotations

from edgelint.ir import Dim, Shape, Value
from edgelint.ir.dtype import BY_LABEL
from edgelint.loaders import Binding
from edgelint.loaders.keras.bounds import check_shapes
from edgelint.loaders.keras.config import LayerSpec, ModelSpec
from edgelint.loaders.keras.names import Names
from edgelint.loaders.keras.policy import declared_shape, dtype_policy, plain_shape


class Inputs:
    """Graph inputs in the order they are met.

    made: those so far. batch: what a free first dim is: a number, or the symbol "batch".
    """

    def __init__(self, binding: Binding, names: Names) -> None:
        """No inputs yet."""
        self.made: list[Value] = []
        self.batch: Dim = binding.batch or binding.dims.get("batch") or "batch"
        self._binding, self._names = binding, names

    def of_sequential(self, spec: LayerSpec, model: ModelSpec) -> Value:
        """The input of a Sequential: its input layer's, else what the first layer or the build says."""
        first = model.layers[0] if model.layers else None
        if first is not None and first.kind == "InputLayer":
            return self.of_layer(first)
        inner = first
        while inner is not None and inner.model is not None and inner.model.layers:
            inner = inner.model.layers[0]
        if inner is not None and (inner.kind == "InputLayer" or declared_shape(inner.config)):
            return self.of_layer(inner, "input" if inner.kind != "InputLayer" else inner.name)
        shape = plain_shape(spec.config.get("build_input_shape")) or spec.built
        shape = shape or (first.built if first is not None else None)
        name = self._names.unique("input")
        value = Value(name, dtype_policy(first)[0] if first else None, self._bound(shape, name))
        return self._add(value)

    def of_layer(self, spec: LayerSpec, name: str | None = None) -> Value:
        """A graph input as an input layer (or a first layer with batch_input_shape) declares it."""
        name = self._names.unique(name or spec.name)
        label = spec.config.get("input_dtype") or spec.config.get("dtype")
        dtype = BY_LABEL.get(label) if isinstance(label, str) else None
        if dtype is None:
            dtype = dtype_policy(spec)[0]
        return self._add(Value(name, dtype, self._bound(declared_shape(spec.config), name)))

    def _add(self, value: Value) -> Value:
        self.made.append(value)
        return value

    def _bound(self, shape: tuple[int | None, ...] | None, name: str) -> Shape | None:
        """A declared shape, its free dims as symbols or as what they are bound to."""
        if shape is None:
            return None
        check_shapes((shape,))
        found: list[Dim] = []
        for axis, dim in enumerate(shape):
            if dim is not None:
                found.append(dim)
            elif axis == 0:
                found.append(self.batch)
            else:
                symbol = f"{name}_{axis}"
                found.append(self._binding.dims.get(symbol, symbol))
        return tuple(found)
