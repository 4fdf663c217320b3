"""Who needs what in each graph of a model: its results, its effects, the bodies it runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from edgelint.analysis.scope import Scopes
from edgelint.ir.model import Graph, Model, Node
from edgelint.ir.operators import Family, describe


class Usage:
    """Which values of a model leave their graph, who reads the others, and which nodes matter."""

    def __init__(self, model: Model) -> None:
        """The usage of `model`."""
        self.model = model

    @cached_property
    def leaving(self) -> tuple[frozenset[str], ...]:
        """For each graph, the values that are needed outside it.

        They are its outputs, those that signatures hand out, those that bodies of its nodes read.
        """
        graphs = self.model.graphs
        found = [set(graph.outputs) for graph in graphs]
        for signature in self.model.signatures:
            if 0 <= signature.graph < len(graphs):
                found[signature.graph].update(signature.outputs.values())
        for graph, names in zip(graphs, Scopes(self.model).captured, strict=True):
            if graph.parent is not None and 0 <= graph.parent < len(graphs):
                found[graph.parent] |= names
        return tuple(map(frozenset, found))

    @cached_property
    def effects(self) -> tuple[frozenset[int], ...]:
        """For each graph, the places of the nodes that do, or may do, more than make their outputs."""
        return tuple(
            frozenset(
                place
                for place, node in enumerate(graph.nodes)
                if _has_effect(graph, node) or not inputs.isdisjoint(node.outputs)
            )
            for graph in self.model.graphs
            for inputs in (frozenset(graph.inputs),)
        )

    @cached_property
    def live(self) -> tuple[frozenset[int], ...]:
        """For each graph, the places of the nodes that a result or an effect needs."""
        return tuple(map(_live, self.model.graphs, self.leaving, self.effects))

    def only_reader(self, graph: int, name: str | None) -> Node | None:
        """The node that is alone in reading `name`, where the value goes nowhere else; else None."""
        if not name or name in self.leaving[graph]:
            return None
        readers = self.model.graphs[graph].readers.get(name, ())
        return self.model.graphs[graph].nodes[readers[0]] if len(readers) == 1 else None

    def only_maker(self, graph: int, name: str | None) -> Node | None:
        """The node that makes `name` for one reader alone; None without one, or with more readers."""
        if not name or self.only_reader(graph, name) is None:
            return None
        place = self.model.graphs[graph].producers.get(name)
        return None if place is None else self.model.graphs[graph].nodes[place]


_EFFECTS = (Family.STATE, Family.CONTROL_FLOW)
"""Families whose operators do more than make their outputs."""


def _has_effect(graph: Graph, node: Node) -> bool:
    """Whether `node` does, or may do, more than make its outputs: state, other graphs, unknown operators.

    Files compiled by Vela write into their own inputs and constants.
    """
    known = describe(node.op, node.domain)
    if known is None or node.subgraphs or known.family in _EFFECTS:
        return True
    get = graph.values.get
    for name in node.inputs:
        if name and (value := get(name)) is not None and value.is_variable:
            return True
    for name in node.outputs:
        if name and (value := get(name)) is not None and (value.is_variable or value.tensor is not None):
            return True
    return not any(node.outputs)


def _live(graph: Graph, leaving: Iterable[str], effects: Iterable[int]) -> frozenset[int]:
    waiting = [*effects, *(graph.producers[name] for name in leaving if name in graph.producers)]
    found = set(waiting)
    while waiting:
        for name in graph.nodes[waiting.pop()].inputs:
            place = graph.producers.get(name) if name else None
            if place is not None and place not in found:
                found.add(place)
                waiting.append(place)
    return frozenset(found)
