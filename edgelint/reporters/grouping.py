"""Findings of one model that say the same of several nodes, told together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from edgelint.deferred import dataclass
from edgelint.rule import Finding, Severity

FEW = 3
"""Findings that are told one by one although only their numbers differ."""

_NAME = re.compile(r"'[^']*'")
"""A name from the file, quoted in a message."""

_NUMBER = re.compile(
    r"[-+]?(?<![A-Za-z_\d])\d[\d,.]*(?:e[-+]?\d+)?(?:\s?(?:B|KiB|MiB|GiB|bytes?|%))?"
    r"(?:\s?[×x,]\s?[-+]?\d[\d,.]*)*",
)
"""A number with its unit, or the dims of a shape; not the digits of a word such as int8."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule and severity. varied: whether their numbers differ, not just the names."""

    findings: tuple[Finding, ...]
    varied: bool = False


def groups(findings: Iterable[Finding]) -> list[Group]:
    """The findings in groups, in the order of the first of each.

    Those belong together that differ in quoted names only; and, where they are more than `FEW`, those that
    differ in names and numbers.
    """
    same: dict[tuple[str, Severity, str, str, str], _Placed] = {}
    for place, finding in enumerate(findings):
        key = finding.code, finding.severity, finding.location.op, _nameless(finding.message), finding.hint
        same.setdefault(key, []).append((place, finding))
    alike: dict[tuple[str, Severity, str, str], list[_Placed]] = {}
    for (code, severity, _, message, hint), placed in same.items():
        wording = code, severity, _numberless(message), _numberless(_nameless(hint))
        alike.setdefault(wording, []).append(placed)
    found: list[tuple[int, Group]] = []
    for together in alike.values():
        varied = len(together) > 1 and sum(map(len, together)) > FEW
        if varied:
            together = [sorted(chain.from_iterable(together), key=itemgetter(0))]
        found += [(each[0][0], Group(tuple(finding for _, finding in each), varied)) for each in together]
    return [group for _, group in sorted(found, key=itemgetter(0))]


_Placed = list[tuple[int, Finding]]
"""Findings with their places among all."""


def _nameless(text: str) -> str:
    return _NAME.sub("", text) if "'" in text else text


@lru_cache(1024)
def _numberless(text: str) -> str:
    return _NUMBER.sub("#", text)
