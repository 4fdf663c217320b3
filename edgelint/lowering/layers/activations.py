"""Activation functions as TFLite operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Draft, Edge, Unpredictable
from edgelint.lowering.site import Site, lowers

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

_SINGLE = {
    "Relu": "RELU",
    "Relu6": "RELU6",
    "Sigmoid": "LOGISTIC",
    "Tanh": "TANH",
    "Gelu": "GELU",
    "Exp": "EXP",
    "HardSwish": "HARD_SWISH",
}
"""Canonical name to the one TFLite operator it becomes."""


def activate(draft: Draft, edge: Edge, name: str | None, attributes: Mapping[str, Any] | None = None) -> Edge:
    """`edge` after the activation with this canonical name; Unpredictable when none is known here."""
    if name is None or name == "Identity":
        return edge
    if name in _SINGLE:
        return draft.unary(_SINGLE[name], edge)
    made = _COMPOSED.get(name)
    if made is None:
        raise Unpredictable(f"has the activation {name}, whose conversion is not known here")
    return made(draft, edge, attributes or {})


@lowers(*_SINGLE, "Softmax", "LogSoftmax", "Elu", "Selu", "Swish", "HardSigmoid", "Softplus", "Softsign")
def activation_layer(site: Site) -> Edge:
    """A layer that is nothing but an activation."""
    return activate(site.draft, site.input, site.node.op, site.attributes)


@lowers("LeakyRelu", "Mish", "Clip", "ThresholdedRelu")
def parametrised(site: Site) -> Edge:
    """Rectifiers with parameters."""
    if site.node.op == "Clip" and site.node.source.op != "ReLU":
        raise Unpredictable("clips to limits that are not known here")
    return activate(site.draft, site.input, site.node.op, site.attributes)


@lowers("PRelu")
def prelu(site: Site) -> Edge:
    """A leaky ReLU with learned slopes."""
    slopes = site.draft.weight(site.weight("alpha"), "alpha")
    return site.draft.emit("PRELU", [site.input, slopes], site.shape)


def _softmax(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    axis = attributes.get("axis", -1)
    rank = len(edge.shape)
    if not isinstance(axis, int):
        raise Unpredictable("takes the softmax over several axes")
    if axis % rank == rank - 1:
        return draft.unary("SOFTMAX", edge, beta=1.0)
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]
    return draft.transpose(draft.unary("SOFTMAX", draft.transpose(edge, perm), beta=1.0), perm)


def _log_softmax(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    if attributes.get("axis", -1) not in (-1, len(edge.shape) - 1):
        raise Unpredictable("takes the log-softmax over another axis than the last")
    return draft.unary("LOG_SOFTMAX", edge)


def _leaky(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    return draft.unary("LEAKY_RELU", edge, alpha=float(attributes.get("alpha", 0.2)))


def _elu(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    made = draft.unary("ELU", edge)
    alpha = float(attributes.get("alpha", 1.0))
    if alpha == 1.0:
        return made
    positive = draft.binary("GREATER", edge, draft.scalar(0.0), DType.BOOL)
    scaled = draft.binary("MUL", made, draft.scalar(alpha))
    return draft.emit("SELECT", [positive, made, scaled], edge.shape, made.dtype)


def _selu(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    with draft.block():
        return _selu_written_out(draft, edge)


def _selu_written_out(draft: Draft, edge: Edge) -> Edge:
    positive = draft.binary("GREATER", edge, draft.scalar(0.0), DType.BOOL)
    above = draft.binary("MUL", edge, draft.scalar(SELU_SCALE))
    below = draft.binary("SUB", draft.unary("EXP", edge), draft.scalar(1.0))
    below = draft.binary("MUL", below, draft.scalar(SELU_SCALE * SELU_ALPHA))
    return draft.emit("SELECT", [positive, above, below], edge.shape, edge.dtype)


def _swish(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    return draft.binary("MUL", edge, draft.unary("LOGISTIC", edge))


def _hard_sigmoid(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    """Keras 3's; older files mean another function, but Keras 3 reads them as this one."""
    shifted = draft.binary("ADD", edge, draft.scalar(3.0))
    return draft.binary("MUL", draft.unary("RELU6", shifted), draft.scalar(1 / 6))


def _softplus(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    return draft.unary("LOG", draft.binary("ADD", draft.unary("EXP", edge), draft.scalar(1.0)))


def _softsign(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    return draft.binary("DIV", edge, draft.binary("ADD", draft.unary("ABS", edge), draft.scalar(1.0)))


def _mish(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    return draft.binary("MUL", edge, draft.unary("TANH", _softplus(draft, edge, attributes)))


def _clip(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    low, high = attributes.get("min"), attributes.get("max")
    if low != 0.0 or not isinstance(high, (int, float)):
        raise Unpredictable("clips to limits that are not known here")
    smaller = draft.binary("MINIMUM", draft.unary("RELU", edge), draft.scalar(float(high)))
    return draft.unary("RELU", smaller)


def _thresholded(draft: Draft, edge: Edge, attributes: Mapping[str, Any]) -> Edge:
    above = draft.binary("GREATER", edge, draft.scalar(float(attributes.get("alpha", 1.0))), DType.BOOL)
    return draft.emit("SELECT_V2", [above, edge, draft.scalar(0.0)], edge.shape, edge.dtype)


_COMPOSED: dict[str, Callable[[Draft, Edge, Mapping[str, Any]], Edge]] = {
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "Selu": _selu,
    "Swish": _swish,
    "HardSigmoid": _hard_sigmoid,
    "Softplus": _softplus,
    "Softsign": _softsign,
    "Mish": _mish,
    "Clip": _clip,
    "ThresholdedRelu": _thresholded,
}
