"""One graph on its way: which operand stands for each ONNX value, and in which order of axes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Node, Shape, Value
from edgelint.ir.quantization import Quantization
from edgelint.lowering.onnx_to_tflite.draft import Dims, Draft, Operand
from edgelint.lowering.onnx_to_tflite.source import Constant, Source
from edgelint.printable import printable

if TYPE_CHECKING:
    import numpy as np

Order = tuple[int, ...]
"""For each axis of an operand, the axis of the ONNX value that it is."""


MAX_ELEMENTS = 2**31 - 1
"""Elements of one tensor: the runtimes count them in 32 bits."""


class Unlowerable(Exception):
    """A node that cannot be lowered. Its argument is why, a phrase."""


@dataclass(slots=True)
class Stored:
    """The operand that holds a value, and the order of its axes."""

    operand: Operand
    order: Order


@lru_cache(maxsize=64)
def plain(rank: int) -> Order:
    """ONNX's own order."""
    return tuple(range(rank))


@lru_cache(maxsize=64)
def channels_last(rank: int) -> Order:
    """Batch, spatial axes, channels; ONNX's own order below three dims."""
    return (0, *range(2, rank), 1) if rank > 2 else plain(rank)


def permuted(dims: Sequence[Any], order: Order) -> tuple[Any, ...]:
    """`dims` of an ONNX value as an operand in `order` has them."""
    return tuple([dims[axis] for axis in order])


