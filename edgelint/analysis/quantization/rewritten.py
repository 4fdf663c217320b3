"""A graph rewritten value by value as its operators are quantized."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from edgelint.deferred import dataclass, replace
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Source, Value
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import Tensor, Unwritten

ADDED = -1
"""Place in the file of an operator that is not in the file."""

MOST_SCALES = 4_000_000
"""Scales of all constants of a model. A file of a few bytes may have a layer of 2³¹ channels."""


class NotPredicted(Exception):
    """A quantization that cannot be predicted. Its argument is why, a phrase."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operand becomes.

    dtype: None leaves it. axis: has a scale per index. use: told apart from the same constant's other uses.
    """

    dtype: DType | None = None
    axis: int | None = None
    use: str = ""


class Rewriter:
    """Takes the values and nodes of `graph` in order, and gives the graph of their quantized forms.

    A value keeps its name in the form it is made in. A constant that is read in several forms, and
    an activation that is read in the other one, get a value more.
    activations: their quantized type; None leaves them all float.
    """

    def __init__(self, graph: Graph, activations: DType | None) -> None:
        self._graph = graph
        self._activations = activations
        self._values: dict[str, Value] = {}
        self._made: set[str] = set()
        self._forms: dict[tuple[str, Kind], str] = {}
        self._nodes: list[Node] = []
        self._turns: dict[str, int] = {}
        self._scales_left = MOST_SCALES

    def make(self, name: str, quantized: bool, given: Sequence[float] | None = None) -> None:
        """Adds an activation in the form its operator makes it in; `given` is its scale and zero point."""
        value = self._graph.values[name]
        kind = Kind(self._activations) if quantized and value.dtype is DType.FLOAT32 else Kind()
        if kind.dtype:
            value = replace(value, dtype=kind.dtype, quantization=_scale(given))
        self._values[name] = value
        self._made.add(name)
        self._forms[name, kind] = name

    def convert(self, name: str, kinds: Iterable[Kind]) -> None:
        """Adds the operators that make `kinds` of an activation, where it is made in another form."""
        for kind in kinds:
            self._read(name, kind)

    def add_intermediates(self, node: Node, count: int) -> None:
        """Adds values without elements, which carry no more than a scale."""
        for place in range(count):
            name = self._free_name(f"{node.name}/intermediate{place}")
            self._values[name] = Value(name, DType.FLOAT32, (0,))

    def add(self, node: Node, kinds: Sequence[Kind]) -> None:
        """Takes `node`, whose inputs become `kinds`."""
        inputs = zip(node.inputs, kinds, strict=True)
        read = tuple(self._read(name, kind) if name else None for name, kind in inputs)
        self._nodes.append(replace(node, inputs=read))

    def graph(self, interface: Kind) -> Graph:
        """The rewritten graph, its outputs in the form `interface`.

        Values are in the order in which they come to be, inputs and constants first.
        """
        outputs = tuple(self._read(name, interface) for name in self._graph.outputs)
        # What no operator touches is kept: the runtime plans it like the rest.
        left = {name: value for name, value in self._graph.values.items() if name not in self._values}
        inputs = {name: self._values[name] for name in self._graph.inputs}
        constants = {name: value for name, value in self._values.items() if value.is_constant}
        ordered = {**inputs, **constants, **self._values, **left}
        values = {name: replace(value, index=index) for index, (name, value) in enumerate(ordered.items())}
        return replace(self._graph, nodes=tuple(self._nodes), values=values, outputs=outputs)

    def _read(self, name: str, kind: Kind) -> str:
        """The name under which the value `name` is there in the form `kind`."""
        value = self._graph.values[name]
        if value.dtype is not DType.FLOAT32:
            kind = Kind()
        found = self._forms.get((name, kind))
        if found is None:
            made = self._convert if name in self._made else self._constant
            found = self._forms[name, kind] = made(value, kind)
        return found

    def _constant(self, value: Value, kind: Kind) -> str:
        """Adds a constant or variable in the form `kind`; its stored bytes are not made."""
        name = value.name if value.name not in self._values else self._free_name(value.name)
        value = replace(value, name=name)
        if kind.dtype is not None:
            tensor = value.tensor
            if tensor is not None:
                size = kind.dtype.nbytes(tensor.elements)
                tensor = Tensor(kind.dtype, tensor.shape, size, Unwritten.of(tensor, name))
            scales = self._scales(value, kind.axis)
            value = replace(value, dtype=kind.dtype, quantization=scales, tensor=tensor)
        self._values[name] = value
        return name

    def _convert(self, value: Value, kind: Kind) -> str:
        """Adds the operator that makes the other form of an activation."""
        word, op = ("QUANTIZE", "QuantizeLinear") if kind.dtype else ("DEQUANTIZE", "DequantizeLinear")
        name = self._free_name(f"{value.name}/{word.lower()}")
        scale = _scale(None) if kind.dtype else None
        self._values[name] = replace(
            value, name=name, dtype=kind.dtype or DType.FLOAT32, quantization=scale, label=""
        )
        self._nodes.append(Node(name, op, (value.name,), (name,), Source(word, ADDED, 1)))
        return name

    def _scales(self, value: Value, axis: int | None) -> Quantization:
        """As many scales as the converter stores for a constant, all unknown."""
        size = value.shape[axis] if axis is not None and value.shape and axis < len(value.shape) else 1
        # A dim says nothing where there is no element: it may be any number.
        count = size if isinstance(size, int) and value.elements else 1
        if count == 1:
            return _scale(None)
        self._scales_left -= count
        if self._scales_left < 0:
            raise NotPredicted(f"its constants would have more than {MOST_SCALES:,} scales")
        return Quantization((math.nan,) * count, (0,) * count, axis, calibrated=False)

    def _free_name(self, wished: str) -> str:
        name, turn = wished, self._turns.get(wished, 1)
        while name in self._values or name in self._graph.values:
            turn += 1
            name = f"{wished}/{turn}"
        self._turns[wished] = turn
        return name


def _scale(given: Sequence[float] | None) -> Quantization:
    """One scale for all elements, known only where the operator dictates it: `given`, with its zero point."""
    if given is not None:
        return Quantization((float(given[0]),), (int(given[1]),))
    return Quantization((math.nan,), (0,), calibrated=False)
