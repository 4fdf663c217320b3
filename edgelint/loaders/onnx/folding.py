"""Small values that follow from constants and known shapes alone, so that inference can use them.

Exporters compute shapes, axes and pads by chains of small integer operators (PyTorch's `F.pad` by
Cast, Reshape, Slice and Transpose), of which ONNX's own inference follows only some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from edgelint.ir import DType, Inline, Shape, Tensor
from edgelint.loaders.onnx.functions import domain_of

if TYPE_CHECKING:
    import numpy as np

    from edgelint.loaders.onnx.bodies import Body, Placed

COUNT_LIMIT = 1024
"""Elements of a value that is followed; shapes and pads have fewer."""

_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
}
"""TensorProto.DataType to the NumPy types that are followed."""

_FOLLOWED = frozenset({DType.INT64, DType.INT32, DType.BOOL, DType.FLOAT32, DType.FLOAT64})

Array = Any
Types = dict[str, tuple[DType | None, Shape | None]]
"""Value name to element type and shape."""


def fold(bodies: list[Body], types: list[Types]) -> list[dict[str, np.ndarray]]:
    """For each body, the small values its nodes compute from constants and fully known shapes."""
    folder = Folder(bodies, types)
    for number, body in enumerate(bodies):
        for placed in body.nodes:
            folder.follow(number, placed)
    return folder.found


class Folder:
    """Follows small values, node after node. A name is first a body's own, then of its outer graphs.

    found: what was followed so far, by body.
    """

    def __init__(self, bodies: list[Body], types: list[Types]) -> None:
        self.bodies = bodies
        self.types = types
        self.found: list[dict[str, np.ndarray]] = [{} for _ in bodies]

    def follow(self, number: int, placed: Placed) -> np.ndarray | None:
        """What the node's first output holds; None where that is not known, or no small value."""
        if placed.proto.op_type not in OPERATORS or domain_of(placed.proto.domain) or not placed.proto.output:
            return None
        result = _result(self, number, placed)
        if result is not None:
            self.found[number][placed.proto.output[0]] = result
        return result

    def array(self, number: int, name: str) -> np.ndarray | None:
        """The content of a small value as body `number` sees it, None when it is not known."""
        scope: int | None = number
        while scope is not None:
            body = self.bodies[scope]
            if name in self.found[scope]:
                return self.found[scope][name]
            if name in body.constants:
                return _small(body.constants[name])
            if name in self.types[scope]:
                return None
            scope = body.parent
        return None

    def described(self, number: int, name: str) -> tuple[DType | None, Shape | None]:
        """The element type and shape of a value as body `number` sees it."""
        scope: int | None = number
        while scope is not None:
            constant = self.bodies[scope].constants.get(name)
            if constant is not None:
                return constant.dtype, constant.shape
            if name in self.types[scope]:
                return self.types[scope][name]
            scope = self.bodies[scope].parent
        return None, None


def _small(tensor: Tensor) -> np.ndarray | None:
    if tensor.dtype not in _FOLLOWED or tensor.sparse or not isinstance(tensor.storage, Inline):
        return None
    return tensor.numpy() if tensor.elements <= COUNT_LIMIT else None


def _result(folder: Folder, number: int, placed: Placed) -> np.ndarray | None:
    """What the node computes, None when an input is not known or the operator cannot take it."""
    import numpy as np

    node = placed.proto
    call = _Call({entry.name: entry for entry in node.attribute})
    try:
        if node.op_type in ("Shape", "Size"):
            inputs = [_known_shape(folder.described(number, node.input[0])[1])]
        else:
            inputs = [folder.array(number, name) if name else None for name in node.input]
            if any(entry is None and name for entry, name in zip(inputs, node.input, strict=True)):
                return None
        if not inputs or inputs[0] is None:
            return None
        with np.errstate(all="ignore"):
            result = np.asarray(OPERATORS[node.op_type](call, *inputs))
    except (ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError):
        return None
    return result if result.size <= COUNT_LIMIT and result.dtype.name in _TYPES.values() else None


def _known_shape(shape: Shape | None) -> Array | None:
    import numpy as np

    if shape is None or not all(isinstance(dim, int) for dim in shape):
        return None
    return np.array(shape, np.int64)


