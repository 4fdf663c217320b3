"""An audit from models to tables: what is cached is taken, the rest is given to an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from edgelint.audit.cache import Cache
from edgelint.audit.engines import EngineOptions, engine
from edgelint.audit.rows import FINDINGS, RESULTS, Row
from edgelint.audit.sources import Item
from edgelint.audit.spool import Spool
from edgelint.audit.summary import Summary
from edgelint.audit.tables import written_tables
from edgelint.audit.work import Plan, Result, Unit, Work, audit_one, kept
from edgelint.errors import EdgelintError
from edgelint.reporters.file import told_about


class Audit:
    """One audit. After `judge` each model is in the spool; after `write` all is in the tables.

    Raises EdgelintError for a configuration that means nothing.
    plan_of: how to judge an item. cache: where results are found, None for nowhere.
    step: called for each model that is done. cached, judged: models that were so far.
    remarks: what the user should be told of servers, each once.
    not_kept: why results could not be kept, if any could not.
    """

    def __init__(
        self,
        items: Sequence[Item],
        plan_of: Callable[[Item], Plan],
        cache: Cache | None = None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        self.items = items
        # What a configuration says wrongly is told before hours of work, not after them.
        self.plans = [plan_of(item) for item in items]
        self.cache = cache
        self.step = step
        self.cached = 0
        self.judged = 0
        self.remarks: set[str] = set()
        self.not_kept: EdgelintError | None = None

    def judge(self, spool: Spool, engine_name: str, options: EngineOptions) -> None:
        """Puts the records of every model into `spool`, from the cache or by the engine of this name.

        Raises EdgelintError where the engine cannot begin, or loses a model.
        """
        work = self._uncached(spool)
        first = next(work, None)
        if first is None:
            return
        results = engine(engine_name).run(audit_one, chain([first], work), options)
        with closing(results):  # type: ignore[type-var]
            for result in results:
                self._take(spool, result)
        if spool.missing():
            raise EdgelintError(
                Path(), f"the engine {engine_name} gave no result for {spool.missing()} models"
            )

    def write(self, spool: Spool, results: Path, findings: Path) -> Summary:
        """Writes both tables, in the order of the models, and gives what there is to say about them all."""
        summary = Summary(len(self.items))
        with written_tables((results, RESULTS), (findings, FINDINGS)) as (rows, found):
            for item, (sha256, size, records) in zip(self.items, spool, strict=True):
                model: Row = {"source": item.source, "path": item.name, "sha256": sha256, "bytes": size}
                judged = [{**record["row"], **model} for record in records]
                with told_about(results):
                    for row in judged:
                        rows.add(row)
                told = [finding for record in records for finding in record["findings"]]
                with told_about(findings):
                    for finding in told:
                        found.add({**finding, "path": item.name, "sha256": sha256})
                summary.add(judged, told)
        return summary

    def _uncached(self, spool: Spool) -> Iterator[Work]:
        """What is left to be judged; the others go to the spool."""
        for place, item in enumerate(self.items):
            plan = self.plans[place]
            content = self.cache.content(item) if self.cache else None
            if self.cache and content:
                known = dict(self.cache.find(content, item, plan.keys))
                if len(known) == len(plan.targets):
                    self._put(spool, Result(place, content, known, known=True), plan)
                    continue
            yield plan, Unit(place, item, content)

    def _take(self, spool: Spool, result: Result) -> None:
        item, plan = self.items[result.place], self.plans[result.place]
        self.remarks |= {result.remark} - {""}
        if self._put(spool, result, plan):
            self._keep(item, plan, result)

    def _put(self, spool: Spool, result: Result, plan: Plan) -> bool:
        new = spool.put(result.place, result.content, result.records_for(plan.targets))
        if new:
            self.cached += result.known
            self.judged += not result.known
            self.step()
        return new

    def _keep(self, item: Item, plan: Plan, result: Result) -> None:
        if self.not_kept is None:
            try:
                kept(plan, item, result)
            except EdgelintError as error:
                # An audit that cannot be resumed is better than none.
                self.not_kept = error
