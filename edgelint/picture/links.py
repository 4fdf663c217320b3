"""Which boxes of the graph in the file and of the graph on the target are one and the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgelint.ir.model import Graph, Model

Place = tuple[int, int]
"""Graph and node in it."""


def links(source: Model, deployment: Model) -> dict[Place, tuple[Place, ...]]:
    """Nodes in the file to what became of them.

    By name where it was carried over: whole, or as a part of a longer one. A node whose name is gone was
    fused into what makes its input, and a node that is new was made for what it reads.
    """
    made: dict[str, list[Place]] = {}
    for place, name in _names(deployment):
        for word in {name, *re.split("[/;]", name)} - {""}:
            made.setdefault(word, []).append(place)
    found = {place: tuple(made[name]) for place, name in _names(source) if name in made}
    for number, graph in enumerate(source.graphs):
        for node in range(len(graph.nodes)):
            if (number, node) not in found:
                before = _linked_source(graph, number, node, found)
                if before is not None:
                    found[number, node] = found[before][:1]
    _add_new(deployment, found)
    return found


def _names(model: Model) -> Iterator[tuple[Place, str]]:
    for number, graph in enumerate(model.graphs):
        for place, node in enumerate(graph.nodes):
            yield (number, place), node.name


def _linked_source(
    graph: Graph, number: int, node: int, found: dict[Place, tuple[Place, ...]]
) -> Place | None:
    """The first producer of an input of `node` that is linked."""
    places = ((number, producer) for producer in _producers(graph, node))
    return next((place for place in places if place in found), None)


def _producers(graph: Graph, node: int) -> Iterator[int]:
    """The nodes that make the inputs of `node`, in their order."""
    for name in graph.nodes[node].inputs:
        if name and name in graph.producers:
            yield graph.producers[name]


def _add_new(deployment: Model, found: dict[Place, tuple[Place, ...]]) -> None:
    """Links nodes of the deployment graph that nothing leads to yet."""
    back: dict[Place, Place] = {}
    for place, results in found.items():
        for result in results:
            back.setdefault(result, place)
    for number, graph in enumerate(deployment.graphs):
        for node in range(len(graph.nodes)):
            if (number, node) in back:
                continue
            before = ((number, producer) for producer in _producers(graph, node))
            origin = next((back[place] for place in before if place in back), None)
            if origin is not None:
                back[number, node] = origin
                found[origin] = (*found[origin], (number, node))
