"""`check --format html`: the pictures of the models that were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgelint.bounds import keep
from edgelint.commands.output import raise_first, written
from edgelint.deferred import replace
from edgelint.errors import EdgelintError, refusal
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.commands.configured import Plan
    from edgelint.report import Report
    from edgelint.reporters.html import Part


def write_page(
    reports: Sequence[Report],
    plan: Plan,
    output: str | None,
    color: str,
    read_from: Mapping[str, Path] = MappingProxyType({}),
) -> None:
    """One page with a picture per report; files that could not be read or drawn are named on it.

    read_from: where a model really is whose report has another path.
    """
    from edgelint.reporters.html import document

    parts: list[Part] = []
    lines: list[str] = []
    undrawn: list[EdgelintError] = []
    for report in reports:
        path = read_from.get(report.path, Path(report.path))
        found = report.error or _part(report, plan, path, alone=len(reports) == 1)
        if not isinstance(found, EdgelintError):
            parts.append(found)
            if len(reports) > 1:
                keep()
            continue
        on = f" on {report.target}" if report.target else ""
        lines.append(f"{printable(report.path, 1000)}{on}: {found.code} {printable(found.sentence, 400)}")
        if report.error is None:
            undrawn.append(found)
    with written(output, color) as (out, _):
        out.writelines(document(parts, lines))
    raise_first(undrawn)


def _part(report: Report, plan: Plan, path: Path, *, alone: bool) -> Part | EdgelintError:
    """What the page says of one model on its target, or why that cannot be told.

    The model is read again for it: reports come from other processes, where models stay. alone: whether all
    that was done so far was for this report.
    """
    from edgelint.bounds import ALL, Allowance
    from edgelint.checker import judged
    from edgelint.picture.draw import draw
    from edgelint.reporters.html import part

    try:
        with Allowance(path, share=ALL, since_start=alone):
            settings = plan(Path(report.path))
            targets = tuple(each for each in settings.targets if each.name == report.target)
            context, _ = next(judged(path, replace(settings, targets=targets, rules=False)))
            return part(draw(context, report, weights=True))
    except Exception as error:
        found = refusal(path, error)
        found.path = Path(report.path)
        return found
