"""Multiply-accumulates of Einstein sums."""

from __future__ import annotations

import math

from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.ir import Dim
from edgelint.ir.symbolic import Count


def einsum(site: Site) -> Count:
    """The product of the sizes of all letters, for two operands; none for a single one.

    Raises Uncounted for three and more, whose order of contraction is the runtime's choice.
    """
    equation = site.attributes.get("equation")
    if not isinstance(equation, str):
        raise Uncounted(f"{site.word} does not say its equation")
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if len(terms) == 1:
        return 0
    if len(terms) > 2:
        raise Uncounted(f"{site.word} joins {len(terms)} operands, in an order of the runtime's choice")
    sizes: dict[str, Dim] = {}
    for place, term in enumerate(terms):
        for letter, dim in zip(_letters(site, term, len(site.shape(place))), site.shape(place), strict=True):
            if sizes.get(letter) in (None, 1):
                sizes[letter] = dim
    return math.prod(map(site.size, sizes.values()))


def _letters(site: Site, term: str, rank: int) -> list[str]:
    """A letter per dim; the dims of an ellipsis count from its end, as they broadcast."""
    front, dots, back = term.partition("...")
    elided = rank - len(front) - len(back)
    if elided < 0 or (elided and not dots):
        raise Uncounted(f"{site.word} has an operand of rank {rank} for {term!r}")
    return [*front, *(f"...{place}" for place in range(elided, 0, -1)), *back]
