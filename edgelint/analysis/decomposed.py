"""Activations that an exporter wrote as several operators."""

from __future__ import annotations

from edgelint.analysis.constants import numbers
from edgelint.ir.model import Graph, Node

Parts = tuple[str, str | None, int | None]
"""The activation's canonical name, the value that goes into it, and its axis where it has one."""


def decomposed_activation(graph: Graph, node: Node) -> Parts | None:
    """The activation whose last operator is `node`: softmax as Exp / ReduceSum, sigmoid as 1 / (1 + Exp)."""
    if node.op == "Reciprocal":
        return _sigmoid(graph, node.inputs[0] if node.inputs else None)
    if node.op != "Div" or len(node.inputs) != 2:
        return None
    above, below = node.inputs
    if numbers(graph.value(above)) == (1.0,):
        return _sigmoid(graph, below)
    return _softmax(graph, above, below)


def _softmax(graph: Graph, above: str | None, below: str | None) -> Parts | None:
    exp, total = _producer(graph, above, "Exp"), _producer(graph, below, "ReduceSum")
    if exp is None or total is None or total.inputs[:1] != (above,):
        return None
    axes = total.attributes.get("axes")
    if axes is None and len(total.inputs) > 1:
        axes = numbers(graph.value(total.inputs[1]))
    axis = int(axes[0]) if isinstance(axes, (list, tuple)) and len(axes) == 1 else None
    return ("Softmax", _before_shift(graph, exp), axis) if axis is not None else None


def _before_shift(graph: Graph, exp: Node) -> str | None:
    """What goes into the softmax, before its largest number is taken off."""
    name = exp.inputs[0] if exp.inputs else None
    shift = _producer(graph, name, "Sub")
    if shift is not None and len(shift.inputs) == 2:
        largest = _producer(graph, shift.inputs[1], "ReduceMax")
        if largest is not None and largest.inputs[:1] == shift.inputs[:1]:
            return shift.inputs[0]
    return name


def _sigmoid(graph: Graph, below: str | None) -> Parts | None:
    plus = _producer(graph, below, "Add")
    if plus is None or len(plus.inputs) != 2:
        return None
    for one, power in (plus.inputs, plus.inputs[::-1]):
        exp = _producer(graph, power, "Exp")
        if exp is not None and numbers(graph.value(one)) == (1.0,):
            name = exp.inputs[0] if exp.inputs else None
            minus = _producer(graph, name, "Neg")
            return "Sigmoid", minus.inputs[0] if minus and minus.inputs else name, None
    return None


def _producer(graph: Graph, name: str | None, op: str) -> Node | None:
    place = graph.producers.get(name) if name else None
    node = graph.nodes[place] if place is not None else None
    return node if node is not None and node.op == op and node.activation is None else None