class Conversion:
    """The draft so far, and how to read and write ONNX values in it.

    integers: whether the model shall run on integers throughout.
    memo: what was found out for a node, for those that are like it.
    """

    def __init__(self, source: Source, *, integers: bool = False) -> None:
        self.source = source
        self.integers = integers
        self.draft = Draft()
        self.stored: dict[str, Stored] = {}
        self.assumptions: dict[str, None] = {}
        self.memo: dict[Hashable, Any] = {}
        self._transposed: dict[tuple[str, Order], Operand] = {}
        self._dims: dict[Shape | None, Dims] = {}
        self._arranged: dict[tuple[Dims, Order], tuple[Dims, bool]] = {}
        self._results: dict[tuple[Shape | None, DType | None, Order], tuple[Dims, DType]] = {}

    def value(self, name: str | None) -> Value:
        """The ONNX value. Raises Unlowerable when it is left out or not of this graph."""
        value = self.source.graph.value(name)
        if value is None:
            raise Unlowerable("reads a value of an outer graph or lacks an operand")
        return value

    def shape(self, name: str | None) -> Dims:
        """The dims of the ONNX value. Raises Unlowerable while one is unknown."""
        constant = self.source.constants.get(name) if name else None
        return self._known(name) if constant is None else constant.shape

    def dtype(self, name: str | None) -> DType:
        """The element type of the ONNX value. Raises Unlowerable when it is not known."""
        constant = self.source.constants.get(name or "")
        if constant is not None and constant.quantization is not None:
            return DType.FLOAT32
        value = None if constant else self.value(name)
        if value is not None and value.quantization is not None:
            return DType.FLOAT32
        found = constant.dtype if constant else value.dtype if value else None
        if found is None:
            raise Unlowerable(f"has an unknown element type in {printable(name or '')!r}")
        if found in _HALVES:
            raise Unlowerable(f"computes in {found}, which is not modelled")
        return DType.FLOAT32 if found in _NARROWED else found

    def constant(self, name: str | None) -> Constant | None:
        """The constant called `name`; None for any other value."""
        return self.source.constants.get(name) if name else None

    def numbers(self, node: Node, place: int, attribute: str) -> list[int] | None:
        """Integers given as an input, or as an attribute before that opset; None where left out.

        Raises Unlowerable when they are computed while the model runs.
        """
        name = node.inputs[place] if place < len(node.inputs) else None
        if name is None:
            given = node.attributes.get(attribute)
            return None if given is None else [int(number) for number in given]
        found = self._flat(name)
        if found is None:
            raise Unlowerable(f"takes {attribute} that are computed while the model runs")
        return [int(number) for number in found]

    def array(self, name: str | None) -> np.ndarray | None:
        """The elements of a small constant; None for anything else."""
        constant = self.constant(name)
        return constant.content.array if constant else None

    def scalar(self, node: Node, place: int) -> float | None:
        """The number that input `place` holds; None where it is no constant of one element."""
        found = self._flat(node.inputs[place]) if place < len(node.inputs) else None
        return float(found[0]) if found is not None and len(found) == 1 else None

    def _flat(self, name: str | None) -> Sequence[float] | None:
        """The elements of a small constant, row by row; None for anything else."""
        constant = self.constant(name)
        return constant.content.flat if constant else None

    def order(self, name: str | None) -> Order | None:
        """The order in which a value is at hand; None for a constant, which can be had in any."""
        found = self.stored.get(name or "")
        return found.order if found else None

    def input(self, node: Node, place: int) -> str:
        """The name of input `place`. Raises Unlowerable where it is left out."""
        name = node.inputs[place] if place < len(node.inputs) else None
        if name is None:
            raise Unlowerable(f"lacks input {place}")
        return name

    def read(self, name: str | None, order: Order | None = None) -> Operand:
        """The operand that holds a value in `order`, transposed if need be; None asks for the one at hand."""
        constant = self.constant(name)
        if constant is not None and name is not None:
            return self.weight(name, order or plain(len(constant.shape)))
        found = self.stored.get(name or "")
        if found is None:
            raise Unlowerable("reads a value of an outer graph or lacks an operand")
        if order is None or order == found.order:
            return found.operand
        return self._transpose(found, order)

    def at_hand(self, name: str) -> tuple[Operand, Order]:
        """The operand that holds a value, and the order of its axes; a constant has ONNX's own."""
        found = self.stored.get(name)
        if found is None or name in self.source.constants:
            operand = self.read(name)
            return operand, plain(len(operand.shape))
        return found.operand, found.order

    def weight(self, name: str, order: Order, shape: Iterable[int] | None = None) -> Operand:
        """A constant with its axes in `order`, then reshaped to `shape` if one is given."""
        constant = self.source.constants[name]
        arranged = self._arranged.get((constant.shape, order))
        if arranged is None:
            arranged = self._arranged[constant.shape, order] = _arranged(constant.shape, order)
        dims, is_same = arranged
        final = dims if shape is None else tuple(shape)
        key = constant.content.key if is_same else ("transposed", constant.content.key, order)
        quantization = _moved(constant.quantization, order)
        dtype = self.dtype(name) if quantization is None else constant.dtype
        found = self.draft.kept(key, final, dtype)
        if found is not None:
            return found
        array = constant.content.array
        moved = None if array is None else array.transpose(order).reshape(final)
        return self.draft.constant(name, dtype, final, key, moved, quantization)

    def emit(
        self,
        code: str,
        inputs: Sequence[str | None],
        shape: Iterable[int],
        dtype: DType,
        wanted: str,
        **options: Any,
    ) -> Operand:
        """A new operator with one output, and that output."""
        made = self.draft.operand(wanted, dtype, shape)
        self.draft.add(code, inputs, (made.name,), options)
        return made

    def store(self, name: str | None, operand: Operand, order: Order) -> None:
        """Notes that `operand` holds the ONNX value `name`."""
        if name is not None:
            self.stored[name] = Stored(operand, order)

    def produce(
        self, node: Node, code: str, inputs: Sequence[str | None], order: Order, **options: Any
    ) -> Operand:
        """The operator whose output is the node's first one, stored in `order`."""
        name = node.outputs[0]
        dims, dtype = self._result(name, order)
        made = self.draft.operand(name or node.name, dtype, dims)
        self.draft.add(code, inputs, (made.name,), options)
        if name is not None:
            self.stored[name] = Stored(made, order)
        return made

    def _result(self, name: str | None, order: Order) -> tuple[Dims, DType]:
        """The dims of the ONNX value as an operand in `order` has them, and its element type."""
        value = self.source.graph.values.get(name or "")
        if value is None or value.quantization is not None or name in self.source.constants:
            return permuted(self.shape(name), order), self.dtype(name)
        # Many values are of few types.
        key = (value.shape, value.dtype, order)
        found = self._results.get(key)
        if found is None:
            found = self._results[key] = permuted(self.shape(name), order), self.dtype(name)
        return found

    def reshape(self, operand: Operand, shape: Iterable[int], wanted: str) -> Operand:
        """The operand with another shape."""
        dims = tuple(shape)
        if dims == operand.shape:
            return operand
        wanted_shape = self.draft.numbers(dims)
        made = self.emit(
            "RESHAPE", [operand.name, wanted_shape.name], dims, operand.dtype, wanted, new_shape=dims
        )
        made.quantization = operand.quantization
        return made

    def transpose(self, operand: Operand, perm: Order, wanted: str) -> Operand:
        """The operand with its axes moved: axis i of the result is axis perm[i]."""
        if perm == plain(len(perm)):
            return operand
        axes = self.draft.numbers(perm)
        made = self.emit(
            "TRANSPOSE", [operand.name, axes.name], permuted(operand.shape, perm), operand.dtype, wanted
        )
        made.quantization = operand.quantization
        return made

    def cut(
        self, operand: Operand, ranges: Sequence[tuple[int, int, int]], wanted: str, *, always: bool = False
    ) -> Operand:
        """The part of the operand between first and last, in steps, by axis.

        The operand itself where that is all of it, unless `always` asks for the operator.
        """
        sizes = operand.shape
        if not always and all(found == (0, size, 1) for found, size in zip(ranges, sizes, strict=True)):
            return operand
        shape = [max(-(-(last - first) // step), 0) for first, last, step in ranges]
        whole = [last == size for (_, last, _), size in zip(ranges, sizes, strict=True)]
        numbers = (
            [first for first, _, _ in ranges],
            [0 if to_the_end else last for (_, last, _), to_the_end in zip(ranges, whole, strict=True)],
            [step for _, _, step in ranges],
        )
        inputs: list[str | None] = [operand.name, *(self.draft.numbers(each).name for each in numbers)]
        return self.emit(
            "STRIDED_SLICE", inputs, shape, operand.dtype, wanted,
            begin_mask=_mask(first == 0 for first, _, _ in ranges), end_mask=_mask(whole),
        )  # fmt: skip

    def _known(self, name: str | None) -> Dims:
        value = self.value(name)
        dims = self._dims.get(value.shape)
        if dims is None:
            dims = self._dims[value.shape] = _dims_of(value)
        return dims

    def _transpose(self, found: Stored, order: Order) -> Operand:
        perm = tuple(found.order.index(axis) for axis in order)
        key = (found.operand.name, perm)
        if key not in self._transposed:
            self._transposed[key] = self.transpose(found.operand, perm, found.operand.name)
        return self._transposed[key]


_HALVES = frozenset({DType.FLOAT16, DType.BFLOAT16})

_NARROWED = frozenset({DType.FLOAT64})
"""Types that become float32: what computes with them has float32 kernels."""


def _dims_of(value: Value) -> Dims:
    dims = tuple([dim for dim in value.shape or () if isinstance(dim, int)])
    if value.shape is None or len(dims) != len(value.shape):
        raise Unlowerable(f"has a dim of unknown size in {printable(value.name)!r}; bind it: --dim NAME=N")
    if math.prod(dims) > MAX_ELEMENTS or max(dims, default=0) > MAX_ELEMENTS:
        raise Unlowerable("has a value of more elements than TFLite counts")
    return dims


def _mask(bits: Iterable[bool]) -> int:
    """A number with bit i set where entry i is true."""
    return sum(1 << place for place, bit in enumerate(bits) if bit)


def _arranged(shape: Dims, order: Order) -> tuple[Dims, bool]:
    """`shape` with its axes put in `order`, and whether the elements keep their places then."""
    moved = [axis for axis in order if shape[axis] > 1]
    return permuted(shape, order), moved == sorted(moved)


def _moved(quantization: Quantization | None, order: Order) -> Quantization | None:
    if quantization is None or quantization.axis is None or quantization.axis not in order:
        return quantization
    return Quantization(quantization.scale, quantization.zero_point, order.index(quantization.axis))
