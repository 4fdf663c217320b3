"""One use of an operator, with its operands by role and its window by axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from edgelint.analysis.constraints.roles import Signature, signature
from edgelint.analysis.operands import Operand
from edgelint.deferred import dataclass
from edgelint.ir.model import Dim, Graph, Model, Node, Shape, Value

Check = Callable[["Use", Any], "str | None"]

STORED = {"float": "float32", "double": "float64"}
"""ONNX Runtime's names of element types to the IR's."""

SPATIAL = {"H": -2, "W": -1}
"""Axis letters to places among the spatial axes."""


@dataclass(frozen=True)
class Use:
    """A node in its graph, as a support table speaks of it.

    folded: values of the graph that become constants before it runs.
    """

    model: Model
    graph: Graph
    node: Node
    folded: frozenset[str] = frozenset()

    def is_constant(self, value: Value) -> bool:
        """Whether `value` is stored, or becomes a constant before the graph runs."""
        return value.is_constant or value.name in self.folded

    @cached_property
    def signature(self) -> Signature:
        """The roles of its operands."""
        return signature(self.model, self.node)

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """Its operands with their roles; omitted ones are left out."""
        inputs, outputs = self.graph.inputs_of(self.node), self.graph.outputs_of(self.node)
        found = [
            Operand(self.signature.input(place), value)
            for place, value in enumerate(inputs)
            if value is not None
        ]
        found += [Operand("output", value, True) for value in outputs if value is not None]
        return tuple(found)

    def of(self, role: str) -> Iterator[Operand]:
        """The inputs in `role`, by its name or by one that stands for several ("params", "scales")."""
        return (
            each for each in self.operands if not each.is_output and self.signature.plays(each.role, role)
        )

    @cached_property
    def maps(self) -> tuple[Operand, ...]:
        """The data it reads, weights, biases and parameters left out."""
        return tuple(
            each for each in self.operands if not each.is_output and self.signature.is_data(each.role)
        )

    @cached_property
    def results(self) -> tuple[Operand, ...]:
        """What it makes, by position."""
        return tuple(each for each in self.operands if each.is_output)

    @property
    def input(self) -> Value | None:
        """The first of the data it reads."""
        return self.maps[0].value if self.maps else None

    @property
    def output(self) -> Value | None:
        """The first value it makes."""
        return self.results[0].value if self.results else None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Its attributes by ONNX names, and by the file's own."""
        return self.node.attributes

    @property
    def channels_last(self) -> bool:
        """Whether the file keeps channels in the last axis."""
        return self.model.format != "onnx"

    def axis(self, letter: str) -> int | None:
        """The axis of the first input that "N", "H", "W" or "C" means; None where it has none."""
        rank = None if self.input is None or self.input.shape is None else len(self.input.shape)
        if rank is None or rank < 2:
            return None
        if letter == "N":
            return 0
        if letter == "C":
            return rank - 1 if self.channels_last else 1
        place = rank + SPATIAL[letter] - (1 if self.channels_last else 0)
        return place if place > (0 if self.channels_last else 1) else None

    def dim(self, letter: str, value: Value | None) -> int | None:
        """The size of `value` along that axis, None where unknown or where it has no such axis."""
        axis = self.axis(letter)
        return size_at(value.shape if value else None, axis)

    @cached_property
    def kernel(self) -> tuple[int, ...] | None:
        """The window's size by spatial axis, None where it has none or it is unknown."""
        stated = self.attributes.get("kernel_shape")
        if stated is None and self.model.format == "onnx" and self.node.op in ("Conv", "ConvTranspose"):
            weights = next(self.of("W"), None)
            stated = weights.value.shape[2:] if weights and weights.value.shape else None
        return whole(stated)

    def per_axis(self, name: str) -> tuple[int, ...] | None:
        """`strides` or `dilations` by spatial axis; ones where the file states none."""
        stated = whole(self.attributes.get(name))
        if stated is not None or self.kernel is None:
            return stated
        return (1,) * len(self.kernel)

    @property
    def strides(self) -> tuple[int, ...] | None:
        """The window's steps by spatial axis."""
        return self.per_axis("strides") if self.kernel is not None else None

    @property
    def dilations(self) -> tuple[int, ...] | None:
        """The window's spread by spatial axis."""
        return self.per_axis("dilations") if self.kernel is not None else None

    @property
    def padding(self) -> str | None:
        """How the window is padded ("SAME", "VALID"), None where it is not said."""
        stated = self.attributes.get("padding") or self.attributes.get("auto_pad")
        if not isinstance(stated, str):
            return None
        return {"SAME_UPPER": "SAME", "SAME_LOWER": "SAME"}.get(stated, stated)


def labels(values: Sequence[str]) -> frozenset[str]:
    """Element types by the IR's names."""
    return frozenset(STORED.get(value, value) for value in values)


def one_of(values: Sequence[object]) -> str:
    """`1, 2 or 4`."""
    words = [str(value) for value in values]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "none"


def size_at(shape: Shape | None, axis: int | None) -> int | None:
    """The size along `axis`, None where it is unknown or there is no such axis."""
    if shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return None
    size: Dim = shape[axis]
    return size if isinstance(size, int) else None


def whole(numbers: Any) -> tuple[int, ...] | None:
    """`numbers` as integers, None when it is no list of them."""
    if not isinstance(numbers, (list, tuple)) or not all(isinstance(each, int) for each in numbers):
        return None
    return tuple(numbers)


def nonunit(shape: Shape | None) -> int | None:
    """How many dims are not 1, None while any is unknown."""
    if shape is None or not all(isinstance(dim, int) for dim in shape):
        return None
    return sum(dim != 1 for dim in shape)
