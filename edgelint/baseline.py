"""The findings that were there when edgelint was adopted, in a file that is committed.

An entry counts findings of one rule at one node of one model for one target: never a line or an index, so
that it outlives another export. The file is sorted, one entry a line, so that its diffs are small.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.report import Report
from edgelint.rule import Finding

VERSION = 1
"""Of the file's layout."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is still read."""

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
        """Everything that `reports` say, suppressed by a baseline or not."""
        counts: Counter[Entry] = Counter()
        for report in reports:
            for finding in report.findings:
                counts[_entry(report, finding, folder)] += 1
        return cls(counts, folder)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """The baseline in `path`. Raises EdgelintError, naming the entry, for a file that is none."""
        try:
            if path.stat().st_size > LARGEST:
                raise EdgelintError(path, f"is larger than {LARGEST >> 20} MiB: no baseline")
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise EdgelintError(path, f"cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise EdgelintError(path, "is no JSON", hint="`edgelint baseline` writes it") from error
        return cls(_counts(data, path), path.parent)

    def write(self, path: Path) -> None:
        """Writes the file whole. Raises EdgelintError when that fails."""
        from edgelint.reporters.file import written_whole

        lines = [
            json.dumps({**{name: getattr(entry, name) for name in _FIELDS}, "count": count})
            for entry, count in sorted(self.counts.items())
        ]
        body = ",\n".join(lines)
        with written_whole(path) as out:
            out.write(f'{{"edgelint-baseline": {VERSION}, "entries": [\n{body}{chr(10) * bool(lines)}]}}\n')

    def budget(self) -> Budget:
        """What is left of it while findings are counted against it."""
        return Budget(self)

    def unused(self, reports: Iterable[Report]) -> dict[Entry, int]:
        """How many more findings each entry accepts than `reports` have, of rules that ran on its model."""
        left = Counter(self.counts)
        ran: dict[tuple[str, str], frozenset[str]] = {}
        for report in reports:
            ran[_path(report, self.folder), report.target or ""] = frozenset(report.rules)
            said = [each.finding for each in report.suppressions]
            left.subtract(_entry(report, finding, self.folder) for finding in (*report.findings, *said))
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
        self.folder = baseline.folder

    def spend(self, report: Report, finding: Finding) -> bool:
        """Whether `finding` is accepted, which is then one less."""
        if not self.left:
            return False
        entry = _entry(report, finding, self.folder)
        self.left[entry] -= 1
        return self.left[entry] >= 0


def _entry(report: Report, finding: Finding, folder: Path) -> Entry:
    place = finding.location
    node = place.node or place.op
    return Entry(finding.code, _path(report, folder), report.target or "", node)


def _path(report: Report, folder: Path) -> str:
    """The model's path from the baseline's folder, with forward slashes."""
    try:
        return Path(report.path).resolve().relative_to(folder.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return PurePath(report.path).as_posix()


def _counts(data: Any, path: Path) -> dict[Entry, int]:
    if not isinstance(data, dict) or data.get("edgelint-baseline") != VERSION:
        raise EdgelintError(
            path, f"is no baseline of version {VERSION}", hint="`edgelint baseline` writes it"
        )
    entries = data.get("entries")
    if not isinstance(entries, list):
        raise EdgelintError(path, "has no list of entries", hint="`edgelint baseline` writes it")
    counts: dict[Entry, int] = {}
    for place, each in enumerate(entries):
        words = [each.get(name) for name in _FIELDS] if isinstance(each, dict) else [None]
        count = each.get("count") if isinstance(each, dict) else None
        if not all(isinstance(word, str) for word in words) or type(count) is not int or count < 1:
            raise EdgelintError(path, "has an entry that is none", where=f"entry {place}")
        counts[Entry(*map(str, words))] = count
    return counts
