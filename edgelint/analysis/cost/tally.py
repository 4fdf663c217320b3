"""Adding up counts of which some are formulas and some unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from edgelint.analysis.cost.site import Uncounted
from edgelint.analysis.figure import Basis, Figure
from edgelint.ir.symbolic import Count, Monomial, Polynomial, simplify
from edgelint.printable import printable

FORMULA_LIMIT = 300
"""Characters up to which a formula is worth showing."""

CREDIBLE_BITS = 128
"""Counts of more bits than this come from damaged or hostile sizes."""

_NAMED = 3


class Tally:
    """A sum that remembers what could not be added."""

    def __init__(self) -> None:
        self.known = 0
        self.free: dict[Monomial, int] = {}
        self.gaps: dict[str, bool] = {}
        """Reason of each count that is missing, to whether an unknown size is behind it."""

    def add(self, count: Count, times: int = 1) -> None:
        """Counts `count`, `times` over."""
        if isinstance(count, int):
            self.known += count * times
            return
        for monomial, factor in count.terms.items():
            if monomial:
                self.free[monomial] = self.free.get(monomial, 0) + factor * times
            else:
                self.known += factor * times

    def miss(self, gap: Uncounted) -> None:
        """Remembers a count that could not be made."""
        self.gaps[gap.reason] = gap.unsized

    def include(self, other: Tally) -> None:
        """Adds what `other` holds, and misses what it misses."""
        self.known += other.known
        for monomial, factor in other.free.items():
            self.free[monomial] = self.free.get(monomial, 0) + factor
        self.gaps.update(other.gaps)

    def figure(self, remark: str = "") -> Figure:
        """The sum, with `remark` among its reasons.

        A formula where it depends on free dims; unknown where on unknown sizes; a lower bound where
        work without a model is left out.
        """
        reasons = [listed(list(self.gaps))] if self.gaps else []
        if remark:
            reasons.append(remark)
        if self.known.bit_length() > CREDIBLE_BITS:
            return Figure(None, Basis.UNKNOWN, reason="the declared sizes are beyond reason")
        if any(self.free.values()):
            total = Polynomial({**self.free, (): self.known})
            return formula((total,), reasons, complete=not self.gaps)
        text = "; ".join(reasons)
        if any(self.gaps.values()):
            return Figure(None, Basis.UNKNOWN, reason=text)
        return Figure(self.known, Basis.BOUND if self.gaps else Basis.EXACT, reason=text)


def figure(count: Count) -> Figure:
    """The figure of one count."""
    if not isinstance(count, int):
        count = simplify(count)
    return exact(count) if isinstance(count, int) else free(count)


@lru_cache(maxsize=4096)
def exact(count: int) -> Figure:
    """The figure of a number; the same object for equal ones, as graphs repeat themselves."""
    if count.bit_length() > CREDIBLE_BITS:
        return Figure(None, Basis.UNKNOWN, reason="the declared sizes are beyond reason")
    return Figure(count)


@lru_cache(maxsize=4096)
def free(count: Polynomial) -> Figure:
    """The figure of a formula."""
    return formula((count,))


def formula(front: Sequence[Count], reasons: Sequence[str] = (), *, complete: bool = True) -> Figure:
    """An unknown figure that depends on free dims: the largest of `front`.

    The formula is left out when it would not be `complete`, or longer than FORMULA_LIMIT.
    """
    symbols = sorted({name for count in front if isinstance(count, Polynomial) for name in count.symbols})
    reason = f"depends on {listed([printable(name) for name in symbols])}"
    if not all(_credible(count) for count in front):
        return Figure(None, Basis.UNKNOWN, reason="the declared sizes are beyond reason")
    texts = sorted(map(str, front))
    text = printable(texts[0] if len(texts) == 1 else f"max({', '.join(texts)})", FORMULA_LIMIT + 1)
    shown = text if complete and len(text) <= FORMULA_LIMIT else ""
    return Figure(None, Basis.UNKNOWN, formula=shown, reason="; ".join([reason, *reasons]))


def _credible(count: Count) -> bool:
    factors = [count] if isinstance(count, int) else count.terms.values()
    return all(factor.bit_length() <= CREDIBLE_BITS for factor in factors)


def listed(names: Sequence[str]) -> str:
    """`names` in a phrase: the first few, and how many more there are."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
