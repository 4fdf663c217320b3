"""Chains of layers that each end in an activation with flat ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgelint.analysis.hidden.activations import NORMALIZATIONS, POOLS, Activated, Paths, activation_of
from edgelint.ir.model import Graph, Node

SATURATING = {"Sigmoid": "sigmoid", "HardSigmoid": "sigmoid", "Tanh": "tanh"}
"""Activations that are flat at both ends, to the kind they are counted as."""

_BETWEEN = POOLS | {"Pad"}
"""What may lie between a layer's activation and the next layer, besides what changes no number."""


def chains(paths: Paths, activations: Iterable[Activated]) -> Iterator[tuple[Activated, ...]]:
    """The longest runs of hidden layers with one kind of saturating activation, in file order.

    A hidden layer is one whose activation is read by one further layer and nothing else: gates (read
    by a product), branches and the last layer are none, nor is what lies inside a recurrent layer. A
    normalisation between two layers ends a run, since it keeps what follows out of the flat ends.

    activations: every one of the model, in file order.
    """
    onward = {id(found.node): (found, after) for found, after in _steps(paths, activations)}
    begun: set[int] = set()
    for found, _ in onward.values():
        if id(found.node) in begun:
            continue
        chain = [found]
        begun.add(id(found.node))
        while (step := onward.get(id(chain[-1].node))) and step[1] is not None:
            following = onward.get(id(step[1].node))
            same = following and SATURATING[following[0].kind] == SATURATING[found.kind]
            if following is None or not same or id(following[0].node) in begun:
                break
            chain.append(following[0])
            begun.add(id(following[0].node))
        yield tuple(chain)


def _steps(paths: Paths, activations: Iterable[Activated]) -> Iterator[tuple[Activated, Activated | None]]:
    """Each hidden saturating activation with the one that the next layer ends in, if it has one."""
    for found in activations:
        if found.kind not in SATURATING or not _on_layer(paths, found):
            continue
        layer = _next_layer(paths, found.graph, found.output)
        if layer is not None:
            yield found, _ending(paths, found.graph, layer)


def _on_layer(paths: Paths, found: Activated) -> bool:
    """Whether the activation is that of a weighted layer, with nothing but a bias between."""
    if found.given is None:
        return paths.layer(found.graph, found.node)
    name: str | None = found.given
    for _ in range(4):
        place = found.graph.producers.get(name) if name else None
        if place is None:
            return False
        node = found.graph.nodes[place]
        if paths.layer(found.graph, node):
            return node.activation is None
        if not paths.adds_bias(found.graph, node):
            return False
        name = next((each for each in node.inputs if each in found.graph.producers), None)
    return False


def _next_layer(paths: Paths, graph: Graph, name: str) -> Node | None:
    """The weighted layer that alone reads the value `name`, behind pooling and reshaping."""
    for node in paths.onward(graph, name, _BETWEEN):
        if node.op not in NORMALIZATIONS and paths.layer(graph, node):
            return node
    return None


def _ending(paths: Paths, graph: Graph, layer: Node) -> Activated | None:
    """The activation on `layer`: fused, or the next node's."""
    if layer.activation is not None:
        return activation_of(graph, layer)
    for node in paths.onward(graph, (*layer.outputs, "")[0] or ""):
        found = activation_of(graph, node)
        if found is not None:
            return found
    return None
