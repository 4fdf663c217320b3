"""Dropout layers that a file still names: their rates, and what stands before and after them."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgelint.analysis.constants import numbers
from edgelint.analysis.heads.tails import STEPS, is_linear, passes
from edgelint.analysis.hidden.activations import POOLS, Paths, activation_of
from edgelint.ir.model import Graph, Model, Node

_OTHER_NOISE = frozenset({"GaussianNoise", "GaussianDropout"})
"""Keras layers that add or multiply noise; their setting is no share of what is dropped."""

ONNX_DEFAULT = 0.5
"""The rate of an ONNX Dropout that states none (operator specification)."""


def rate_of(graph: Graph, node: Node) -> float | None:
    """The share of its input that a Dropout drops in training; None for other nodes or where unknown."""
    if node.op != "Dropout" or node.source.op in _OTHER_NOISE:
        return None
    rate = node.attributes.get("ratio")
    if rate is None and len(node.inputs) > 1 and node.inputs[1]:
        stored = numbers(graph.value(node.inputs[1]))
        rate = stored[0] if stored and len(stored) == 1 else math.nan
    if rate is None:
        rate = ONNX_DEFAULT
    known = isinstance(rate, (int, float)) and 0 <= rate <= 1
    return float(rate) if known else None


def dropout_before(graph: Graph, layer: Node) -> Node | None:
    """The Dropout whose output a layer reads, with nothing but pooling or reshaping between; None without."""
    name = layer.inputs[0] if layer.inputs else None
    return _dropout_above(graph, name, lambda node: passes(node) or node.op in POOLS)


def dropout_at_end(model: Model, graph: Graph, output: str) -> Node | None:
    """The Dropout between the last layer and the output `output`, an activation or not between; or None."""

    def may_follow(node: Node) -> bool:
        return passes(node) or (activation_of(graph, node) is not None and not is_linear(model, graph, node))

    return _dropout_above(graph, output, may_follow)


def _dropout_above(graph: Graph, name: str | None, may_follow: Callable[[Node], bool]) -> Node | None:
    """The Dropout that makes the value `name`, or its first input by nodes that may follow one."""
    for _ in range(STEPS):
        place = graph.producers.get(name) if name else None
        if place is None:
            return None
        node = graph.nodes[place]
        if node.op == "Dropout":
            return node
        if not may_follow(node) or not node.inputs:
            return None
        name = node.inputs[0]
    return None


def normalization_after(paths: Paths, graph: Graph, dropout: Node) -> tuple[Node, int] | None:
    """The BatchNormalization that alone reads what a Dropout makes, and the layers between (0 or 1).

    Between them may be pooling, reshaping, activations, and one weighted layer. None without one.
    """
    name, layers = dropout.outputs[0] if dropout.outputs else None, 0
    for _ in range(STEPS):
        node = paths.only_reader(graph, name) if name else None
        if node is None or node.op == "Dropout":
            return None
        if node.op == "BatchNormalization":
            return node, layers
        if paths.layer(graph, node):
            layers += 1
        elif not (passes(node) or node.op in POOLS or activation_of(graph, node)):
            return None
        if layers > 1:
            return None
        name = node.outputs[0] if node.outputs else None
    return None
