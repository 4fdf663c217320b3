"""A figure and how sure it is."""

from __future__ import annotations

from enum import Enum

from edgelint.deferred import dataclass


class Basis(str, Enum):
    """How a figure was obtained.

    exact: the runtime's own algorithm replayed on this very file.
    predicted: through lowering, or with modelled kernels.
    bound: a lower bound.
    unknown: not known; the figure has no value.
    """

    EXACT = "exact"
    PREDICTED = "predicted"
    BOUND = "bound"
    UNKNOWN = "unknown"


_WEAKEST_FIRST = (Basis.UNKNOWN, Basis.BOUND, Basis.PREDICTED, Basis.EXACT)


def weakest(*bases: Basis) -> Basis:
    """The least certain of `bases`; exact for none."""
    return min(bases, key=_WEAKEST_FIRST.index, default=Basis.EXACT)


@dataclass(frozen=True, slots=True)
class Figure:
    """A count or a number of bytes, with its basis.

    formula: for an unknown figure that depends on free dims only, an expression in their symbols
    ("300774272*batch"); else "".
    reason: why it is not exact, a phrase ("operator Foo has no cost model"); else "".
    """

    value: int | None
    basis: Basis = Basis.EXACT
    formula: str = ""
    reason: str = ""


def hedged(value: int, basis: Basis) -> str:
    """`value` with thousands separated, and how sure it is: "at least 784", "about 17,420", "832"."""
    return f"{_HEDGES.get(basis, '')}{value:,}"


_HEDGES = {Basis.BOUND: "at least ", Basis.PREDICTED: "about "}
