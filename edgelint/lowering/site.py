"""One Keras layer's call, as its lowering sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value
from edgelint.lowering.draft import Dims, Draft, Edge, Unpredictable


@dataclass(slots=True)
class Site:
    """A node of the source graph, what flows into it, and the draft that its operators go to.

    inputs: the activations, without the layer's own weights.
    weights: the layer's own weights by Keras's name for them (the last part of their path).
    keras: major version of the Keras that wrote the model.
    output: shape of the first output, where it is not the node's own.
    """

    graph: Graph
    node: Node
    draft: Draft
    inputs: tuple[Edge, ...]
    weights: Mapping[str, Value]
    keras: int = 3
    output: Dims | None = None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The node's attributes."""
        return self.node.attributes

    @property
    def input(self) -> Edge:
        """The first activation."""
        if not self.inputs:
            raise Unpredictable("reads nothing that flows")
        return self.inputs[0]

    @property
    def kind(self) -> str:
        """Keras's class name, that of the wrapped layer inside a wrapper."""
        return str(self.attributes.get("wraps") or self.node.source.op)

    @property
    def shape(self) -> Dims:
        """Shape of the first output."""
        return self.output or known(self.graph.value(self.node.outputs[0]))

    @property
    def constants(self) -> list[Value]:
        """The layer's own weights, in order."""
        values = [self.graph.value(name) for name in self.node.inputs]
        return [value for value in values if value is not None and value.is_constant]

    @property
    def masked(self) -> bool:
        """Whether any layer of the model marks steps to be passed over."""
        return any(node.op == "Masking" or node.attributes.get("mask_zero") for node in self.graph.nodes)

    @property
    def has_bias(self) -> bool:
        """Whether the layer adds a bias of its own."""
        return "bias" in self.weights

    def weight(self, role: str) -> Dims:
        """Shape of the layer's weight `role`."""
        value = self.weights.get(role)
        if value is None:
            raise Unpredictable(f"has no weight {role} that the file tells")
        return known(value)

    def needs(self, name: str, *allowed: Any) -> None:
        """Raises Unpredictable unless attribute `name` is missing or one of `allowed`."""
        value = self.attributes.get(name, allowed[0])
        if value not in allowed:
            raise Unpredictable(f"has {name} {value}, whose conversion is not known here")


Lowering = Callable[[Site], "Edge | tuple[Edge, ...]"]

LOWERINGS: dict[str, Lowering] = {}
"""Canonical operator of the source graph to what emits its TFLite operators."""


def lowers(*names: str) -> Callable[[Lowering], Lowering]:
    """A decorator that enters a function in `LOWERINGS` under each of `names`."""

    def enter(function: Lowering) -> Lowering:
        for name in names:
            LOWERINGS[name] = function
        return function

    return enter


def known(value: Value | None) -> Dims:
    """The shape of `value`; Unpredictable when a dim is free or unknown."""
    if value is None or value.shape is None:
        raise Unpredictable("has a shape that is not known")
    dims = []
    for dim in value.shape:
        if not isinstance(dim, int):
            raise Unpredictable("has a free dim: the converter then computes shapes at run time")
        dims.append(dim)
    return tuple(dims)


def element_type(value: Value) -> DType:
    """The element type of an input; floats are float32 once converted."""
    if value.dtype is None or value.dtype.is_float:
        return DType.FLOAT32
    return value.dtype
