"""One unit of an audit's work: a model judged for all targets for which nobody has judged it yet.

`audit_one(plan, unit)` is what engines run: a top-level function of picklable values. It touches nothing but
the model and, to look results up, the cache folder, which need not be there on another machine. It raises
nothing. `plan` is the same object for most units of an audit and far larger than a unit: an engine sends it
to a worker once.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.audit.cache import Cache, Keys
from edgelint.audit.contents import (
    Companion,
    Content,
    companions_of,
    content_of,
    stamp,
    told_content,
    version,
)
from edgelint.audit.rows import Record, error_record, record_of
from edgelint.audit.sources import Item, opened, remark_on
from edgelint.bounds import EXCESS, excess
from edgelint.deferred import dataclass, replace
from edgelint.errors import BUG, EdgelintError, bug, refusal

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.context import Context
    from edgelint.report import Report
    from edgelint.targets import Target

MOST_FINDINGS = 25_000
"""Findings of a model on one target that are kept: writing more would take longer than finding them does."""


@dataclass(frozen=True)
class Plan:
    """How models are to be judged.

    keys: what results are kept by. cache: the folder with results; None for none. resume: whether to use
    those that are there.
    """

    settings: Settings
    keys: Keys
    cache: Path | None = None
    resume: bool = True

    @property
    def targets(self) -> tuple[Target | None, ...]:
        """The targets; one that is None for a judgement without any."""
        return self.settings.targets or (None,)


@dataclass(frozen=True, slots=True)
class Unit:
    """One model. place: its place among all models of the audit. content: what is known of it unopened."""

    place: int
    item: Item
    content: Content | None = None


Work = tuple[Plan, Unit]
"""How to judge, and what."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a unit.

    records: by the name of the target, "" for none. error: why there are no records: it holds for all
    targets. content: None where the file could not be read. stamp: of the file when it was read, as `stamp`
    has it. companions: the files that the records depend on besides. fresh: targets whose records are new
    and may be kept. known: whether all records come from the cache. kept: whether the fresh ones are there
    by now. remark: what the user should be told, once for all models; "" for nothing.
    """

    place: int
    content: Content | None = None
    records: Mapping[str, Record] | None = None
    error: EdgelintError | None = None
    stamp: str = ""
    companions: tuple[Companion, ...] = ()
    fresh: frozenset[str] = frozenset()
    remark: str = ""
    known: bool = False
    kept: bool = False

    def records_for(self, targets: Collection[Target | None]) -> list[Record]:
        """The records of these targets, in their order."""
        if self.error is not None:
            return [error_record(self.error, target, 0.0) for target in targets]
        assert self.records is not None
        return [self.records[name_of(target)] for target in targets]


def audit_one(plan: Plan, unit: Unit) -> Result:
    """The records of one model for all targets of its plan. Whatever happens is a record, too."""
    try:
        with opened(unit.item) as path:
            if not unit.item.remote:
                return _judged_here(plan, unit, path)
            content = unit.content or told_content(unit.item) or content_of(path)
            return replace(_judged(plan, unit, path, content), remark=remark_on(path))
    except Exception as error:
        return Result(unit.place, unit.content, error=refusal(Path(unit.item.name), error))


def kept(plan: Plan, item: Item, result: Result) -> Result:
    """`result` when its fresh records are in the cache. Raises EdgelintError when that takes nothing."""
    if plan.cache is None or result.kept or not result.content or result.records is None:
        return result
    fresh = {name: result.records[name] for name in sorted(result.fresh)}
    Cache(plan.cache).keep(item, plan.keys, result.content, result.stamp, fresh, result.companions)
    return replace(result, kept=True)


def lost(unit: Unit, reason: str) -> Result:
    """The result for a model that could not be judged; `reason`: a phrase that follows its name."""
    return Result(unit.place, unit.content, error=bug(Path(unit.item.name), reason))


def name_of(target: Target | None) -> str:
    """The name of a target in a `Result`."""
    return target.name if target else ""


def _judged_here(plan: Plan, unit: Unit, path: Path) -> Result:
    """The result for a local file. Raises EdgelintError for one that changes meanwhile."""
    seen, before = stamp(path), version(path)
    known = Cache(plan.cache).content(unit.item) if plan.cache and plan.resume else None
    result = replace(_judged(plan, unit, path, known or content_of(path)), stamp=seen)
    if version(path) != before:
        raise EdgelintError(path, "changed while it was judged", hint="audit it again once it is written")
    return result


def _judged(plan: Plan, unit: Unit, path: Path, content: Content) -> Result:
    known: dict[str, Record] = {}
    if plan.cache is not None and plan.resume and content.key:
        known = dict(Cache(plan.cache).find(content, unit.item, plan.keys))
    wanted = [target for target in plan.targets if name_of(target) not in known]
    records: dict[str, Record] = {}
    companions: tuple[Companion, ...] = ()
    lasting: set[str] = set()
    for target, record, beside, lasts in _each(path, plan.settings, wanted):
        name = name_of(target)
        records[name] = record
        companions = companions or beside
        if lasts:
            lasting.add(name)
    return Result(
        unit.place,
        content,
        {**known, **records},
        companions=companions,
        # What lies beside a remote model is not looked at again: nobody would see that it changed.
        fresh=frozenset() if not content.key or (companions and unit.item.remote) else frozenset(lasting),
        known=not wanted,
    )


_Judgement = tuple["Target | None", Record, tuple[Companion, ...], bool]
"""Target, record, what else it depends on, and whether it will be the same next time."""


def _each(path: Path, settings: Settings, targets: Collection[Target | None]) -> Iterator[_Judgement]:
    """The model loaded once and judged for each target; what fails for one is judged for the others."""
    from edgelint.checker import judged

    left = list(targets)
    beside: tuple[Companion, ...] | None = None
    while left:
        start = time.perf_counter()
        chosen = tuple(target for target in left if target is not None)
        try:
            for context, report in judged(path, replace(settings, targets=chosen)):
                if beside is None:
                    beside = companions_of(context.model, settings.weights)
                yield left.pop(0), _record(context, report, time.perf_counter() - start), beside, True
                start = time.perf_counter()
            return
        except Exception as error:
            failed, lasts = refusal(path, error), _is_lasting(error)
        seconds = time.perf_counter() - start
        # A rule that fails does so for its target; a file that cannot be read, for all.
        hit = left[:1] if failed.code == BUG else left[:]
        del left[: len(hit)]
        for target in hit:
            yield target, error_record(failed, target, seconds), (), lasts
            seconds = 0.0


def _record(context: Context, report: Report, seconds: float) -> Record:
    """What is kept of a report: an error for one with more findings than a table takes on."""
    if len(report.findings) <= MOST_FINDINGS:
        return record_of(report, seconds)
    problem = f"has more than {MOST_FINDINGS:,} findings, the most that are kept of a model on one target"
    return error_record(
        excess(report.path, problem, hint="`edgelint check` tells them"), context.target, seconds
    )


def _is_lasting(error: Exception) -> bool:
    """Whether an error is one of the file, not of edgelint or the moment."""
    return (
        isinstance(error, EdgelintError)
        and error.code not in (BUG, EXCESS)
        and not isinstance(error.__cause__, (OSError, MemoryError))
    )
