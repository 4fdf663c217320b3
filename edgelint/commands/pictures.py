"""`check --format html`: the pictures of the models that were judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgelint.commands.output import written
from edgelint.commands.running import told_in_one_line
from edgelint.deferred import replace
from edgelint.errors import EdgelintError
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
    from edgelint.bounds import ALL, Allowance
    from edgelint.reporters.html import page

    readable = [report for report in reports if report.error is None]
    refused = [(report.path, report.error) for report in reports if report.error is not None]
    undrawn: list[tuple[str, EdgelintError]] = []
    # The only model has what its report has left it; among many each has an allowance of its own.
    alone = len(readable) == 1 and not plan(Path(readable[0].path)).weights
    allowance = Allowance(readable[0].path, share=ALL, since_start=True) if alone else nullcontext()
    with told_in_one_line(of_model=True), allowance:
        pictures = list(_pictures(readable, plan, read_from, undrawn))
        lines = [
            f"{printable(path, 1000)}: {error.code} {printable(error.sentence, 400)}"
            for path, error in refused + undrawn
        ]
        content = page(pictures, lines)
    with written(output, color) as (out, _):
        out.write(content)
    with told_in_one_line(of_model=True):
        for _, error in undrawn:
            raise error


def _pictures(
    reports: Sequence[Report],
    plan: Plan,
    read_from: Mapping[str, Path],
    undrawn: list[tuple[str, EdgelintError]],
) -> Iterator[Picture]:
    """Models are read again for it: reports come from other processes, where models stay.

    Those that cannot be read or drawn any more become entries of `undrawn`.
    """
    from edgelint.checker import judged
    from edgelint.picture.draw import draw

    left = list(reports)
    while left:
        name = left[0].path
        path = Path(name)
        try:
            for context, _ in judged(read_from.get(name, path), replace(plan(path), rules=False)):
                yield draw(context, left.pop(0), weights=True)
        except EdgelintError as error:
            undrawn.append((name, error))
            del left[0]
