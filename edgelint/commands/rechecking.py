"""`check --watch`: judge again what has changed, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.judging import Call, Judged, code_of, judge, tell
from edgelint.commands.running import EXIT_FAILED, say, told_in_one_line
from edgelint.commands.standard_input import DASH
from edgelint.commands.watching import Change, changes, stamps
from edgelint.deferred import dataclass, replace
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.report import Report


def watch_models(call: Call, paths: Sequence[str]) -> int:
    """Judges `paths` now and again at every change; the exit code as things stand at Ctrl-C.

    Also at changes of the configuration and the baseline, which hold for all models.
    """
    if DASH in paths:
        raise click.UsageError("--watch has nothing to watch at the path -")
    if call.outputs[0] != ("text", None) and call.outputs[0][1] is None:
        raise click.UsageError(f"--watch writes {call.outputs[0][0]} to an --output file only")
    watch = _Watch(call, tuple(paths))
    # Looked at before it is read: what is written meanwhile is a change.
    watch.find_settings()
    before = stamps(watch.files())
    watch.everything()
    try:
        if not call.quiet:
            files = f"{len(before)} file" + ("" if len(before) == 1 else "s")
            say(f"edgelint: watching {files}, until Ctrl-C")
        for change in changes(watch.files, before):
            watch.again(change)
    except KeyboardInterrupt:
        pass
    return watch.code


@dataclass
class _Watch:
    """The last word on each watched model.

    settings: files that say how models are judged, as of the last time they made sense. code: what the
    program would exit with now.
    """

    call: Call
    paths: tuple[str, ...]
    judged: Judged | None = None
    settings: tuple[Path, ...] = ()
    code: int = EXIT_FAILED

    def files(self) -> list[Path]:
        """The models that are there now, and the files that say how they are judged."""
        return [*self._models(), *self.settings]

    def find_settings(self) -> None:
        """Finds out which files say how the models are judged."""
        from edgelint.config.file import NAMES

        with told_in_one_line():
            plan = plan_of_call()
            models = list(self._models())
            resolved = [plan.resolved(path) for path in models]
            named = {plan.value("baseline", self.paths), *(each.value("record") for each in resolved)}
        files = {each.config.path for each in resolved if each.config}
        # One that appears beside a model will count for it.
        files |= {folder / name for folder in {path.parent for path in models} for name in NAMES}
        self.settings = tuple(sorted(files | {Path(each) for each in named if each}))

    def everything(self) -> None:
        """Judges all models and tells everything."""
        self.find_settings()
        judged = judge(self.call, self.paths)
        self._take(judged, judged.reports)

    def again(self, change: Change) -> None:
        """Judges what has changed, after a line with the time; a wrong configuration is told, and waits."""
        click.echo(f"\n[{time.strftime('%H:%M:%S')}] {_said(change)}")
        try:
            if self.judged is None or not {*change.written, *change.gone}.isdisjoint(self.settings):
                self.everything()
            else:
                self._some(self.judged, change)
        except click.ClickException as error:
            error.show()
            self.judged, self.code = None, EXIT_FAILED

    def _some(self, last: Judged, change: Change) -> None:
        """Judges the models that have changed; the last word on the others stands."""
        paths = [str(path) for path in change.written]
        new = judge(self.call, paths) if paths else replace(last, reports=[])
        moved = {*change.written, *change.gone}
        there = set(self._models()) - moved
        reports = [*(report for report in last.reports if Path(report.path) in there), *new.reports]
        reports.sort(key=lambda report: report.path)
        self._take(replace(new, reports=reports, unused=new.accepted.unused(reports)), new.reports)

    def _take(self, judged: Judged, shown: Sequence[Report]) -> None:
        self.judged = judged
        tell(self.call, judged, shown)
        sys.stdout.flush()
        self.code = code_of(self.call, judged)

    def _models(self) -> Iterator[Path]:
        from edgelint.paths import model_files

        return (path for path in model_files(self.paths) if isinstance(path, Path))


def _said(change: Change) -> str:
    """The first files of a change, in words."""
    words = [printable(str(path), 200) for path in change.written]
    words += [f"{printable(str(path), 200)} is gone" for path in change.gone]
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


_NAMED = 3
"""Files that a line names before it counts the rest."""
