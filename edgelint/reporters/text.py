"""Text for people: findings first, then the figures of each model, then one line of totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TextIO

import click

from edgelint.analysis.figure import Basis, Figure
from edgelint.printable import printable, short
from edgelint.quantity import show_bytes, show_count, show_number, show_share
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN, Profile, Report, show_summary, summary
from edgelint.reporters import Style
from edgelint.reporters.arena import plan_lines
from edgelint.reporters.grouping import Group, groups
from edgelint.reporters.table import write_table
from edgelint.rule import Severity

if TYPE_CHECKING:
    from edgelint.suppress import Suppressed

_SEVERITY_COLOR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_VERDICT = {
    FITS: ("fits", "green"),
    DOES_NOT_FIT: ("does not fit", "red"),
    UNKNOWN: ("unknown whether it fits", "yellow"),
}
_NAMED = 3
"""Nodes that a grouped finding names before it counts the rest."""


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Findings, figures and verdict of each report, and the totals."""
    paint = _Paint(style)
    for report in reports:
        for line in _report(report, paint):
            out.write(line + "\n")
    if not style.quiet:
        write_totals(reports, out, style)


def write_totals(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """One line: how many findings in how many models."""
    out.write(_totals(reports, _Paint(style)) + "\n")


def write_errors(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """The files that could not be read, and why."""
    paint = _Paint(style)
    for report in reports:
        if report.error is not None:
            out.writelines(line + "\n" for line in _error(report, paint))


def write_nodes(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """A table of operators and the figures of each report, no findings."""
    paint = _Paint(style)
    for report in reports:
        if report.error is not None:
            out.writelines(line + "\n" for line in _error(report, paint))
            continue
        write_table(out, style, _COLUMNS, [_row(report, place) for place in range(len(report.nodes))])
        out.write("\n")
        if report.plan is not None:
            out.writelines(line + "\n" for line in plan_lines(report, report.plan, style))
            out.write("\n")
        out.writelines(line + "\n" for line in _figures(report, paint))


class _Paint:
    """Colours where they are wanted, plain text elsewhere."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def __call__(self, text: str, color: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        return click.style(text, fg=color, bold=bold, dim=dim) if self.style.color else text


def _report(report: Report, paint: _Paint) -> Iterator[str]:
    if report.error is not None:
        yield from _error(report, paint)
        return
    style = paint.style
    for group in [Group((each,)) for each in report.findings] if style.verbose else groups(report.findings):
        yield from _group(report, group, paint)
    if style.suppressed:
        for each in report.suppressions:
            yield _silent(report, each, paint)
    if not style.quiet:
        yield from _figures(report, paint)
    if style.verbose:
        yield from _operators(report)


def _silent(report: Report, each: Suppressed, paint: _Paint) -> str:
    place, said = each.finding.location.node, each.finding
    path = printable(report.path, 1000) + (f":{short(place)}" if place else "")
    why = each.level.value + (f": {printable(each.reason, 200)}" if each.reason else "")
    return paint(f"{path}: {said.code} suppressed ({why}): {printable(said.message, 600)}", dim=True)


def _error(report: Report, paint: _Paint) -> Iterator[str]:
    error = report.error
    assert error is not None
    path = printable(report.path, 1000)
    yield f"{paint(path, bold=True)}: {paint(error.code + ' error', 'red')}: {printable(error.sentence, 400)}"
    if error.hint:
        yield f"    {printable(error.hint, 400)}"


def _group(report: Report, group: Group, paint: _Paint) -> Iterator[str]:
    first, *rest = group.findings
    place = printable(report.path, 1000)
    if first.location.node:
        place += f":{short(first.location.node)}"
    severity = paint(f"{first.code} {first.severity.value}", _SEVERITY_COLOR[first.severity])
    yield f"{paint(place, bold=True)}: {severity}: {printable(first.message, 600)}"
    if rest:
        names = (each.location.node for each in rest if each.location.node)
        named = [short(name) for name in islice(names, _NAMED)]
        more = f"and {len(rest) - len(named)} more" if len(rest) > len(named) else ""
        places = f"also at {', '.join(named)} {more}" if named else more
        yield f"    {places.rstrip()}" + (", with other numbers" if group.varied else "")
    if first.hint:
        yield f"    {paint(printable(first.hint, 600), dim=True)}"
    if paint.style.verbose:
        from edgelint.reporters.rule_pages import file_name
        from edgelint.rule import find

        said = f"evidence: {first.evidence.value}; see {file_name(find(first.code))}"
        yield f"    {paint(said, dim=True)}"


def _operators(report: Report) -> Iterator[str]:
    """Every operator, how often it is used, and whether the target's runtime runs it."""
    width = max((len(printable(use.op, 60)) for use in report.operators), default=0)
    for use in report.operators:
        judged = _SUPPORT[use.supported] if report.target is not None else ""
        yield f"    {printable(use.op, 60):<{width}}  {use.count:>6,}  {judged}".rstrip()


_SUPPORT = {True: "supported", False: "refused", None: "not judged"}


def _figures(report: Report, paint: _Paint) -> Iterator[str]:
    profile = report.profile
    assert profile is not None
    text, color = _VERDICT[report.verdict]
    head = [paint(printable(report.path, 1000), bold=True), report.format or ""]
    if report.target is not None:
        budget = f" ({report.budget_note})" if report.budget_note else ""
        head += [report.target + budget, paint(text, color, bold=True)]
    yield " · ".join(head)
    for name, shown, note in _lines(report, profile):
        yield f"  {name:<16} {shown}" + (f"  {paint(note, dim=True)}" if note else "")
    for assumption in report.assumptions:
        yield f"  {'assumed':<16} {assumption}"
    for unknown in report.unknowns:
        yield f"  {'not known':<16} {printable(unknown, 400)}"


def _lines(report: Report, profile: Profile) -> Iterator[tuple[str, str, str]]:
    if report.target is not None:
        arena, flash = profile.arena_bytes, profile.flash_bytes
        need = arena.minimum if arena.minimum is not None else arena.value
        if need is not None or (report.ram_limit is not None and not report.unknowns):
            yield "RAM (arena)", *_against(need, report.ram_limit, arena.basis, arena.reason)
        if flash.value is not None or (report.flash_limit is not None and not report.unknowns):
            yield "flash", *_against(flash.value, report.flash_limit, flash.basis, flash.reason)
    yield "peak activation", *_figure(profile.peak_activation_bytes, show_bytes)
    yield "MACs", *_figure(profile.macs, show_count)
    yield "element ops", *_figure(profile.element_ops, show_count)
    yield "parameters", show_count(profile.parameters), show_bytes(profile.weights_bytes)
    yield "model file", show_bytes(profile.model_bytes), ""
    uses = sum(use.count for use in report.operators)
    refused = [use.op for use in report.operators if use.supported is False]
    unsure = sum(use.supported is None for use in report.operators)
    note = show_number(len(report.operators), "kind")
    if refused:
        note += f", refused: {', '.join(printable(op) for op in refused)}"
    elif report.target is not None:
        note += f", {unsure} not judged" if unsure else ", all supported"
    yield "operators", show_count(uses), note


def _against(need: int | None, limit: int | None, basis: Basis, reason: str) -> tuple[str, str]:
    if need is None:
        return "unknown", printable(reason, 300)
    shown = ("at least " if basis is Basis.BOUND else "") + show_bytes(need)
    if limit is not None:
        shown += f" of {show_bytes(limit)} ({show_share(need, limit)})"
    return shown, _basis(basis, reason)


def _figure(figure: Figure, show: object) -> tuple[str, str]:
    assert callable(show)
    if figure.value is None:
        return figure.formula or "unknown", printable(figure.reason, 300)
    bound = "at least " if figure.basis is Basis.BOUND else ""
    return f"{bound}{show(figure.value)}", _basis(figure.basis, figure.reason)


def _basis(basis: Basis, reason: str) -> str:
    """How sure a figure is, and why it is not exact."""
    return printable(f"{basis.value}: {reason}", 300) if basis is not Basis.EXACT and reason else basis.value


def _totals(reports: Sequence[Report], paint: _Paint) -> str:
    counts = summary(reports)
    text = show_summary(counts)
    if counts["unreadable"]:
        text += f", {counts['unreadable']} unreadable"
    levels = Counter(each.level.value for report in reports for each in report.suppressions)
    if levels:
        by = ", ".join(f"{count} by {level}" for level, count in sorted(levels.items()))
        text += f" ({levels.total()} suppressed: {by})"
    color = "red" if counts["errors"] or counts["unreadable"] else "yellow" if counts["warnings"] else "green"
    return paint(text, color, bold=True)


_COLUMNS = (
    ("#", "right"),
    ("operator", "left"),
    ("name", "left"),
    ("output", "left"),
    ("parameters", "right"),
    ("MACs", "right"),
    ("live bytes", "right"),
)


def _row(report: Report, place: int) -> tuple[str, ...]:
    row = report.nodes[place]
    shape = row.output_shapes[0] if row.output_shapes else None
    dims = "×".join("?" if dim is None else printable(str(dim), 24) for dim in shape) if shape else ""
    dtype = row.dtype or "?"
    return (
        "+" if row.index < 0 else str(row.index),
        printable(row.source_op, 40),
        short(row.name),
        f"{dtype} {dims if shape is not None else '(rank unknown)'}".strip(),
        show_count(row.parameters) if row.parameters else "",
        "?" if row.macs is None else show_count(row.macs) if row.macs else "",
        "?" if row.live_bytes is None else show_count(row.live_bytes),
    )
