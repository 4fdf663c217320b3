"""What operators compute of small arrays: those by which exporters work out shapes, axes and pads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

Array = Any
Attributes = Mapping[str, Any]

TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
}
"""TensorProto.DataType to those of NumPy's types that are followed."""

STEP_LIMIT = 1 << 16
"""Elements that one operator may make; with more it raises ValueError."""


def _axes(attributes: Attributes, given: Array) -> tuple[int, ...] | None:
    """Axes as the second input (opset 13) or the attribute before it."""
    axes = attributes.get("axes") if given is None else given.tolist()
    return None if axes is None else tuple(axes)


def _unsqueeze(attributes: Attributes, data: Array, axes: Array = None) -> Array:
    import numpy as np

    return np.expand_dims(data, _axes(attributes, axes) or ())


def _squeeze(attributes: Attributes, data: Array, axes: Array = None) -> Array:
    import numpy as np

    return np.squeeze(data, _axes(attributes, axes))


def _slice(attributes: Attributes, data: Array, starts: Array = None, ends: Array = None,
           axes: Array = None, steps: Array = None) -> Array:  # fmt: skip
    first = attributes.get("starts") if starts is None else starts.tolist()
    last = attributes.get("ends") if ends is None else ends.tolist()
    along = _axes(attributes, axes) or range(len(first or ()))
    by = [1] * len(first or ()) if steps is None else steps.tolist()
    for axis, start, stop, step in zip(along, first or (), last or (), by, strict=True):
        place = [slice(None)] * data.ndim
        place[axis] = slice(start, None if step < 0 and stop < -data.shape[axis] else stop, step)
        data = data[tuple(place)]
    return data


def _reshape(attributes: Attributes, data: Array, shape: Array) -> Array:
    sizes = shape.tolist()
    if not attributes.get("allowzero", 0):
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


def _divide(attributes: Attributes, one: Array, other: Array) -> Array:
    """Integers are divided toward zero, as in C."""
    import numpy as np

    if one.dtype.kind not in "iu":
        return one / other
    if not other.all():
        raise ZeroDivisionError
    return (np.sign(one) * np.sign(other) * (np.abs(one) // np.abs(other))).astype(one.dtype)


def _concat(attributes: Attributes, *parts: Array) -> Array:
    import numpy as np

    return np.concatenate(parts, attributes.get("axis", 1))


def _constant_of_shape(attributes: Attributes, shape: Array) -> Array:
    import numpy as np

    fill = attributes.get("value", np.zeros(1, "f4"))
    return np.full(_bounded(shape), fill.reshape(-1)[0], fill.dtype)


def _expand(attributes: Attributes, data: Array, shape: Array) -> Array:
    import numpy as np

    return np.broadcast_to(data, np.broadcast_shapes(data.shape, _bounded(shape)))


def _range(attributes: Attributes, start: Array, limit: Array, delta: Array) -> Array:
    import numpy as np

    if abs((limit - start) / delta) > STEP_LIMIT:
        raise ValueError
    found: Array = np.arange(start, limit, delta, start.dtype)  # type: ignore[call-overload]
    return found


def _bounded(shape: Array) -> list[int]:
    """The dims of a small shape; raises ValueError for one of many elements."""
    sizes: list[int] = shape.tolist()
    if not 0 <= math.prod(sizes) <= STEP_LIMIT:
        raise ValueError
    return sizes


def _part_of_shape(attributes: Attributes, dims: Array) -> Array:
    return dims[attributes.get("start", 0) : attributes.get("end", len(dims))]


def _numpy(name: str) -> Callable[..., Array]:
    """The NumPy function that does the same to any number of arguments, two by two."""

    def call(_: Attributes, *arguments: Array) -> Array:
        import numpy as np

        function = getattr(np, name)
        return function(*arguments) if len(arguments) < 2 else reduce(function, arguments)

    return call


def _where(attributes: Attributes, condition: Array, one: Array, other: Array) -> Array:
    import numpy as np

    return np.where(condition, one, other)


OPERATORS: dict[str, Callable[..., Array]] = {
    "Add": _numpy("add"),
    "Cast": lambda attributes, data: data.astype(TYPES[attributes["to"]]),
    "Ceil": _numpy("ceil"),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Div": _divide,
    "Equal": _numpy("equal"),
    "Exp": _numpy("exp"),
    "Expand": _expand,
    "Floor": _numpy("floor"),
    "Gather": lambda attributes, data, places: data.take(places, attributes.get("axis", 0)),
    "Greater": _numpy("greater"),
    "Identity": lambda attributes, data: data,
    "Less": _numpy("less"),
    "Max": _numpy("maximum"),
    "Min": _numpy("minimum"),
    "Mul": _numpy("multiply"),
    "Neg": _numpy("negative"),
    "Not": _numpy("logical_not"),
    "Pow": lambda attributes, base, exponent: (base**exponent).astype(base.dtype),
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _part_of_shape,
    "Size": lambda attributes, dims: dims.prod(),
    "Slice": _slice,
    "Sqrt": _numpy("sqrt"),
    "Squeeze": _squeeze,
    "Sub": _numpy("subtract"),
    "Transpose": lambda attributes, data: data.transpose(attributes.get("perm")),
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""Standard operator to what it computes from its attributes, plain values and arrays by name, and its inputs.

Shape and Size take the dims of their input in its place. An input left out is None. What an operator cannot
take raises ValueError, IndexError, TypeError, KeyError or ArithmeticError.
"""
