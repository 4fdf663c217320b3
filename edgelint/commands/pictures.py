"""`check --format html`: the pictures of the models that were judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgelint.commands.output import written
from edgelint.deferred import replace
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.commands.configured import Plan
    from edgelint.picture import Picture
    from edgelint.report import Report


def write_page(
    reports: Sequence[Report],
    plan: Plan,
    output: str | None,
    color: str,
    read_from: Mapping[str, Path] = MappingProxyType({}),
) -> None:
    """One page with a picture per report; files that could not be read are named on it.

    read_from: where a model really is whose report has another path.
    """
    from edgelint.reporters.html import page

    unreadable = [
        f"{printable(report.path, 1000)}: {printable(report.error.sentence, 400)}"
        for report in reports
        if report.error is not None
    ]
    with written(output, color) as (out, _):
        out.write(page(list(_pictures(reports, plan, read_from)), unreadable))


def _pictures(reports: Sequence[Report], plan: Plan, read_from: Mapping[str, Path]) -> Iterator[Picture]:
    """Models are read again for it: reports come from other processes, where models stay."""
    from edgelint.checker import judged
    from edgelint.picture.draw import draw

    left = [report for report in reports if report.error is None]
    while left:
        path = Path(left[0].path)
        source = read_from.get(left[0].path, path)
        for context, _ in judged(source, replace(plan(path), rules=False)):
            yield draw(context, left.pop(0), weights=True)
