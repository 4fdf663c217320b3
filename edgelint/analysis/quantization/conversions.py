"""Operators that only change how numbers are stored, one behind another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgelint.analysis.quantization.ranges import calibrated
from edgelint.ir.model import Graph, Node, Value

_MAKES = {"QuantizeLinear": "Q", "DequantizeLinear": "DQ"}
_DOMAINS = frozenset({"", "com.microsoft"})


class Pair(NamedTuple):
    """A conversion and the one that reads what it makes."""

    first: Node
    second: Node


def conversion(graph: Graph, node: Node) -> str:
    """What `node` does: "Q" float to integer, "DQ" back, "R" integer to integer, "" anything else."""
    if node.op not in _MAKES or node.domain not in _DOMAINS or not node.inputs or not node.outputs:
        return ""
    read, made = graph.value(node.inputs[0]), graph.value(node.outputs[0])
    if read is None or made is None or read.dtype is None or made.dtype is None:
        return ""
    if read.is_constant:
        return ""
    if read.dtype.is_integer and made.dtype.is_integer:
        return "R"
    return _MAKES[node.op]


def pairs(graph: Graph, first: str, second: str) -> Iterator[Pair]:
    """Each `first` conversion directly followed by a `second`, by the place of the second."""
    for node in graph.nodes:
        if conversion(graph, node) != second:
            continue
        place = graph.producers.get(node.inputs[0] or "")
        if place is not None and conversion(graph, graph.nodes[place]) == first:
            yield Pair(graph.nodes[place], node)


def same_quantization(one: Value | None, other: Value | None) -> bool | None:
    """Whether both store numbers alike; None where a scale is not known."""
    if one is None or other is None or one.dtype is None or other.dtype is None:
        return None
    if one.dtype is not other.dtype:
        return False
    left, right = calibrated(one), calibrated(other)
    if left is None or right is None:
        return None
    zeros = [tuple(each.zero_point) or (0,) * len(each.scale) for each in (left, right)]
    return left.scale == right.scale and zeros[0] == zeros[1] and left.axis == right.axis
