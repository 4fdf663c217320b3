"""A TFLite graph while it is built: operators and operands that can still change."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import chain
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import Inline, Tensor
from edgelint.lowering.onnx_to_tflite.content import Content

if TYPE_CHECKING:
    import numpy as np

Dims = tuple[int, ...]

FUSIBLE = frozenset({"RELU", "RELU6", "RELU_N1_TO_1"})
"""Activations that other operators can run, by the schema's names."""


@dataclass(slots=True)
class Operand:
    """A tensor of the draft; `content` is set for a constant."""

    name: str
    dtype: DType
    shape: Dims
    content: Content | None = None
    quantization: Quantization | None = None

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


@dataclass(slots=True)
class Op:
    """An operator of the draft.

    code: the schema's name. inputs, outputs: operands by name.
    options: those that differ from the default, but for the activation. Operators share them: they are
        replaced, never changed.
    activation: the schema's name of the activation that it runs.
    """

    code: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    activation: str = "NONE"

    @property
    def is_fused(self) -> bool:
        """Whether it runs an activation."""
        return self.activation != "NONE"

    def read_instead(self, place: int, name: str | None) -> None:
        """Has input `place` be operand `name`."""
        self.inputs = (*self.inputs[:place], name, *self.inputs[place + 1 :])

    def become(self, other: Op) -> None:
        """Makes it what `other` is, under the names of its own outputs."""
        self.code, self.inputs, self.options = other.code, other.inputs, other.options
        self.activation = other.activation

    def absorb(self, other: Op, activation: str) -> None:
        """Does what `other` did, and runs `activation`; nothing is left of `other`, not even outputs."""
        self.become(other)
        self.activation, other.outputs = activation, ()


_NO_OPTIONS: Mapping[str, Any] = {}


class Draft:
    """Operators in order of execution, and the operands they share.

    stored: the names of the constants among the operands.
    changed: set by whoever rewrites operators, for the one who repeats that until nothing changes.
    """

    def __init__(self) -> None:
        self.changed = False
        self.operands: dict[str, Operand] = {}
        self.stored: set[str] = set()
        self.ops: list[Op] = []
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self._constants: dict[tuple[Hashable, Dims, DType], Operand] = {}
        self._taken: dict[str, int] = {}
        self._combined: dict[tuple[Hashable, ...], int] = {}
        self._reads: Counter[str | None] | None = None
        self._readers: dict[str, list[Op]] | None = None
        self._producers: dict[str, Op] | None = None

    def operand(self, wanted: str, dtype: DType, shape: Iterable[int]) -> Operand:
        """A new operand called `wanted`, or something close to it where that is taken."""
        name = self._unique(wanted) if wanted in self.operands else wanted
        self.operands[name] = made = Operand(name, dtype, tuple(shape))
        return made

    def constant(
        self, wanted: str, dtype: DType, shape: Iterable[int], key: Hashable,
        elements: np.ndarray | Tensor | None = None, quantization: Quantization | None = None,
    ) -> Operand:  # fmt: skip
        """The constant with this content and shape: one that is there already, else a new one."""
        dims = tuple(shape)
        found = self.kept(key, dims, dtype)
        if found is None:
            found = self._constants[key, dims, dtype] = self.operand(wanted, dtype, dims)
            found.content, found.quantization = Content(key, elements), quantization
            self.stored.add(found.name)
        return found

    def kept(self, key: Hashable, shape: Dims, dtype: DType) -> Operand | None:
        """The constant with this content and shape, if it is there already."""
        return self._constants.get((key, shape, dtype))

    def numbers(self, numbers: Iterable[int], shape: Dims | None = None) -> Operand:
        """An int32 constant: axes, pads, shapes."""
        listed = [*map(int, numbers)]
        dims, key = (len(listed),) if shape is None else shape, ("int32", *listed)
        found = self.kept(key, dims, DType.INT32)
        if found is None:
            data = b"".join([number.to_bytes(4, "little", signed=True) for number in listed])
            tensor = Tensor(DType.INT32, dims, len(data), Inline(data))
            found = self.constant("const", DType.INT32, dims, key, tensor)
        return found

    def combined(self, *keys: Hashable) -> Hashable:
        """The key of what is computed from constants of `keys`: equal for equal ones, and never nested."""
        return "combined", self._combined.setdefault(keys, len(self._combined))

    def zeros(self, dtype: DType, shape: Dims) -> Operand:
        """A constant of zeros."""
        return self.constant("zeros", dtype, shape, ("zeros",))

    def add(
        self, code: str, inputs: Sequence[str | None], outputs: Iterable[str], options: Mapping[str, Any]
    ) -> None:
        """A new operator at the end."""
        self.ops.append(Op(code, tuple(inputs), tuple(outputs), options or _NO_OPTIONS))

    def reads(self) -> Mapping[str | None, int]:
        """How many times each operand that is read is."""
        if self._reads is None:
            self._reads = Counter(chain.from_iterable([op.inputs for op in self.ops]))
        return self._reads

    def readers(self) -> dict[str, list[Op]]:
        """For each operand that is read, the operators that read it, once for each time."""
        if self._readers is None:
            found: dict[str, list[Op]] = {}
            for op in self.ops:
                for name in op.inputs:
                    if name is not None:
                        found.setdefault(name, []).append(op)
            self._readers = found
        return self._readers

    def producers(self) -> dict[str, Op]:
        """For each operand that an operator makes, that operator."""
        if self._producers is None:
            self._producers = {name: op for op in self.ops for name in op.outputs}
        return self._producers

    def drop_absorbed(self) -> None:
        """Without the operators that others have absorbed."""
        kept = [op for op in self.ops if op.outputs]
        self.changed = len(kept) < len(self.ops)
        self.ops = kept

    def forget_links(self) -> None:
        """Has `reads`, `readers` and `producers` look again: for after the operators were rewritten."""
        self._reads = self._readers = self._producers = None

    def rename(self, new: dict[str, str]) -> None:
        """Lets every reader, and the graph's outputs, read `new[name]` where they read `name`."""
        if not new:
            return
        self.changed = True

        def resolved(name: str) -> str:
            while name in new:
                name = new[name]
            return name

        for op in self.ops:
            if not new.keys().isdisjoint(op.inputs):
                op.inputs = tuple([None if name is None else resolved(name) for name in op.inputs])
        self.outputs = [resolved(name) for name in self.outputs]

    def _unique(self, wanted: str) -> str:
        while wanted in self.operands:
            count = self._taken.get(wanted, 0) + 1
            self._taken[wanted] = count
            wanted = f"{wanted}#{count}"
        return wanted
