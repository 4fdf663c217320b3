"""Findings that somebody has decided to live with, and who decided it.

Three levels, the weakest first: an `Ignore` of a configuration (per rule, file and node, with a reason and
an end), a `Baseline` file (what was there when edgelint was adopted), and the model's own word, which is
heard only where the user allows it and never about security.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import PurePath

from edgelint.baseline import Baseline
from edgelint.bounds import Allowance
from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.report import Report
from edgelint.rule import Finding

_SECURITY = "EL7"

INLINE_SHARE = 0.05
"""Share of a model's seconds that its own word may take to be heard."""


class Level(str, Enum):
    """Who suppressed a finding."""

    IGNORE = "ignore"
    BASELINE = "baseline"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings of some rules that a configuration silences.

    codes: the rules. path, node: globs, "*" for any. until: the last day on which it holds, None for ever.
    """

    codes: frozenset[str]
    path: str = "*"
    node: str = "*"
    reason: str = ""
    until: date | None = None

    def covers(self, report: Report, finding: Finding, today: date) -> bool:
        """Whether `finding` of `report` is to be silent on that day."""
        if finding.code not in self.codes or (self.until is not None and today > self.until):
            return False
        path = PurePath(report.path).as_posix()
        # A relative glob means the same whatever folder edgelint was called from.
        on_path = fnmatchcase(path, self.path) or fnmatchcase(path, f"*/{self.path}")
        return on_path and fnmatchcase(finding.location.node, self.node)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is not reported, by whose word and why."""

    finding: Finding
    level: Level
    reason: str = ""


@dataclass(frozen=True)
class _OwnWord:
    """What a model asks to be silent about itself: rules anywhere, at a node, and at nodes by globs."""

    everywhere: frozenset[str]
    at: frozenset[tuple[str, str]]
    globs: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, inline: str) -> _OwnWord:
        """The word in the text that a model has for it."""
        everywhere, at = set(), set()
        globs: dict[str, dict[str, None]] = {}
        for entry in inline.split(";"):
            code, colon, node = entry.strip().partition(":")
            if not colon:
                everywhere.add(code)
            elif _MAGIC.isdisjoint(node):
                at.add((code, node))
            else:
                globs.setdefault(code, {})[node] = None
        return cls(frozenset(everywhere), frozenset(at), {code: tuple(each) for code, each in globs.items()})

    def covers(self, finding: Finding) -> bool:
        """Whether it asks for silence about `finding`."""
        code, node = finding.code, finding.location.node
        if code.startswith(_SECURITY):
            return False
        if code in self.everywhere or (code, node) in self.at:
            return True
        return any(fnmatchcase(node, glob) for glob in self.globs.get(code, ()))


_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Suppressions:
    """Everything that silences findings in one run.

    inline: whether models may silence findings about themselves.
    """

    ignores: Sequence[Ignore] = ()
    baseline: Baseline = field(default_factory=Baseline)
    inline: bool = False

    def apply(self, reports: Iterable[Report], today: date | None = None) -> list[Report]:
        """The reports without what is suppressed, which they keep in `suppressions`.

        A model whose own word takes too much to be heard has a report on that.
        """
        if not (self.ignores or self.baseline.counts or self.inline):
            return list(reports)
        day = today or date.today()
        budget = self.baseline.budget()
        applied = []
        for report in reports:
            try:
                in_file = self._in_file(report)
            except EdgelintError as error:
                applied.append(Report(path=report.path, error=error))
                continue
            told, silent = [], []
            for place, finding in enumerate(report.findings):
                said = self._ignored(report, finding, day)
                if said is None and place in in_file:
                    said = Suppressed(finding, Level.INLINE)
                if said is None and budget.spend(report, finding):
                    said = Suppressed(finding, Level.BASELINE)
                told.append(finding) if said is None else silent.append(said)
            applied.append(replace(report, findings=tuple(told), suppressions=tuple(silent)))
        return applied

    def _ignored(self, report: Report, finding: Finding, today: date) -> Suppressed | None:
        for ignore in self.ignores:
            if ignore.covers(report, finding, today):
                return Suppressed(finding, Level.IGNORE, ignore.reason)
        return None

    def _in_file(self, report: Report) -> frozenset[int]:
        """The places of the findings about which the file itself asks for silence, where it is heard.

        Raises EdgelintError where that takes too much: it has both the findings and the globs.
        """
        if not self.inline or not report.inline:
            return frozenset()
        with Allowance(report.path, share=INLINE_SHARE):
            word = _OwnWord.of(report.inline)
            return frozenset(place for place, each in enumerate(report.findings) if word.covers(each))
