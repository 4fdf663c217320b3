"""Exact arithmetic on sizes that depend on symbols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

Monomial = tuple[str, ...]
"""Symbols in alphabetical order, repeated as often as they multiply; () is the constant term."""

DEGREE_LIMIT = 8
"""Products of more symbols than this are not compared: each doubles the work."""


class Polynomial:
    """A sum of integer multiples of products of symbols.

    Adds, subtracts and multiplies with ints and its own kind; equal when the terms are. `str` is an
    expression: highest degree first, then alphabetical, `3*batch*seq**2 + 12`.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}

    @staticmethod
    def symbol(name: str) -> Polynomial:
        """The polynomial that is one symbol."""
        return Polynomial({(name,): 1})

    @staticmethod
    def product(factor: int, names: Iterable[str]) -> Polynomial:
        """`factor` times the symbols called `names`."""
        return Polynomial({tuple(sorted(names)): factor})

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it depends on, in alphabetical order."""
        return tuple(sorted({name for monomial in self.terms for name in monomial}))

    def __add__(self, other: Count) -> Polynomial:
        terms = dict(self.terms)
        for monomial, factor in _terms(other):
            terms[monomial] = terms.get(monomial, 0) + factor
        return Polynomial(terms)

    __radd__ = __add__

    def __mul__(self, other: Count) -> Polynomial:
        if isinstance(other, int):
            return Polynomial({monomial: factor * other for monomial, factor in self.terms.items()})
        terms: dict[Monomial, int] = {}
        for left, factor in self.terms.items():
            for right, other_factor in _terms(other):
                monomial = tuple(sorted(left + right))
                terms[monomial] = terms.get(monomial, 0) + factor * other_factor
        return Polynomial(terms)

    __rmul__ = __mul__

    def __sub__(self, other: Count) -> Polynomial:
        return self + -1 * other

    def __rsub__(self, other: int) -> Polynomial:
        return -1 * self + other

    def __floordiv__(self, divisor: int) -> Polynomial:
        """The exact quotient. Raises ValueError when `divisor` leaves a remainder in any term."""
        if not divisor or any(factor % divisor for factor in self.terms.values()):
            raise ValueError(f"{self} is not a multiple of {divisor}")
        return Polynomial({monomial: factor // divisor for monomial, factor in self.terms.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __str__(self) -> str:
        ordered = sorted(self.terms.items(), key=lambda term: (-len(term[0]), term[0]))
        text = " + ".join(_product(factor, monomial) for monomial, factor in ordered) or "0"
        return text.replace(" + -", " - ")

    def __repr__(self) -> str:
        return f"Polynomial({str(self)!r})"


Count = int | Polynomial
"""A size: a number, or an expression in free dims."""


def simplify(count: Count) -> Count:
    """`count` as an int where it does not depend on any symbol."""
    if isinstance(count, Polynomial) and not any(count.terms):
        return count.terms.get((), 0)
    return count


def at_least(left: Count, right: Count) -> bool:
    """Whether `left` is sure to be no less than `right` when every symbol is at least 1.

    False means "not sure". With symbol = 1 + y, a difference without negative terms in y is
    enough; differences of a higher degree than DEGREE_LIMIT are never sure.
    """
    if isinstance(left, int) and isinstance(right, int):
        return left >= right
    terms = dict(_terms(left))
    if all(terms.get(monomial, 0) >= factor for monomial, factor in _terms(right)) and all(
        factor >= 0 for factor in terms.values()
    ):
        return True
    difference = Polynomial(terms) - right
    if any(len(monomial) > DEGREE_LIMIT for monomial in difference.terms):
        return False
    shifted: dict[Monomial, int] = {}
    for monomial, factor in difference.terms.items():
        for size in range(len(monomial) + 1):
            for part in combinations(monomial, size):
                shifted[part] = shifted.get(part, 0) + factor
    return all(factor >= 0 for factor in shifted.values())


def _terms(count: Count) -> Iterator[tuple[Monomial, int]]:
    if isinstance(count, int):
        yield (), count
    else:
        yield from count.terms.items()


def _product(factor: int, monomial: Monomial) -> str:
    parts = []
    for name in dict.fromkeys(monomial):
        power = monomial.count(name)
        word = name if name.isidentifier() else f"({name})"
        parts.append(word if power == 1 else f"{word}**{power}")
    if not parts:
        return str(factor)
    if factor == 1:
        return "*".join(parts)
    return "-" + "*".join(parts) if factor == -1 else "*".join([str(factor), *parts])
