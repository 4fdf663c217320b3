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
        return tuple(map(_effects, self.model.graphs))

    @cached_property
    def live(self) -> tuple[frozenset[int], ...]:
        """For each graph, the places of the nodes that a result or an effect needs."""
        return tuple(map(_live, self.model.graphs, self.leaving, self.effects))

    def only_reader(self, graph: int, name: str | None) -> Node | None:
        """The node that is alone in reading `name`, where the value goes nowhere else; else None."""
        if not name or name in self.leaving[graph]:
            return None
        around = self.model.graphs[graph]
        readers = around.readers.get(name, ())
        return around.nodes[readers[0]] if len(readers) == 1 else None

    def only_maker(self, graph: int, name: str | None) -> Node | None:
        """The node that makes `name` for one reader alone; None without one, or with more readers."""
        if not name or self.only_reader(graph, name) is None:
            return None
        place = self.model.graphs[graph].producers.get(name)
        return None if place is None else self.model.graphs[graph].nodes[place]


_EFFECTS = (Family.STATE, Family.CONTROL_FLOW)
"""Families whose operators do more than make their outputs."""


def _effects(graph: Graph) -> frozenset[int]:
    """The places of the nodes that do, or may do, more than make their outputs.

    Files compiled by Vela write into their own inputs and constants.
    """
    variables = {name for name, value in graph.values.items() if value.is_variable}
    kept = {name for name, value in graph.values.items() if value.tensor is not None}
    kept.intersection_update(graph.producers)
    kept |= variables.union(graph.inputs)
    return frozenset(
        place
        for place, node in enumerate(graph.nodes)
        if _has_effect(node)
        or not (variables.isdisjoint(node.inputs) and kept.isdisjoint(node.outputs))
        or not any(node.outputs)
    )


def _has_effect(node: Node) -> bool:
    """Whether `node` is about state or other graphs, or an unknown operator."""
    known = describe(node.op, node.domain)
    return known is None or bool(node.subgraphs) or known.family in _EFFECTS


def _live(graph: Graph, leaving: Iterable[str], effects: Iterable[int]) -> frozenset[int]:
    nodes, producers = graph.nodes, graph.producers
    waiting = [*effects, *(producers[name] for name in leaving if name in producers)]
    found = set(waiting)
    while waiting:
        for name in nodes[waiting.pop()].inputs:
            place = producers.get(name) if name else None
            if place is not None and place not in found:
                found.add(place)
                waiting.append(place)
    return frozenset(found)
