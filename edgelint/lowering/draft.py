"""A TFLite program while it is being predicted: operators in order, rewritten until they settle."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType

Dims = tuple[int, ...]

PASSES = 12
"""Rounds of rewriting before what is there counts as settled; each pattern shrinks the program."""


LOCAL_NAMES = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "depthwise",
    "FULLY_CONNECTED": "MatMul",
    "ADD": "add",
    "SUB": "sub",
    "MUL": "mul",
    "DIV": "truediv",
    "LOGISTIC": "Sigmoid",
    "CONCATENATION": "concat",
    "MAX_POOL_2D": "MaxPool2d",
    "AVERAGE_POOL_2D": "AvgPool",
    "REDUCE_MAX": "Max",
    "TRANSPOSE": "transpose",
    "TRANSPOSE_CONV": "conv_transpose",
}
"""TFLite operator to the name TensorFlow gives what it comes from; others are spelled alike."""


MOST_OPERATORS = 250_000
"""Operators before the prediction gives up: layers that write out their steps multiply."""


class Unpredictable(Exception):
    """Why a layer's conversion cannot be foretold, a phrase that follows the layer's name."""


@dataclass(eq=False, slots=True)
class Edge:
    """What flows between operators, or a constant.

    numbers: the content of a constant that the prediction knows; equal ones are stored once.
    label: the Keras value it comes from, for messages.
    reader: TensorFlow's name for the operator that reads a weight first, where it is not the first here.
    """

    shape: Dims
    dtype: DType = DType.FLOAT32
    constant: bool = False
    numbers: tuple[float, ...] | None = None
    label: str = ""
    variable: bool = False
    reader: str = ""

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


@dataclass(eq=False, slots=True)
class Op:
    """One operator: TFLite's name, options by the schema's names, fused activation by TFLite's name.

    name: what TensorFlow calls it, which decides the order where the graph leaves it open.
    block: shared by operators that one TensorFlow operator is written out as.
    bodies: of a WHILE, its condition and its body; of a CALL_ONCE, what it calls. seeds: how often the
    layer that a WHILE stands for would have drawn random numbers.
    """

    kind: str
    inputs: list[Edge | None]
    outputs: list[Edge]
    options: dict[str, Any] = field(default_factory=dict)
    activation: str = "NONE"
    name: str = ""
    block: object = None
    bodies: tuple[Draft, ...] = ()
    seeds: int = 0

    @property
    def output(self) -> Edge:
        """The first output."""
        return self.outputs[0]


class Draft:
    """Operators in execution order, and the edges that enter and leave the program."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.leftovers: list[Edge] = []
        """Constants that nothing reads any more, which the converter stores all the same."""
        self.inputs: list[Edge] = []
        self.outputs: list[Edge] = []
        self.maker: dict[Edge, Op] = {}
        """Who makes each edge, as emitted."""
        self._label = self._scope = self._owner = ""
        self._weights: dict[tuple[str, str, Dims, DType], Edge] = {}
        self._names: dict[str, int] = {}
        self._inside: list[str] = []
        self._block: object = None
        self._constants: dict[tuple[DType, Dims, tuple[float, ...]], Edge] = {}

    def within(self, label: str, scope: str, owner: str = "") -> None:
        """Names what is emitted from now on after the layer `label`, in TensorFlow's name scope `scope`.

        owner: whose the weights are; calls of one layer share them.
        """
        self._label, self._scope, self._names, self._owner = label, scope, {}, owner or label
        self._inside, self._block = [], None

    @contextmanager
    def inner(self, layer: str) -> Iterator[None]:
        """Names what is emitted inside after a layer within the layer, by its scope."""
        scope, names = self._scope, self._names
        self._scope, self._names = f"{scope}/{layer}", {}
        self._inside.append(layer)
        yield
        self._inside.pop()
        self._scope, self._names = scope, names

    @contextmanager
    def block(self) -> Iterator[None]:
        """Takes what is emitted inside for one operator of TensorFlow's, written out."""
        self._block = object()
        yield
        self._block = None

    def emit(
        self,
        kind: str,
        inputs: Sequence[Edge | None],
        shape: Iterable[int],
        dtype: DType | None = None,
        **options: Any,
    ) -> Edge:
        """The output of a new operator of `shape`; its type is that of the first input unless given."""
        first = next(edge for edge in inputs if edge is not None)
        output = Edge(tuple(shape), dtype or first.dtype, label=self._label)
        self.add(Op(kind, list(inputs), [output], options))
        return output

    def emit_several(
        self, kind: str, inputs: Sequence[Edge | None], shapes: Iterable[tuple[Dims, DType]], **options: Any
    ) -> list[Edge]:
        """The outputs of a new operator that has several."""
        outputs = [Edge(shape, dtype, label=self._label) for shape, dtype in shapes]
        self.add(Op(kind, list(inputs), outputs, options))
        return outputs

    def loop(self, carried: Sequence[Edge], condition: Draft, body: Draft) -> list[Edge]:
        """The outputs of a WHILE over `carried`."""
        outputs = self.emit_several("WHILE", carried, [(edge.shape, edge.dtype) for edge in carried])
        self.ops[-1].bodies = (condition, body)
        return outputs

    def add(self, op: Op) -> None:
        """Enters an operator behind the others."""
        if len(self.ops) >= MOST_OPERATORS:
            raise Unpredictable(f"becomes more than {MOST_OPERATORS} operators together with those before it")
        local = LOCAL_NAMES.get(op.kind, op.kind.title().replace("_", ""))
        count = self._names.get(local, 0)
        self._names[local] = count + 1
        op.name = f"{self._scope}/{local}" + (f"_{count}" if count else "")
        op.block = self._block
        self.maker |= dict.fromkeys(op.outputs, op)
        self.ops.append(op)

    @property
    def scope(self) -> str:
        """TensorFlow's name scope in which operators are being emitted."""
        return self._scope

    @property
    def label(self) -> str:
        """The Keras layer whose operators are being emitted."""
        return self._label

    def weight(self, shape: Iterable[int], role: str, dtype: DType = DType.FLOAT32) -> Edge:
        """A constant whose content only the weights tell; the same for each call of a layer."""
        owner = self._owner + "".join(f"/{layer}" for layer in self._inside)
        key = (owner, role, tuple(shape), dtype)
        if key not in self._weights:
            self._weights[key] = Edge(key[2], dtype, constant=True, label=f"{self._label}/{role}")
        return self._weights[key]

    def known(
        self, numbers: Iterable[float], shape: Iterable[int] | None = None, dtype: DType = DType.INT32
    ) -> Edge:
        """A constant of known content: a vector of integers unless said otherwise."""
        content = tuple(numbers)
        dims = (len(content),) if shape is None else tuple(shape)
        key = (dtype, dims, content)
        if key not in self._constants:
            self._constants[key] = Edge(dims, dtype, True, content, f"{self._label}/constant")
        return self._constants[key]

    def scalar(self, number: float, dtype: DType = DType.FLOAT32) -> Edge:
        """A constant of rank 0."""
        return self.known((number,), (), dtype)

    def zeros(self, size: int) -> Edge:
        """The bias of a convolution without one."""
        return self.known((0.0,), (size,), DType.FLOAT32)

    def reshape(self, edge: Edge, shape: Iterable[int]) -> Edge:
        """`edge` in another shape."""
        dims = tuple(shape)
        return self.emit("RESHAPE", [edge, self.known(dims)], dims)

    def transpose(self, edge: Edge, perm: Sequence[int]) -> Edge:
        """`edge` with its dims in another order."""
        dims = tuple(edge.shape[axis] for axis in perm)
        return self.emit("TRANSPOSE", [edge, self.known(perm)], dims)

    def binary(self, kind: str, left: Edge, right: Edge, dtype: DType | None = None) -> Edge:
        """An element-wise operator of two operands that are broadcast."""
        return self.emit(kind, [left, right], broadcast(left.shape, right.shape), dtype)

    def unary(self, kind: str, edge: Edge, **options: Any) -> Edge:
        """An element-wise operator of one operand."""
        return self.emit(kind, [edge], edge.shape, **options)

    def reduce(self, kind: str, edge: Edge, axes: Sequence[int], keep: bool, scalar: bool = False) -> Edge:
        """A reduction over `axes`; `scalar` where the converter is given a single axis, not a list."""
        places = {axis % len(edge.shape) for axis in axes}
        shape = [
            1 if place in places else dim
            for place, dim in enumerate(edge.shape)
            if keep or place not in places
        ]
        constant = self.scalar(axes[0], DType.INT32) if scalar else self.known(axes)
        return self.emit(kind, [edge, constant], shape, keep_dims=keep)


