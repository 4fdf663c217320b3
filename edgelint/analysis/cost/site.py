"""One node with the sizes around it, as the cost models read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from edgelint.analysis.scope import Scopes
from edgelint.ir import Dim, Node, Shape, Value
from edgelint.ir.model import elements_of, unnumbered
from edgelint.ir.operators import describe
from edgelint.ir.symbolic import Count, Polynomial
from edgelint.printable import printable

USUAL_RANK = 8
"""Dims up to which the size of a shape is kept; no runtime has tensors of more."""


class Uncounted(Exception):
    """Why a count cannot be made, a phrase.

    unsized: an unknown size is the reason, not a missing cost model.
    """

    def __init__(self, reason: str, *, unsized: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsized = unsized


class Site:
    """A node in its graph: its operands' sizes and settings, or Uncounted when they are not known."""

    __slots__ = ("_values", "graph", "node", "operator", "scopes")

    def __init__(self, scopes: Scopes, graph: int, node: Node) -> None:
        self.scopes = scopes
        self.graph = graph
        self.node = node
        self.operator = describe(node.op, node.domain)
        """What the node's operator is; None when nobody knows."""
        self._values = scopes.model.graphs[graph].values

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The node's attributes."""
        return self.node.attributes

    @property
    def format(self) -> str:
        """The format of the model's file."""
        return self.scopes.model.format

    def value(self, place: int) -> Value | None:
        """The input at `place`, None when left out or not described."""
        names = self.node.inputs
        return self._find(names[place]) if place < len(names) else None

    def has(self, place: int) -> bool:
        """Whether an input at `place` is given."""
        return place < len(self.node.inputs) and self.node.inputs[place] is not None

    def weights(self, role: str) -> tuple[int, ...]:
        """Places of the inputs that are the Keras layer's own weights called `role`, in order."""
        graph = self.scopes.model.graphs[self.graph]
        return tuple(
            place
            for place, name in enumerate(self.node.inputs)
            if name
            and f"/{unnumbered(name)}".endswith(f"/{role}")
            and name not in graph.producers
            and name not in graph.inputs
        )

    def shape(self, place: int = 0) -> Shape:
        """Dims of the input at `place`."""
        return self._dims(self.value(place), "input", place)

    def out(self, place: int = 0) -> Shape:
        """Dims of the output at `place`."""
        names = self.node.outputs
        return self._dims(self._find(names[place]) if place < len(names) else None, "output", place)

    def elements(self, place: int = 0) -> Count:
        """Elements of the input at `place`."""
        return self.size_of(self.shape(place))

    def made(self, place: int = 0) -> Count:
        """Elements of the output at `place`."""
        return self.size_of(self.out(place))

    def size_of(self, shape: Shape) -> Count:
        """The product of the dims of `shape`, which is multiplied out once for all that are like it."""
        known = _known_size(shape) if len(shape) <= USUAL_RANK else None
        return self.product(shape) if known is None else known

    def product(self, dims: Iterable[Dim]) -> Count:
        """The product of `dims`."""
        known, free = 1, []
        for dim in dims:
            if isinstance(dim, int) and dim >= 0:
                known *= dim
            elif isinstance(dim, str):
                free.append(dim)
            else:
                raise Uncounted(f"{self.word} has a dim of unknown size", unsized=True)
        return Polynomial.product(known, free) if free else known

    def size(self, dim: Dim) -> Count:
        """A dim as a count."""
        return self.product((dim,))

    def dim(self, dims: Shape, axis: int) -> Dim:
        """One of `dims`, where there are so many."""
        if not -len(dims) <= axis < len(dims):
            raise Uncounted(f"{self.word} has an operand of only {len(dims)} dims")
        return dims[axis]

    def number(self, name: str, default: int | None = None) -> int:
        """An integer attribute of at least 1."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise Uncounted(f"{self.word} does not say its {name}")
        return value

    @property
    def op(self) -> str:
        """The file's word for the operator, in messages."""
        return printable(self.node.source.op)

    @property
    def word(self) -> str:
        """The node in messages: its operator and name."""
        return f"{self.op} {printable(self.node.name)!r}"

    def _find(self, name: str | None) -> Value | None:
        if name is None:
            return None
        return self._values.get(name) or self.scopes.find(self.graph, name)

    def _dims(self, value: Value | None, role: str, place: int) -> Shape:
        if value is None or value.shape is None:
            raise Uncounted(f"{role} {place} of {self.word} has an unknown shape", unsized=True)
        return value.shape


_known_size = lru_cache(4096)(elements_of)


def unmodelled(site: Site) -> Uncounted:
    """The reason for an operator nobody has a model for."""
    return Uncounted(f"no cost model for {site.op}")
