"""Graphs of the IR from the drafts of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from edgelint.deferred import replace
from edgelint.ir import Graph, Node, Quantization, Shape, Source, Value
from edgelint.loaders.onnx.attributes import AttributeReader, activation_of, weight_of
from edgelint.loaders.onnx.bodies import Body, Placed
from edgelint.loaders.onnx.quantization import describes, quantizations
from edgelint.loaders.onnx.scopes import Scopes, Types
from edgelint.loaders.onnx.tensors import TensorReader


class Builder:
    """Makes a Graph of each draft; a body's nodes may read what its outer graphs define.

    free: dims of the graph inputs as the file leaves them, where a caller bound some.
    """

    def __init__(
        self, bodies: list[Body], types: list[Types], free: Mapping[str, Shape], reader: TensorReader
    ) -> None:
        self.scopes = Scopes(bodies, types)
        self.free = free
        self.attributes = AttributeReader(reader)

    def graphs(self) -> tuple[Graph, ...]:
        """One Graph per draft, in order."""
        return tuple(self._graph(number) for number in range(len(self.scopes.bodies)))

    def _graph(self, number: int) -> Graph:
        body = self.scopes.bodies[number]
        nodes = tuple([self._node(number, placed) for placed in body.nodes])
        values = self._values(number)
        self._quantize(number, nodes, values)
        return Graph(body.name, nodes, values, tuple(body.inputs), tuple(body.outputs), body.parent)

    def _values(self, number: int) -> dict[str, Value]:
        body, types = self.scopes.bodies[number], self.scopes.types[number]
        values: dict[str, Value] = {}
        for name in body.inputs:
            dtype, shape = types.get(name, (None, None))
            signature = self.free.get(name) if number == 0 else None
            values[name] = Value(name, dtype, shape, signature=signature)
        for name, tensor in body.constants.items():
            values[name] = Value(name, tensor.dtype, tensor.shape, tensor)
        for placed in body.nodes:
            for name in placed.outputs:
                if name:
                    dtype, shape = types.get(name, _UNKNOWN)
                    values[name] = Value(name, dtype, shape)
        return values

    def _node(self, number: int, placed: Placed) -> Node:
        proto, _, place, opsets, op, domain, inputs, outputs, _, subgraphs = placed
        weight = weight_of(op, inputs)
        attributes = self.attributes.read(
            placed, self.scopes.described(number, weight)[1] if weight else None
        )
        return Node(
            proto.name or placed.title,
            op,
            _optional(inputs) if "" in inputs else inputs,
            _optional(outputs) if "" in outputs else outputs,
            Source(op, place, opsets.get(domain)),
            domain,
            attributes,
            activation_of(op, attributes) if attributes else None,
            subgraphs,
        )

    def _quantize(self, number: int, nodes: tuple[Node, ...], values: dict[str, Value]) -> None:
        for node in filter(describes, nodes):
            for name, found in quantizations(node, partial(self.scopes.constant, number)).items():
                value = values.get(name)
                if value is not None and value.quantization is None:
                    values[name] = replace(value, quantization=_with_positive_axis(found, value.shape))


_UNKNOWN = (None, None)


def _optional(names: tuple[str, ...]) -> tuple[str | None, ...]:
    """`names` with None for those left out, which the file spells ""."""
    return tuple(name or None for name in names)


def _with_positive_axis(found: Quantization, shape: Shape | None) -> Quantization:
    if found.axis is None or found.axis >= 0 or shape is None:
        return found
    return replace(found, axis=found.axis + len(shape))