class Links:
    """Who makes and who reads each edge of a draft, kept while it is rewritten."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.producer: dict[Edge, Op] = {}
        self.reads: dict[Edge, int] = {}
        self.reader: dict[Edge, Op] = {}
        self.alias: dict[Edge, Edge] = {}
        self.gone: set[Op] = set()
        self.place = {op: place for place, op in enumerate(draft.ops)}
        for op in draft.ops:
            for output in op.outputs:
                self.producer[output] = op
            for edge in op.inputs:
                if edge is not None:
                    self.reads[edge] = self.reads.get(edge, 0) + 1
                    self.reader[edge] = op
        for edge in draft.outputs:
            self.reads[edge] = self.reads.get(edge, 0) + 1

    def resolve(self, op: Op) -> None:
        """Makes `op` read what stands for the outputs of operators that were dropped."""
        op.inputs = [self._now(edge) for edge in op.inputs]

    def maker(self, edge: Edge | None, *kinds: str, alone: bool = True) -> Op | None:
        """The operator of one of `kinds` that makes `edge`; `alone`: which nothing else reads."""
        op = self.producer.get(edge) if edge is not None else None
        if op is None or edge is None or op in self.gone or (kinds and op.kind not in kinds):
            return None
        return op if not alone or self.reads.get(edge, 0) == 1 else None

    def only_reader(self, edge: Edge, *kinds: str) -> Op | None:
        """The operator, of one of `kinds`, that alone reads `edge`."""
        op = self.reader.get(edge)
        if op is None or op in self.gone or self.reads.get(edge, 0) != 1:
            return None
        return op if not kinds or op.kind in kinds else None

    def absorb(self, op: Op, into: Op) -> None:
        """Drops `op`, whose work `into` now does as well, in the place of `op`."""
        self.drop(op)
        self.rename(op.output, into.output)
        ops = self.draft.ops
        here, there = self.place[op], self.place[into]
        ops[here], ops[there] = into, op
        self.place[into], self.place[op] = here, there

    def bypass(self, op: Op, edge: Edge) -> None:
        """Drops `op`; its readers read `edge` instead."""
        self.drop(op)
        self.rename(op.output, edge)

    def reread(self, op: Op, place: int, edge: Edge) -> None:
        """Makes input `place` of `op` read `edge`."""
        old = op.inputs[place]
        if old is not None:
            self.reads[old] -= 1
        op.inputs[place] = edge
        self.reads[edge] = self.reads.get(edge, 0) + 1

    def finish(self) -> bool:
        """Takes dropped and unread operators out of the draft; whether anything changed."""
        draft = self.draft
        for op in draft.ops:
            self.resolve(op)
        draft.outputs = [self._now(edge) or edge for edge in draft.outputs]
        kept: list[Op] = []
        needed = set(draft.outputs)
        for op in reversed(draft.ops):
            if op not in self.gone and any(output in needed for output in op.outputs):
                kept.append(op)
                needed.update(edge for edge in op.inputs if edge is not None)
        changed = len(kept) != len(draft.ops)
        draft.ops = kept[::-1]
        return changed

    def drop(self, op: Op) -> None:
        """Takes `op` out; its outputs have to be renamed to something else."""
        for edge in op.inputs:
            if edge is not None:
                self.reads[edge] -= 1
        self.gone.add(op)

    def rename(self, old: Edge, edge: Edge) -> None:
        """Makes the readers of `old` read `edge`."""
        self.alias[old] = edge
        self.reads[edge] = self.reads.get(edge, 0) + self.reads.pop(old, 0)

    def _now(self, edge: Edge | None) -> Edge | None:
        while edge is not None and edge in self.alias:
            edge = self.alias[edge]
        return edge

    def live(self) -> Iterator[Op]:
        """The operators that are still there, each with what it reads now."""
        for place in range(len(self.draft.ops)):
            op = self.draft.ops[place]
            if op not in self.gone:
                self.resolve(op)
                yield op


def broadcast(left: Dims, right: Dims) -> Dims:
    """The shape of an element-wise operator's output; ValueError where the operands do not match."""
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    shape = []
    for one, two in pairs:
        if one != two and 1 not in (one, two):
            raise ValueError(f"{left} and {right} are not broadcast")
        shape.append(two if one == 1 else one)
    return tuple(shape)
