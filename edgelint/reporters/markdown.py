"""Markdown for job summaries and pull requests: a table of figures, then findings per model.

GitHub refuses a job summary above 1 MiB as a whole, so notes, then warnings are dropped to stay below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from edgelint.analysis.figure import Basis
from edgelint.printable import printable, short
from edgelint.quantity import show_bytes, show_count, show_number
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN, Report, show_summary, summary
from edgelint.reporters import Style
from edgelint.reporters.identity import relative
from edgelint.rule import Finding, Severity

LARGEST = 900 * 1024
"""Bytes of Markdown, well below GitHub's 1 MiB."""

_VERDICTS = {FITS: "fits", DOES_NOT_FIT: "**does not fit**", UNKNOWN: "unknown"}
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~@&]|:(?=\S)")
"""What Markdown, HTML in it, or GitHub's mentions, emoji and links would read as more than a letter."""


def write(reports: Sequence[Report], out: TextIO, style: Style) -> None:
    """Totals, figures and findings; the least severe left out, and said so, where they are too many."""
    for shown in (tuple(Severity), (Severity.ERROR, Severity.WARNING), (Severity.ERROR,), ()):
        text = "\n".join(_page(reports, shown)) + "\n"
        if len(text.encode("utf-8", "backslashreplace")) <= LARGEST:
            break
    out.write(text)


def _page(reports: Sequence[Report], shown: Sequence[Severity]) -> Iterator[str]:
    yield f"## edgelint: {show_summary(summary(reports))}{_silent(reports)}"
    yield ""
    yield "| model | target | verdict | RAM (arena) | flash | MACs | parameters |"
    yield "|---|---|---|--:|--:|--:|--:|"
    yield from map(_row, reports)
    missing = [severity.value for severity in Severity if severity not in shown]
    if missing:
        yield from ("", f"Left out to stay below GitHub's limit: every {' and '.join(missing)}.")
    for report in reports:
        yield from _details(report, shown)


def _silent(reports: Sequence[Report]) -> str:
    suppressed = sum(report.suppressed for report in reports)
    return f" ({suppressed} suppressed)" if suppressed else ""


def _row(report: Report) -> str:
    path = escaped(relative(report.path), 1000)
    if report.error is not None:
        return f"| {path} | | **{report.error.code}**: {escaped(report.error.sentence, 400)} | | | | |"
    profile = report.profile
    assert profile is not None
    arena, flash = profile.arena_bytes, profile.flash_bytes
    need = arena.minimum if arena.minimum is not None else arena.value
    macs = profile.macs
    work = "unknown" if macs.value is None else show_count(macs.value)
    cells = (
        path,
        report.target or "",
        _VERDICTS[report.verdict] if report.target else "",
        _amount(need, report.ram_limit, arena.basis),
        _amount(flash.value, report.flash_limit, flash.basis),
        ("≥ " if macs.basis is Basis.BOUND else "") + work,
        show_count(profile.parameters),
    )
    return f"| {' | '.join(cells)} |"


def _amount(need: int | None, limit: int | None, basis: Basis) -> str:
    if need is None:
        return ""
    known = {Basis.BOUND: "≥ ", Basis.PREDICTED: "≈ "}.get(basis, "")
    return known + show_bytes(need) + (f" of {show_bytes(limit)}" if limit is not None else "")


def _details(report: Report, shown: Sequence[Severity]) -> Iterator[str]:
    groups: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in report.findings:
        if finding.severity in shown:
            groups.setdefault((finding.code, finding.severity), []).append(finding)
    if not groups:
        return
    count = sum(map(len, groups.values()))
    on = f" on {report.target}" if report.target else ""
    path = escaped(relative(report.path), 1000)
    yield from ("", f"<details><summary>{path}{on}: {show_number(count, 'finding')}</summary>", "")
    for (code, severity), group in groups.items():
        first = group[0]
        yield f"- **{code} {first.rule}** ({severity.value}, {len(group)}×)"
        for finding in group[:_LISTED]:
            place = f"`{_code(short(finding.location.node))}`: " if finding.location.node else ""
            yield f"  - {place}{escaped(finding.message, 600)}"
        if len(group) > _LISTED:
            yield f"  - and {len(group) - _LISTED} more"
        if first.hint:
            yield f"  - *{escaped(first.hint, 600)}*"
    yield from ("", "</details>")


_LISTED = 20
"""Findings of one rule in one model that are listed."""


def escaped(text: str, limit: int) -> str:
    """`text` from a model or a message, as Markdown that shows it as it is."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", printable(text, limit))


def _code(name: str) -> str:
    """A name between backticks, which nothing escapes."""
    return name.replace("`", "'").replace("|", "/")
