"""What fits where: counts over all models and targets, made while the rows go by."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import field
from typing import TypeVar

from edgelint.audit.rows import Row
from edgelint.deferred import dataclass
from edgelint.report import FITS
from edgelint.rule import Severity

UNREADABLE = "unreadable"
"""What stands for a verdict where there is an error instead."""

SMALL_ZOO = 100
"""Models up to which each is listed with the smallest target it fits on."""

LISTED = 10
"""Models, rules and errors that are listed where there are many."""

MOST_NAMES = 10_000
"""Different names that are counted: hostile files can have any number of them."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Standing:
    """What became of all models on one target. unsupported: operator to models that it keeps away."""

    target: str
    runtime: str
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unsupported: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Home:
    """A model and the smallest target it fits on, by RAM, then flash; None where it fits on none.

    fits, targets: on how many, of how many. error: why it could not be judged at all, or "".
    """

    name: str
    row: Row | None
    fits: int
    targets: int
    error: str = ""


class Summary:
    """What there is to say about an audit.

    models: how many there are. rows: models times targets. bytes: of all files. unreadable: models with an
    error for every target. formats: models by format. standings: by target and runtime. findings,
    models_by_rule: how many findings, and in how many models, by severity, code and name of the rule.
    errors: models by code. failed: name, code and problem of the first ones. homes: every model's, in a
    small zoo.
    """

    def __init__(self, models: int) -> None:
        self.models = models
        self.rows = self.bytes = self.unreadable = 0
        self.formats: Counter[str] = Counter()
        self.standings: dict[tuple[str, str], Standing] = {}
        self.findings: Counter[tuple[str, str, str]] = Counter()
        self.models_by_rule: Counter[tuple[str, str, str]] = Counter()
        self.errors: Counter[str] = Counter()
        self.failed: list[tuple[str, str, str]] = []
        self.homes: list[Home] = []
        self._largest: list[tuple[int, int, Row]] = []
        self._seen = 0

    def add(self, rows: Sequence[Row], findings: Sequence[Row]) -> None:
        """Counts one model: its rows for all targets, and all its findings."""
        self._seen += 1
        self.rows += len(rows)
        for row in rows:
            self._add_standing(row)
        first = next((row for row in rows if "error_code" not in row), None)
        if first is None:
            self.unreadable += 1
        else:
            self.formats[first["format"]] += 1
        for code, problem in {row["error_code"]: row["error"] for row in rows if "error_code" in row}.items():
            _count(self.errors, code)
            if len(self.failed) < 2 * LISTED:
                self.failed.append((name_of(rows[0]), code, problem))
        self._add_size(first or rows[0])
        found = [(each["severity"], each["code"], each["rule"]) for each in findings]
        for key in found:
            _count(self.findings, key)
        for key in set(found):
            _count(self.models_by_rule, key)
        if self.models <= SMALL_ZOO:
            self.homes.append(_home(rows))

    @property
    def largest(self) -> list[Row]:
        """The largest files, the largest first."""
        return [row for _, _, row in sorted(self._largest, key=lambda each: (-each[0], -each[1]))]

    @property
    def league(self) -> list[Standing]:
        """The targets, that on which most models fit first."""
        return sorted(self.standings.values(), key=lambda each: -each.verdicts[FITS])

    def worst_is(self, severity: str) -> bool:
        """Whether there are findings of this severity or a worse one; of "never" there are none."""
        ranks = {each.value: each.rank for each in Severity}
        return any(ranks[found] <= ranks.get(severity, -1) for found, _, _ in self.findings)

    @property
    def rules(self) -> list[tuple[str, str, str]]:
        """Severity, code and name of the rules with findings: the worst first, then those in most models."""
        ranks = {severity.value: severity.rank for severity in Severity}
        return sorted(self.models_by_rule, key=lambda key: (ranks[key[0]], -self.models_by_rule[key], key[1]))

    def _add_standing(self, row: Row) -> None:
        key = row.get("target") or "", row.get("runtime") or ""
        standing = self.standings.setdefault(key, Standing(*key))
        standing.verdicts[UNREADABLE if "error_code" in row else row["verdict"]] += 1
        standing.reasons.update(row.get("reasons", ()))
        for op in row.get("unsupported", ()):
            _count(standing.unsupported, op)

    def _add_size(self, row: Row) -> None:
        size = row.get("bytes") or 0
        self.bytes += size
        # By size, then the one that came first; rows themselves cannot be compared.
        entry = size, -self._seen, row
        if len(self._largest) < LISTED:
            heapq.heappush(self._largest, entry)
        elif entry[:2] > self._largest[0][:2]:
            heapq.heapreplace(self._largest, entry)


def name_of(row: Row) -> str:
    """What a summary calls a model: its path below the folder that it was found in."""
    path, source = str(row["path"]), f"{str(row['source']).rstrip('/')}/"
    return path[len(source) :] if path.startswith(source) else path


def _count(counts: Counter[Key], key: Key) -> None:
    if key in counts or len(counts) < MOST_NAMES:
        counts[key] += 1


def _home(rows: Sequence[Row]) -> Home:
    errors = [row["error"] for row in rows if "error_code" in row]
    fitting = [row for row in rows if row["verdict"] == FITS]
    smallest = min(fitting, key=_room, default=None)
    everywhere = errors[0] if len(errors) == len(rows) else ""
    return Home(name_of(rows[0]), smallest, len(fitting), len(rows), everywhere)


def _room(row: Row) -> tuple[float, float]:
    limits = row.get("ram_limit_bytes"), row.get("flash_limit_bytes")
    ram, flash = (float("inf") if limit is None else limit for limit in limits)
    return ram, flash
