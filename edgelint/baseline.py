"""The findings that were there when edgelint was adopted, in a file that is committed.

An entry counts findings of one rule at one node of one model for one target: never a line or an index, so
that it outlives another export. The file is sorted, one entry a line, so that its diffs are small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cache, partial
from pathlib import Path
from typing import Any

from edgelint.committed import read_entries, relative_name, write_entries
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.report import Report
from edgelint.rule import Finding

KIND, VERSION = "baseline", 1
"""Of the file's layout."""

_FIELDS = ("rule", "path", "target", "node")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What one line of a baseline is about; target "" for a check without one."""

    rule: str
    path: str
    target: str
    node: str


@dataclass(frozen=True)
class Baseline:
    """How many findings of each entry are accepted. folder: what its paths are relative to."""

    counts: Mapping[Entry, int] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)

    @classmethod
    def of(cls, reports: Iterable[Report], folder: Path) -> Baseline:
        """Everything that `reports` say, suppressed by a baseline or not; nothing of those that failed."""
        counts: Counter[Entry] = Counter()
        for report in reports:
            if report.failed:
                continue
            path = relative_name(report.path, folder)
            counts.update(_entry(report, finding, path) for finding in report.findings)
        return cls(counts, folder)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """The baseline in `path`. Raises EdgelintError, naming the entry, for a file that is none."""
        return cls(_counts(read_entries(path, KIND, VERSION), path), path.parent)

    def write(self, path: Path) -> None:
        """Writes the file whole. Raises EdgelintError when that fails."""
        lines = (
            {**{name: getattr(entry, name) for name in _FIELDS}, "count": count}
            for entry, count in sorted(self.counts.items())
        )
        write_entries(path, KIND, VERSION, lines)

    def budget(self) -> Budget:
        """What is left of it while findings are counted against it."""
        return Budget(self)

    def unused(self, reports: Iterable[Report]) -> dict[Entry, int]:
        """How many more findings each entry accepts than `reports` have, of rules that ran on its model."""
        if not self.counts:
            return {}
        left = Counter(self.counts)
        ran: dict[tuple[str, str], frozenset[str]] = {}
        for report in reports:
            path = relative_name(report.path, self.folder)
            ran[path, report.target or ""] = frozenset(report.rules)
            said = [each.finding for each in report.suppressions]
            left.subtract(_entry(report, finding, path) for finding in (*report.findings, *said))
        return {
            entry: count
            for entry, count in sorted(left.items())
            if count > 0 and entry.rule in ran.get((entry.path, entry.target), ())
        }

    def pruned(self, reports: Iterable[Report]) -> Baseline:
        """The same without what is unused."""
        unused = self.unused(reports)
        counts = {entry: count - unused.get(entry, 0) for entry, count in self.counts.items()}
        return Baseline({entry: count for entry, count in counts.items() if count}, self.folder)


class Budget:
    """The findings a baseline still accepts."""

    def __init__(self, baseline: Baseline) -> None:
        self.left = Counter(baseline.counts)
        self.relative = cache(partial(relative_name, folder=baseline.folder))

    def spend(self, report: Report, finding: Finding) -> bool:
        """Whether `finding` is accepted, which is then one less."""
        if not self.left:
            return False
        entry = _entry(report, finding, self.relative(report.path))
        self.left[entry] -= 1
        return self.left[entry] >= 0


def _entry(report: Report, finding: Finding, path: str) -> Entry:
    place = finding.location
    return Entry(finding.code, path, report.target or "", place.node or place.op)


def _counts(entries: list[Any], path: Path) -> dict[Entry, int]:
    counts: dict[Entry, int] = {}
    for place, each in enumerate(entries):
        words = [each.get(name) for name in _FIELDS] if isinstance(each, dict) else [None]
        count = each.get("count") if isinstance(each, dict) else None
        if not all(isinstance(word, str) for word in words) or type(count) is not int or count < 1:
            raise EdgelintError(path, "has an entry that is none", where=f"entry {place}")
        counts[Entry(*map(str, words))] = count
    return counts
