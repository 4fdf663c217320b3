"""Small values that follow from constants and known shapes alone, so that inference can use them.

Exporters compute shapes, axes and pads by chains of small integer operators (PyTorch's `F.pad` by
Cast, Reshape, Slice and Transpose), of which ONNX's own inference follows only some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgelint.ir import DType, Inline, Shape, Tensor
from edgelint.loaders.onnx.array_operators import OPERATORS, TYPES, Array
from edgelint.loaders.onnx.scopes import Scopes, Types

if TYPE_CHECKING:
    import numpy as np
    from onnx import NodeProto

    from edgelint.loaders.onnx.bodies import Body, Placed

COUNT_LIMIT = 1024
"""Elements of a value that is followed; shapes and pads have fewer."""

_INTS = 7
"""AttributeProto.AttributeType of a list of integers, which may be empty."""

_FOLLOWED = frozenset({DType.INT64, DType.INT32, DType.BOOL, DType.FLOAT32, DType.FLOAT64})


def fold(bodies: list[Body], types: list[Types]) -> list[dict[str, np.ndarray]]:
    """For each body, the small values its nodes compute from constants and fully known shapes."""
    folder = Folder(bodies, types)
    for number, body in enumerate(bodies):
        for placed in body.nodes:
            folder.follow(number, placed)
    return folder.found


class Folder:
    """Follows small values, node after node.

    found: what was followed so far, by body. scopes: what else is known of the values.
    """

    def __init__(self, bodies: list[Body], types: list[Types]) -> None:
        self.scopes = Scopes(bodies, types)
        self.found: list[dict[str, np.ndarray]] = [{} for _ in bodies]

    def follow(self, number: int, placed: Placed) -> np.ndarray | None:
        """What the node's first output holds; None where that is not known, or no small value."""
        if placed.op not in OPERATORS or placed.domain or not placed.outputs or placed.subgraphs:
            return None
        result = _result(self, number, placed)
        if result is not None:
            self.found[number][placed.outputs[0]] = result
        return result

    def array(self, number: int, name: str) -> np.ndarray | None:
        """The content of a small value as body `number` sees it, None when it is not known."""
        held = self._held(number, name)
        return held.numpy() if isinstance(held, Tensor) else held

    def is_known(self, number: int, name: str) -> bool:
        """Whether `array` is not None; asking does not load NumPy."""
        return self._held(number, name) is not None

    def _held(self, number: int, name: str) -> np.ndarray | Tensor | None:
        for scope in self.scopes.around(number):
            if name in self.found[scope]:
                return self.found[scope][name]
            constant = self.scopes.bodies[scope].constants.get(name)
            if constant is not None:
                return constant if _is_small(constant) else None
            if name in self.scopes.types[scope]:
                return None
        return None


def _is_small(tensor: Tensor) -> bool:
    plain = tensor.dtype in _FOLLOWED and not tensor.sparse and isinstance(tensor.storage, Inline)
    return plain and tensor.elements <= COUNT_LIMIT


def _result(folder: Folder, number: int, placed: Placed) -> np.ndarray | None:
    """What the node computes, None when an input is not known or the operator cannot take it."""
    node = placed.proto
    inputs = _inputs(folder, number, node)
    if not inputs:
        return None
    import numpy as np

    try:
        attributes = {entry.name: _plain(entry) for entry in node.attribute}
        with np.errstate(all="ignore"):
            result = np.asarray(OPERATORS[node.op_type](attributes, *inputs))
    except (ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError):
        return None
    return result if result.size <= COUNT_LIMIT and result.dtype.name in TYPES.values() else None


def _inputs(folder: Folder, number: int, node: NodeProto) -> list[np.ndarray | None] | None:
    """What the node computes with; None, without having loaded NumPy, where that is not known."""
    names = node.input[:]
    if not names or not names[0]:
        return None
    if node.op_type in ("Shape", "Size"):
        shape = _known_shape(folder.scopes.described(number, names[0])[1])
        return None if shape is None else [shape]
    if not all(folder.is_known(number, name) for name in names if name):
        return None
    return [folder.array(number, name) if name else None for name in names]


def _known_shape(shape: Shape | None) -> Array | None:
    if shape is None or not all(isinstance(dim, int) for dim in shape):
        return None
    import numpy as np

    return np.array(shape, np.int64)


def _plain(attribute: Any) -> Any:
    """The attribute as a number, a list of numbers or an array; files may leave out what it is."""
    if attribute.type == _INTS or len(attribute.ints):
        return list(attribute.ints)
    if attribute.HasField("t"):
        from onnx import numpy_helper

        # The onnx package would read it from a file, one in whatever folder is the current one.
        if attribute.t.data_location or attribute.t.external_data:
            raise ValueError
        return numpy_helper.to_array(attribute.t)
    return attribute.i
