"""Findings of one model that say the same of several nodes, told together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from edgelint.deferred import dataclass
from edgelint.rule import Finding

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
    alike: dict[tuple[object, ...], list[Finding]] = {}
    place: dict[int, int] = {}
    for finding in findings:
        message, hint = (_NAME.sub("", text) for text in (finding.message, finding.hint))
        key = finding.code, finding.severity, _numberless(message), _numberless(hint)
        alike.setdefault(key, []).append(finding)
        place[id(finding)] = len(place)
    found: list[Group] = []
    for together in alike.values():
        same = _same(together)
        varied = len(together) > FEW and len(same) > 1
        found += [Group(tuple(together), varied=True)] if varied else same
    return sorted(found, key=lambda group: place[id(group.findings[0])])


def _same(findings: Iterable[Finding]) -> list[Group]:
    """Groups of findings that differ in names only."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        key = finding.location.op, _NAME.sub("", finding.message), finding.hint
        alike.setdefault(key, []).append(finding)
    return [Group(tuple(together)) for together in alike.values()]


@lru_cache(1024)
def _numberless(text: str) -> str:
    return _NUMBER.sub("#", text)
