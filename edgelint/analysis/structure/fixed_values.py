"""Nodes that compute the same in every run, and nodes that compute what another one has computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from edgelint.analysis.constants import numbers
from edgelint.analysis.structure.no_ops import changes_nothing, data_of, fixed_shape
from edgelint.analysis.structure.usage import Usage
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.ir.operators import Family, describe

SHAPE_READERS = frozenset({"Shape", "Size", "RANK"})
"""Operators whose result depends on the shape of what they read, not on its content."""

UNPACKING = frozenset({"DENSIFY", "ConstantOfShape", "FILL", "EyeLike", "Range"})
"""Operators that files put behind constants on purpose, to store them in fewer bytes."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """Equal values of one graph.

    keys: each value that a node makes, to a key that all values of its content have. What is read but
        not made has no entry; its name is its key.
    repeats: place of each node that makes what an earlier node has made, to the place of that node;
        nodes that read nothing but constants are to be folded anyway, and left out.
    """

    keys: Mapping[str, Hashable]
    repeats: Mapping[int, int]


class FixedValues:
    """Which values of a model are the same in every run, and which are the same as others."""

    def __init__(self, usage: Usage) -> None:
        """Of the model that `usage` is about."""
        self.model = usage.model
        self.usage = usage
        self._no_ops: dict[int, dict[int, str]] = {}
        self._numberings: dict[int, Numbering] = {}
        self._pure: dict[int, frozenset[int]] = {}

    def no_ops(self, number: int) -> Mapping[int, str]:
        """Places of the nodes of a graph that make just what they read, and why (`changes_nothing`)."""
        if number not in self._no_ops:
            graph = self.model.graphs[number]
            reasons = ((place, changes_nothing(graph, node)) for place, node in enumerate(graph.nodes))
            self._no_ops[number] = {place: why for place, why in reasons if why}
        return self._no_ops[number]

    def foldable(self, number: int) -> list[int]:
        """Places of the nodes of a graph that only read constants, or shapes that are fixed.

        Left out are those that unpack weights (dequantize, densify) and all that depends on them:
        stored small is what they are for.
        """
        graph = self.model.graphs[number]
        known: set[str] = set()
        found = []
        for place in sorted(self._pure_places(number)):
            node = graph.nodes[place]
            if node.op in UNPACKING:
                continue
            # Of most nodes the first input is data, and nothing else of them need be looked at.
            reads = stored = False
            for name in filter(None, node.inputs):
                reads, stored = True, name in known or _is_stored(self.model, graph, name)
                if not stored:
                    break
            if stored or (reads and _asks_for_shape(graph, node)):
                known.update(name for name in node.outputs if name)
                found.append(place)
        return found

    def numbering(self, number: int) -> Numbering:
        """Which values of a graph are equal, and which nodes make them again."""
        if number not in self._numberings:
            self._numberings[number] = self._numbered(number)
        return self._numberings[number]

    def _numbered(self, number: int) -> Numbering:
        graph = self.model.graphs[number]
        no_ops, pure_places = self.no_ops(number), self._pure_places(number)
        keys: dict[str, Hashable] = {}
        stored: dict[str, Hashable] = {}
        alone: dict[Hashable, int | None] = {}  # a value to its only reader so far, None after the second
        first: dict[Hashable, int] = {}
        repeats: dict[int, int] = {}
        for place, node in enumerate(graph.nodes):
            data = data_of(graph, node) if place in no_ops else None
            if data is not None and node.outputs[0]:
                keys[node.outputs[0]] = keys.get(data.name, data.name)
                continue
            original = place
            name = _first_data(graph, node) if place in pure_places else None
            if name is not None:
                read = keys.get(name, name)
                # Only what reads the same can make the same: a first reader waits for a second one.
                before = alone.setdefault(read, place)
                if before != place:
                    alone[read] = None
                    for each in (before, place) if before is not None else (place,):
                        key = _key(graph, graph.nodes[each], keys, stored)
                        original = each if key is None else first.setdefault(key, each)
            if original != place:
                repeats[place] = original
            for position, name in enumerate(node.outputs):
                if name:
                    # The place of the node alone for most values, which takes no further memory.
                    keys[name] = (original, position) if position else original
        return Numbering(keys, repeats)

    def _pure_places(self, number: int) -> frozenset[int]:
        """Places of the nodes of a graph whose outputs follow from what they read, and from nothing else."""
        if number not in self._pure:
            nodes, effects = self.model.graphs[number].nodes, self.usage.effects[number]
            self._pure[number] = frozenset(
                place for place, node in enumerate(nodes) if place not in effects and _is_pure(node)
            )
        return self._pure[number]


_IMPURE = (Family.RANDOM, Family.SEQUENCE, Family.QUANTIZATION)
"""Families whose operators may make something else of the same, or are not to be folded."""


def _is_pure(node: Node) -> bool:
    """Whether a node without further effects always makes the same of the same."""
    known = describe(node.op, node.domain)
    if known is None or known.family in _IMPURE:
        return False
    return node.op != "Dropout" and not node.attributes.get("training_mode")


def _asks_for_shape(graph: Graph, node: Node) -> bool:
    value = graph.value(node.inputs[0]) if node.inputs and node.op in SHAPE_READERS else None
    if value is None:
        return False
    shape = fixed_shape(value)
    return shape is not None and all(isinstance(dim, int) for dim in shape)


def _is_stored(model: Model, graph: Graph, name: str) -> bool:
    """Whether `name` is a constant of `graph` or of a graph around it."""
    for _ in model.graphs:
        value = graph.values.get(name)
        if value is not None:
            return value.is_constant and name not in graph.producers
        if graph.parent is None or not 0 <= graph.parent < len(model.graphs):
            return False
        graph = model.graphs[graph.parent]
    return False


def _key(graph: Graph, node: Node, numbered: Mapping[str, Hashable], stored: dict[str, Hashable]) -> Hashable:
    """What decides the outputs of `node`; None where that can't be compared.

    stored: what `_number` has said of constants.
    """
    try:
        key = (
            (node.domain, node.op, node.source.op, node.activation),
            tuple([_number(graph, name, numbered, stored) for name in node.inputs]),
            tuple([_type(value) for value in graph.outputs_of(node)]),
            tuple(sorted([(name, _frozen(content)) for name, content in node.attributes.items()])),
        )
        hash(key)
    except TypeError:
        return None  # an attribute that has no equality (a graph, a tensor of an odd kind)
    return key


def _first_data(graph: Graph, node: Node) -> str | None:
    """The first input of `node` that is no constant."""
    for name in node.inputs:
        value = graph.values.get(name) if name else None
        if name and (value is None or value.tensor is None):
            return name
    return None


def _number(
    graph: Graph, name: str | None, numbered: Mapping[str, Hashable], stored: dict[str, Hashable]
) -> Hashable:
    if name is None or name in numbered:
        return numbered[name] if name else None
    value = graph.value(name)
    tensor = value.tensor if value is not None else None
    if tensor is None or value is None:
        return name
    if name not in stored:
        held = numbers(value)
        stored[name] = (*_type(value), tensor.shape, repr(held) if held is not None else tensor.storage)
    return stored[name]


def _type(value: Value | None) -> tuple[Hashable, ...]:
    if value is None:
        return ()
    quantization = value.quantization
    if quantization is None:
        return (value.dtype,)
    return (value.dtype, quantization.scale, quantization.zero_point, quantization.axis)


def _frozen(content: Any) -> Hashable:
    return repr(content) if isinstance(content, (list, tuple, dict, float)) else content
