"""What a lowering hands back."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Node


@dataclass(frozen=True, slots=True)
class Unconvertible:
    """A node of the source graph that cannot be lowered, and why: a phrase that follows its name.

    node: None where the reason is the model as a whole.
    """

    node: Node | None
    reason: str


@dataclass(frozen=True, slots=True)
class Lowered:
    """The deployment graph, as far as it can be told.

    model: the predicted model; None when any node is unconvertible.
    unconvertible: those nodes, in the order of the source graph.
    assumptions: what the prediction takes for granted, one sentence each.
    """

    model: Model | None
    unconvertible: tuple[Unconvertible, ...] = ()
    assumptions: tuple[str, ...] = ()
