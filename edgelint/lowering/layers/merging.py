"""Layers that join several tensors, and element-wise functions of two."""

from __future__ import annotations

from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import Site, lowers

_BINARY = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL", "Max": "MAXIMUM", "Min": "MINIMUM", "Div": "DIV"}


@lowers(*_BINARY)
def elementwise(site: Site) -> Edge:
    """Sum, difference, product, maximum or minimum, two at a time."""
    kind = _BINARY[site.node.op]
    if len(site.inputs) < 2:
        return _with_constant(site, kind)
    edge = site.inputs[0]
    for other in site.inputs[1:]:
        edge = _sum(site, edge, other) if kind == "ADD" else _joined(site, kind, edge, other)
    return edge


@lowers("Mean")
def average(site: Site) -> Edge:
    """The mean of several tensors."""
    edge = site.inputs[0]
    for other in site.inputs[1:]:
        edge = _sum(site, edge, other)
    return site.draft.binary("MUL", edge, site.draft.scalar(1 / len(site.inputs)))


@lowers("Concat")
def concatenate(site: Site) -> Edge:
    """Tensors end to end along one axis."""
    if len(site.inputs) == 1:
        return site.input
    axis = site.attributes["axis"]
    return site.draft.emit("CONCATENATION", list(site.inputs), site.shape, axis=axis)


def _with_constant(site: Site, kind: str) -> Edge:
    """A function of one tensor and a number, or of one tensor and a weight of the layer."""
    if site.weights:
        (role,) = site.weights
        return site.draft.binary(kind, site.input, site.draft.weight(site.weight(role), role))
    if kind in ("SUB", "DIV") or site.input.shape != site.shape:
        raise Unpredictable("takes a constant that the source graph does not hold")
    constant = site.draft.weight((), "constant")
    return site.draft.binary(kind, site.input, constant)


def _joined(site: Site, kind: str, left: Edge, right: Edge) -> Edge:
    if len(left.shape) != len(right.shape):
        raise Unpredictable("joins tensors of different ranks")
    return site.draft.binary(kind, left, right)


def _sum(site: Site, left: Edge, right: Edge) -> Edge:
    """A sum; Keras 3 takes a second operand with one dim above 1 for a bias, and makes a vector of it.

    Source: keras/src/backend/tensorflow/numpy.py, add.
    """
    dims = [dim for dim in right.shape if dim > 1]
    if len(dims) != 1 or len(left.shape) < 2 or len(right.shape) < 2 or site.keras < 3:
        return _joined(site, "ADD", left, right)
    if dims[0] == left.shape[-1]:
        return site.draft.binary("ADD", left, site.draft.reshape(right, dims))
    if dims[0] == left.shape[1]:
        raise Unpredictable("adds what Keras takes for a bias of channels that come first")
    return _joined(site, "ADD", left, right)
