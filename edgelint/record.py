"""What models cost when a team last agreed to it, in a file that is committed.

An entry has the figures of one model for one target; growth is held against it (rule EL212).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from edgelint.analysis.figure import Basis
from edgelint.analysis.own_limits import FIGURES, Recorded
from edgelint.committed import read_entries, relative_name, write_entries
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.report import Report

KIND, VERSION = "record", 1
"""Of the file's layout."""

LARGEST_FIGURE = 2**63
"""What no figure of a model reaches."""

Key = tuple[str, str]
"""A model's path from the record's folder, and a target's name, "" for none."""


@dataclass(frozen=True)
class Record:
    """The figures of each model on each target. path: the file's; model paths are relative to its folder."""

    path: Path
    entries: Mapping[Key, Recorded] = field(default_factory=dict)

    @classmethod
    def of(cls, reports: Iterable[Report], path: Path) -> Record:
        """What `reports` say, those about unreadable files left out."""
        readable = (report for report in reports if report.error is None)
        return cls(path, {_key(report.path, report.target, path): _taken(report) for report in readable})

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record in `path`. Raises EdgelintError, naming the entry, for a file that is none."""
        found: dict[Key, Recorded] = {}
        for place, each in enumerate(read_entries(path, KIND, VERSION)):
            read = _entry(each)
            if read is None:
                raise EdgelintError(path, "has an entry that is none", where=f"entry {place}")
            if read[0] in found:
                model, target = read[0]
                about = f"{model!r} for {target}" if target else repr(model)
                raise EdgelintError(path, f"has two entries about {about}", where=f"entry {place}")
            found[read[0]] = read[1]
        return cls(path, found)

    def write(self) -> None:
        """Writes the file whole. Raises EdgelintError when that fails."""
        lines = [_line(key, self.entries[key]) for key in sorted(self.entries)]
        write_entries(self.path, KIND, VERSION, lines)

    def updated(self, newer: Record) -> Record:
        """This record, with the entries of `newer` in place of those about the same models."""
        models = {model for model, _ in newer.entries}
        kept = {key: entry for key, entry in self.entries.items() if key[0] not in models}
        return Record(self.path, {**kept, **newer.entries})

    def entry(self, model: Path, target: str | None) -> Recorded | None:
        """What it has about a model on a target; None where it has nothing."""
        return self.entries.get(_key(str(model), target, self.path))


def _key(model: str, target: str | None, record: Path) -> Key:
    return relative_name(model, record.parent), target or ""


def _taken(report: Report) -> Recorded:
    figures = report.measured
    values = {name: figure.value for name, figure in figures.items() if figure.value is not None}
    return Recorded(values, frozenset(name for name in values if figures[name].basis is Basis.BOUND))


def _line(key: Key, entry: Recorded) -> dict[str, Any]:
    figures = {name: entry.values[name] for name in FIGURES if name in entry.values}
    bounds = {"at-least": sorted(entry.at_least)} if entry.at_least else {}
    return {"path": key[0], "target": key[1], **figures, **bounds}


def _entry(data: Any) -> tuple[Key, Recorded] | None:
    """A line of the file, read; None for one that means nothing."""
    if not isinstance(data, dict) or set(data) - {"path", "target", "at-least", *FIGURES}:
        return None
    model, target, at_least = data.get("path"), data.get("target"), data.get("at-least", [])
    values = {name: data[name] for name in FIGURES if name in data}
    if not isinstance(model, str) or not isinstance(target, str) or not isinstance(at_least, list):
        return None
    if not all(type(value) is int and 0 <= value < LARGEST_FIGURE for value in values.values()):
        return None
    if not all(isinstance(name, str) and name in values for name in at_least):
        return None
    return (model, target), Recorded(values, frozenset(at_least))
