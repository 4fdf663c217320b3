"""`check` between its options and its exit code: judge models, and tell what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from click import ClickException

from edgelint.commands.configured import Plan, plan_of_call
from edgelint.commands.output import write_reports, written
from edgelint.commands.running import EXIT_FAILED, exit_code, reports_on, say, told_in_one_line
from edgelint.commands.standard_input import Input
from edgelint.deferred import dataclass, replace
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.baseline import Baseline, Entry
    from edgelint.report import Report


@dataclass(frozen=True)
class Call:
    """How `check` was called, as far as its configuration does not say it.

    outputs: (format, file) of each report, None for standard output. exit_zero: whether findings leave the
    exit code alone. suppressed, quiet, verbose, statistics: what standard output or `--output` shows.
    """

    outputs: Sequence[tuple[str, str | None]]
    color: str = "auto"
    jobs: int = 1
    progress: bool = True
    allow_empty: bool = False
    strict_baseline: bool = False
    exit_zero: bool = False
    suppressed: bool = False
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False


@dataclass(frozen=True)
class Judged:
    """What was found: reports without what is suppressed, and the plan and baseline they come from.

    stdin: what the path `-` meant.
    """

    reports: list[Report]
    plan: Plan
    accepted: Baseline
    baseline: str | None
    stdin: Input | None = None
    unused: Mapping[Entry, int] = field(default_factory=dict)


def judge(call: Call, paths: Sequence[str], stdin: Input | None = None) -> Judged:
    """What the rules say of `paths`, by the configuration as it is now."""
    from edgelint.baseline import Baseline
    from edgelint.suppress import Suppressions

    with told_in_one_line():
        plan = plan_of_call()
        baseline = plan.value("baseline", paths)
        allow_inline = plan.value("allow-inline", paths)
        accepted = Baseline.read(Path(baseline)) if baseline else Baseline()
    found = reports_on(
        paths, plan, call.jobs, stdin=stdin, allow_empty=call.allow_empty, progress=call.progress
    )
    ignores = plan.ignores(report.path for report in found)
    reports = Suppressions(ignores, accepted, allow_inline).apply(found)
    return Judged(reports, plan, accepted, baseline, stdin, accepted.unused(reports))


def tell(call: Call, judged: Judged, shown: Sequence[Report] | None = None) -> None:
    """Writes all reports to files, and those `shown`, or all, to standard output.

    One that fails ends the command when the others are written.
    """
    failures: list[ClickException] = []
    for place, (_, file) in enumerate(call.outputs):
        if file is None and shown is not None and not shown:
            continue
        try:
            _write(call, judged, place, judged.reports if file is not None or shown is None else shown)
        except ClickException as error:
            failures.append(error)
    if judged.unused:
        _warn_of(judged.unused, judged.baseline or "")
    for failure in failures[1:]:
        failure.show()
    for failure in failures:
        raise failure


def _write(call: Call, judged: Judged, place: int, reports: Sequence[Report]) -> None:
    """Writes `reports` as the call's output at that place has it."""
    kind, file = call.outputs[place]
    if place == 0 and call.quiet and kind == "text":
        reports = [_grave(report, judged.plan) for report in reports]
    if place == 0 and call.statistics:
        _write_statistics(call, reports)
    elif kind == "html":
        from edgelint.commands.pictures import write_page

        read_from = {judged.stdin.name: judged.stdin.path} if judged.stdin else {}
        write_page(reports, judged.plan, file, call.color, read_from)
    else:
        write_reports(
            reports,
            kind,
            file,
            call.color,
            suppressed=call.suppressed,
            quiet=place == 0 and call.quiet,
            verbose=place == 0 and call.verbose,
        )


def code_of(call: Call, judged: Judged) -> int:
    """The exit code: 2 for what could not be judged goes before 1 for findings."""

    def fail_on_of(report: Report) -> str:
        return "never" if call.exit_zero else _fail_on(judged.plan, report)

    if judged.unused and call.strict_baseline:
        return EXIT_FAILED
    return exit_code(judged.reports, fail_on_of)


def _fail_on(plan: Plan, report: Report) -> str:
    return str(plan.resolved(Path(report.path)).value("fail-on"))


def _grave(report: Report, plan: Plan) -> Report:
    """The report without its notes, unless these make `check` fail."""
    from edgelint.rule import Severity

    if _fail_on(plan, report) == Severity.NOTE.value:
        return report
    return replace(report, findings=tuple(each for each in report.findings if each.severity.rank < 2))


def _write_statistics(call: Call, reports: Sequence[Report]) -> None:
    from edgelint.reporters import statistics

    kind, file = call.outputs[0]
    with written(file, call.color, readable=True) as (out, style):
        statistics.write(reports, out, replace(style, quiet=call.quiet), kind)


def _warn_of(unused: Mapping[Entry, int], baseline: str) -> None:
    """What the baseline accepts and nobody found, on standard error."""
    first = next(iter(unused))
    place = f"{printable(first.path)}:{printable(first.node)}" if first.node else printable(first.path)
    say(
        f"edgelint: {baseline} accepts findings that are gone ({sum(unused.values())}), such as "
        f"{first.rule} of {place}; `edgelint baseline --prune` takes them out"
    )
