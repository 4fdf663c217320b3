"""What training leaves in the weights, and what is missing where there was none."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.weights.places import Role, Use
from edgelint.analysis.weights.reading import Weights
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node

BIASES, BIAS_ELEMENTS = 3, 16
"""Fewest biases, and numbers in all of them, that tell whether a model was trained."""

EPSILON = 1e-5
"""What ONNX adds to the variance where the file states nothing."""


@dataclass(frozen=True, slots=True)
class BatchStatistics:
    """The stored statistics of one batch normalization. epsilon: what is added to the variance.

    scale, shift: what was learned; None where the layer has none, or does not store it.
    """

    graph: Graph
    node: Node
    scale: Use | None
    shift: Use | None
    mean: Use
    variance: Use
    epsilon: float


def batch_statistics(model: Model, weights: Weights) -> Iterator[BatchStatistics]:
    """The batch normalizations of `model` whose mean and variance are stored constants."""
    layers = [
        (number, graph, node)
        for number, graph in enumerate(model.graphs)
        for node in graph.nodes
        if node.op == "BatchNormalization" and len(node.inputs) >= 5
    ]
    known: tuple[dict[str | None, Use], ...] = tuple({} for _ in model.graphs)
    for use in weights.every if layers else ():
        known[use.home][use.value.name] = use
    for number, graph, node in layers:
        scale, shift, mean, variance = map(known[number].get, node.inputs[1:5])
        epsilon = node.attributes.get("epsilon", EPSILON)
        if mean is not None and variance is not None and isinstance(epsilon, (int, float)):
            yield BatchStatistics(graph, node, scale, shift, mean, variance, float(epsilon))


def biases_at_zero(model: Model, weights: Weights) -> int:
    """How many biases a Keras model has, where all of them are exactly 0, as they were built; else 0.

    Training moves a bias with the first batch. Other formats tell nothing: converters add biases of 0,
    and PyTorch starts from random ones.
    """
    if not model.format.startswith("keras"):
        return 0
    found = [statistics for _, statistics in weights.judged(Role.BIAS)]
    enough = len(found) >= BIASES and sum(each.count for each in found) >= BIAS_ELEMENTS
    return len(found) if enough and all(each.zeros == each.count for each in found) else 0
