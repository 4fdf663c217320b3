"""Where an axis goes when a value is transposed or reshaped."""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.analysis.constants import numbers
from edgelint.ir.model import Dim, Graph, Node, Shape, Value

RESHAPING = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "ExpandDims"})
"""Operators that keep the order of elements and change the dims only."""


def carried(graph: Graph, nodes: Iterable[Node], axis: int | None) -> int | None:
    """Where `axis` of the value that goes into the first node is after the last one.

    nodes: each reads what the one before it makes. None where an operator mixes the axis with others,
    or where dims are not known well enough to tell.
    """
    for node in nodes:
        if axis is None:
            return None
        axis = _through(graph, node, axis)
    return axis


def chosen_along(graph: Graph, node: Node) -> tuple[int | None, int | None]:
    """The axis along which an ArgMax, ArgMin or TopK chooses, and its size; None unknown."""
    value = graph.value(node.inputs[0]) if node.inputs else None
    axis = node.attributes.get("axis", -1 if node.op == "TopK" else 0)
    axes = node.attributes.get("axes", (axis,))
    shape = value.shape if value else None
    if shape is None or not isinstance(axes, (list, tuple)) or len(axes) != 1:
        return None, None
    axis = axes[0]
    if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None, None
    axis %= len(shape)
    size = shape[axis]
    return axis, size if isinstance(size, int) else None


def _through(graph: Graph, node: Node, axis: int) -> int | None:
    given, made = _read(graph, node), graph.value(node.outputs[0]) if node.outputs else None
    before, after = given.shape if given else None, made.shape if made else None
    if node.op == "Transpose":
        return _transposed(graph, node, axis, before, after)
    if node.op in RESHAPING:
        return None if before is None or after is None else _reshaped(before, after, axis)
    if before is not None and after is not None and len(before) != len(after):
        return None
    return axis


def _read(graph: Graph, node: Node) -> Value | None:
    """The first input that is made in the graph or given to it: a bias may come before it."""
    for name in node.inputs:
        if name and (name in graph.producers or name in graph.inputs):
            return graph.value(name)
    return None


def _transposed(graph: Graph, node: Node, axis: int, given: Shape | None, made: Shape | None) -> int | None:
    order = node.attributes.get("perm")
    if order is None and len(node.inputs) > 1:
        order = numbers(graph.value(node.inputs[1]))
    elif order is None:
        shape = given or made
        return None if shape is None else len(shape) - 1 - axis
    if not isinstance(order, (list, tuple)):
        return None
    places = [place for place, source in enumerate(order) if source == axis]
    return places[0] if len(places) == 1 else None


def _reshaped(given: Shape, made: Shape, axis: int) -> int | None:
    """The axis of `made` with the size of `axis`, and as many elements before it; None without one."""
    if not 0 <= axis < len(given):
        return None
    size = given[axis]
    if not isinstance(size, int) or size < 2:
        return None
    before = _counted(given[:axis])
    places = [
        place
        for place, dim in enumerate(made)
        if dim == size and _counted(made[:place]) == before is not None
    ]
    return places[0] if len(places) == 1 else None


def _counted(dims: tuple[Dim, ...]) -> tuple[int, tuple[str, ...]] | None:
    """The product of the known dims, and the symbols; None with a dim of which nothing is known."""
    count, symbols = 1, []
    for dim in dims:
        if dim is None:
            return None
        if isinstance(dim, int):
            count *= dim
        else:
            symbols.append(dim)
    return count, tuple(sorted(symbols))