class _Call:
    """A node's attributes as an operator of the table asks for them."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self.attributes = attributes

    def integer(self, name: str, default: int) -> int:
        return self.attributes[name].i if name in self.attributes else default

    def integers(self, name: str) -> list[int] | None:
        return list(self.attributes[name].ints) if name in self.attributes else None


def _axes(call: _Call, given: Array) -> tuple[int, ...] | None:
    """Axes as the second input (opset 13) or the attribute before it."""
    axes = call.integers("axes") if given is None else given.tolist()
    return None if axes is None else tuple(axes)


def _unsqueeze(call: _Call, data: Array, axes: Array = None) -> Array:
    import numpy as np

    return np.expand_dims(data, _axes(call, axes) or ())


def _squeeze(call: _Call, data: Array, axes: Array = None) -> Array:
    import numpy as np

    return np.squeeze(data, _axes(call, axes))


def _slice(call: _Call, data: Array, starts: Array = None, ends: Array = None, axes: Array = None,
           steps: Array = None) -> Array:  # fmt: skip
    first = call.integers("starts") if starts is None else starts.tolist()
    last = call.integers("ends") if ends is None else ends.tolist()
    along = _axes(call, axes) or range(len(first or ()))
    by = [1] * len(first or ()) if steps is None else steps.tolist()
    for axis, start, stop, step in zip(along, first or (), last or (), by, strict=True):
        place = [slice(None)] * data.ndim
        place[axis] = slice(start, None if step < 0 and stop < -data.shape[axis] else stop, step)
        data = data[tuple(place)]
    return data


def _reshape(call: _Call, data: Array, shape: Array) -> Array:
    sizes = shape.tolist()
    if not call.integer("allowzero", 0):
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


def _divide(call: _Call, one: Array, other: Array) -> Array:
    """Integers are divided toward zero, as in C."""
    import numpy as np

    if one.dtype.kind not in "iu":
        return one / other
    if not other.all():
        raise ZeroDivisionError
    return (np.sign(one) * np.sign(other) * (np.abs(one) // np.abs(other))).astype(one.dtype)


def _cast(call: _Call, data: Array) -> Array:
    return data.astype(_TYPES[call.integer("to", 0)])


def _concat(call: _Call, *parts: Array) -> Array:
    import numpy as np

    return np.concatenate(parts, call.integer("axis", 1))


def _constant_of_shape(call: _Call, shape: Array) -> Array:
    import numpy as np
    from onnx import numpy_helper

    value = (
        numpy_helper.to_array(call.attributes["value"].t) if "value" in call.attributes else np.zeros(1, "f4")
    )
    return np.full(_bounded(shape), value.reshape(-1)[0], value.dtype)


def _expand(call: _Call, data: Array, shape: Array) -> Array:
    import numpy as np

    return np.broadcast_to(data, np.broadcast_shapes(data.shape, _bounded(shape)))


def _range(call: _Call, start: Array, limit: Array, delta: Array) -> Array:
    import numpy as np

    if (limit - start) / delta > COUNT_LIMIT:
        raise ValueError
    found: Array = np.arange(start, limit, delta, start.dtype)  # type: ignore[call-overload]
    return found


def _bounded(shape: Array) -> list[int]:
    """The dims of a small shape; raises ValueError for one of many elements."""
    total = 1
    for size in shape.tolist():
        total *= size
    if not 0 <= total <= COUNT_LIMIT:
        raise ValueError
    return list(shape.tolist())


def _numpy(name: str) -> Callable[..., Array]:
    """The NumPy function of two arguments that does the same."""

    def call(_: _Call, *arguments: Array) -> Array:
        import numpy as np

        return getattr(np, name)(*arguments)

    return call


OPERATORS: dict[str, Callable[..., Array]] = {
    "Add": _numpy("add"),
    "Cast": _cast,
    "Ceil": _numpy("ceil"),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Div": _divide,
    "Equal": _numpy("equal"),
    "Expand": _expand,
    "Floor": _numpy("floor"),
    "Gather": lambda call, data, places: data.take(places, call.integer("axis", 0)),
    "Greater": _numpy("greater"),
    "Identity": lambda call, data: data,
    "Less": _numpy("less"),
    "Max": lambda call, *parts: reduce(lambda one, other: _numpy("maximum")(call, one, other), parts),
    "Min": lambda call, *parts: reduce(lambda one, other: _numpy("minimum")(call, one, other), parts),
    "Mul": _numpy("multiply"),
    "Neg": _numpy("negative"),
    "Not": _numpy("logical_not"),
    "Range": _range,
    "Reshape": _reshape,
    "Shape": lambda call, dims: dims[call.integer("start", 0) : call.integer("end", len(dims))],
    "Size": lambda call, dims: dims.prod(),
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Sub": _numpy("subtract"),
    "Transpose": lambda call, data: data.transpose(call.integers("perm")),
    "Unsqueeze": _unsqueeze,
    "Where": _numpy("where"),
}
"""Standard operator to what it computes from its attributes and inputs."""
