"""`check --watch`: judge again what has changed, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgelint.commands.judging import Call, Judged, code_of, judge, tell
from edgelint.commands.running import EXIT_FAILED
from edgelint.commands.standard_input import DASH
from edgelint.commands.watching import Change, changes, stamps
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
    before = stamps(watch.files())
    watch.everything()
    before |= {path: stamp for path, stamp in stamps(watch.files()).items() if path not in before}
    try:
        if not call.quiet:
            click.echo(f"edgelint: watching {len(before)} files, until Ctrl-C", err=True)
        for change in changes(lambda: list(watch.files()), before):
            watch.again(change)
    except KeyboardInterrupt:
        pass
    return watch.code


@dataclass
class _Watch:
    """The last word on each watched model. code: what the program would exit with now."""

    call: Call
    paths: tuple[str, ...]
    judged: Judged | None = None
    code: int = EXIT_FAILED

    def files(self) -> Iterator[Path]:
        """The models that are there now, and the files that say how they are judged."""
        yield from self._models()
        yield from self._settings()

    def everything(self) -> None:
        """Judges all models and tells everything."""
        self.judged = judge(self.call, self.paths)
        self._tell(None)

    def again(self, change: Change) -> None:
        """Judges what has changed, after a line with the time; a wrong configuration is told, and waits."""
        _say(change)
        models = set(self._models())
        try:
            if self.judged is None or not models.issuperset(change.written) or self._was_setting(change.gone):
                self.everything()
            else:
                self._some(change)
        except click.ClickException as error:
            error.show()
            self.judged, self.code = None, EXIT_FAILED

    def _some(self, change: Change) -> None:
        assert self.judged is not None
        paths = [str(path) for path in change.written]
        new = judge(self.call, paths) if paths else replace(self.judged, reports=[])
        moved = {str(path) for path in (*change.written, *change.gone)}
        kept = [report for report in self.judged.reports if report.path not in moved]
        reports = sorted([*kept, *new.reports], key=lambda report: report.path)
        self.judged = replace(new, reports=reports, unused=new.accepted.unused(reports))
        self._tell(new.reports)

    def _tell(self, shown: Sequence[Report] | None) -> None:
        assert self.judged is not None
        if shown is None or shown:
            tell(self.call, self.judged, shown)
        sys.stdout.flush()
        self.code = code_of(self.call, self.judged)

    def _models(self) -> Iterator[Path]:
        from edgelint.paths import model_files

        return (path for path in model_files(self.paths) if isinstance(path, Path))

    def _settings(self) -> Iterator[Path]:
        if self.judged is None:
            return
        files = {config.path for config in map(self._config, self.judged.reports) if config}
        yield from sorted(files)
        if self.judged.baseline:
            yield Path(self.judged.baseline)

    def _was_setting(self, gone: Sequence[Path]) -> bool:
        return bool(set(gone) & set(self._settings()))

    def _config(self, report: Report) -> ConfigFile | None:
        assert self.judged is not None
        return self.judged.plan.resolved(Path(report.path)).config


def _say(change: Change) -> None:
    """A line with the time and what has changed."""
    written, gone = (", ".join(printable(str(path), 200) for path in paths) for paths in _few(change))
    said = "; ".join([*([written] if written else []), *([f"gone: {gone}"] if gone else [])])
    click.echo(f"\n[{time.strftime('%H:%M:%S')}] {said}")
