"""Layers that a file leaves in the mode they are trained in."""

from __future__ import annotations

from edgelint.analysis.constants import numbers
from edgelint.errors import EdgelintError
from edgelint.ir.model import Graph, Node

COMPARISONS = frozenset({"GreaterOrEqual", "Greater", "Less", "LessOrEqual"})
"""What random numbers go into, to decide which elements are dropped."""

STEPS = 4
"""Operators from the random numbers to the data that is masked: compare, cast, select or multiply."""

INPUT_MODE = 12
"""The ONNX opset since which `training_mode` is an input of Dropout."""

TEST_MODE = 7
"""The ONNX opset before which `is_test` said it of Dropout; exporters of the time often left it out."""

ATTRIBUTE = 14
"""The ONNX opset since which `training_mode` says it of a BatchNormalization; before, its outputs did."""


def dropout_is_on(graph: Graph, node: Node) -> bool | None:
    """Whether a Dropout drops; None where an input of the model decides, and in files that don't say it."""
    version = node.source.version
    if version is not None and version < TEST_MODE:
        return False if node.attributes.get("is_test") else None
    if version is not None and version >= INPUT_MODE and len(node.inputs) > 2 and node.inputs[2]:
        value = graph.value(node.inputs[2])
        if value is None or value.tensor is None or value.elements != 1 or value.name in graph.producers:
            return None
        try:
            return any(value.tensor.storage.read()[:1])
        except EdgelintError:
            return None
    return bool(node.attributes.get("training_mode"))


def dropout_ratio(graph: Graph, node: Node) -> float | None:
    """The share of numbers that a Dropout drops; None where that is not stored."""
    if len(node.inputs) > 1 and node.inputs[1]:
        held = numbers(graph.value(node.inputs[1]))
        return held[0] if held else None
    ratio = node.attributes.get("ratio", 0.5)
    return float(ratio) if isinstance(ratio, (int, float)) else None


def masked_by_random(graph: Graph, place: int) -> Node | None:
    """The node that masks data by the random numbers made at `place`."""
    waiting = [(place, False)]
    for _ in range(STEPS):
        if not waiting:
            break
        place, compared = waiting.pop(0)
        for reader in _readers(graph, place):
            node = graph.nodes[reader]
            if compared and node.op in ("Mul", "Where"):
                return node
            if node.op in COMPARISONS or (compared and node.op == "Cast"):
                waiting.append((reader, True))
    return None


def _readers(graph: Graph, place: int) -> tuple[int, ...]:
    """Who reads the first output of the node at `place`, the first few of them."""
    name = next(iter(graph.nodes[place].outputs), None)
    return graph.readers.get(name, ())[:STEPS] if name else ()


def normalizes_by_batch(node: Node) -> bool:
    """Whether a BatchNormalization takes mean and variance from what it reads."""
    version = node.source.version
    if version is None or version >= ATTRIBUTE:
        return bool(node.attributes.get("training_mode"))
    return len([name for name in node.outputs if name]) > 1
