"""Activations on top of one another, and what that leaves of them."""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.analysis.heads.tails import STEPS, passes
from edgelint.analysis.hidden.activations import POOLS, Activated, worded
from edgelint.ir.model import Graph

_NOT_NEGATIVE = frozenset(
    {"Relu", "Relu6", "Relu0To1", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Exp"}
)
_UP_TO_ONE = frozenset({"Relu0To1", "Sigmoid", "HardSigmoid", "Softmax"})
_IDLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("Relu", "LeakyRelu", "PRelu", "Elu", "Celu"), _NOT_NEGATIVE),
    "Relu6": _UP_TO_ONE | {"Relu6"},
    "Relu0To1": _UP_TO_ONE,
    **dict.fromkeys(("ReluN1To1", "HardTanh"), _UP_TO_ONE | {"ReluN1To1", "HardTanh", "Tanh", "Softsign"}),
}
"""Activation to those after which it changes no number."""

_SQUEEZED = {
    ("Sigmoid", "Sigmoid"): "0.5 to 0.73",
    ("Sigmoid", "Tanh"): "0.27 to 0.73",
    ("Tanh", "Tanh"): "-0.76 to 0.76",
    ("Tanh", "Sigmoid"): "0 to 0.76",
    **{("Sigmoid", first): "0.5 to 1" for first in ("Relu", "Relu6", "Softplus", "Exp")},
    **{("Softplus", first): "0.69 upwards" for first in ("Relu", "Relu6", "Softplus", "Exp")},
}
"""An activation and the one before it to the numbers it can still give."""

_REPEATABLE = frozenset(
    {"Elu", "Selu", "Celu", "Gelu", "Swish", "HardSwish", "Mish", "LeakyRelu", "Softsign", "Exp"}
)
"""Activations that each change the numbers again when they are applied twice."""


def wrong_pair(first: Activated, second: Activated, pooled: bool) -> tuple[str, str] | None:
    """What is wrong with the pair, and what to do; None for nothing."""
    if first.kind in _IDLE.get(second.kind, frozenset()):
        return f"{worded(second)} changes nothing after {worded(first)}", "take the second activation away"
    if pooled:
        return None
    left = _SQUEEZED.get((second.kind, first.kind))
    if left is not None:
        said = f"{worded(second)} reads {worded(first)}: it can only say {left}"
        return said, "take one of the two activations away and train again"
    if first.kind == second.kind and first.kind in _REPEATABLE:
        return f"{worded(second)} repeats {worded(first)}", "take one of the two away and train again"
    return None


def activation_before(
    graph: Graph, name: str | None, known: Mapping[int, Activated]
) -> tuple[Activated | None, bool]:
    """The activation that `name` comes from, and whether pooling lies between; None without one.

    known: every activation by the `id` of its node.
    """
    pooled = False
    for _ in range(STEPS):
        place = graph.producers.get(name) if name else None
        if place is None:
            return None, pooled
        node = graph.nodes[place]
        found = known.get(id(node))
        if found is not None:
            return (found if name == found.output else None), pooled
        if not node.inputs or not (passes(node) or node.op in POOLS):
            return None, pooled
        pooled = pooled or node.op in POOLS
        name = node.inputs[0]
    return None, pooled
