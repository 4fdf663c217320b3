"""What changed between two models, as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from edgelint.comparison import Comparison, TargetChange
from edgelint.reporters import Style
from edgelint.reporters.diff_text import LISTED, amounts, layer_line, place_word, port_line
from edgelint.reporters.identity import relative
from edgelint.reporters.markdown import escaped
from edgelint.rule import Finding


def write(comparison: Comparison, out: TextIO, style: Style) -> None:
    """A heading, a table of figures per target, then what changed in folded sections."""
    out.writelines(line + "\n" for line in _lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    old, new = (escaped(relative(path), 400) for path in (comparison.old, comparison.new))
    yield f"## edgelint diff: {old} → {new}"
    if comparison.remark:
        yield from ("", f"*{escaped(comparison.remark, 300)}*")
    if comparison.same:
        yield from ("", "No difference in contract, layers, operators, figures or findings.")
        return
    for change in comparison.targets:
        yield from _target(change)
    contract = [port_line(change).replace("->", "→") for change in comparison.contract]
    yield from _folded("contract", contract, opened=True)
    layers = comparison.layers
    yield from _folded("layers removed", [place_word(place) for place in layers.removed])
    yield from _folded("layers added", [place_word(place) for place in layers.added])
    yield from _folded("layers changed", [layer_line(change).replace("->", "→") for change in layers.changed])
    operators = [f"{op}: {old} → {new}" for op, (old, new) in comparison.operators.items()]
    yield from _folded("operators", operators)


def _target(change: TargetChange) -> Iterator[str]:
    old, new = change.verdicts
    verdict = f": {old}" if old == new else f": {old} → **{new}**"
    yield from ("", f"### {change.target}{verdict}" if change.target else "### Any target")
    yield from ("", "| figure | old → new |", "|---|---|")
    yield from (f"| {figure.name} | {amounts(figure).replace('->', '→')} |" for figure in change.figures)
    yield from _folded("new findings", [_finding(each) for each in change.appeared], opened=True)
    yield from _folded("findings gone", [_finding(each) for each in change.gone])


def _finding(finding: Finding) -> str:
    return f"{finding.code} {finding.severity.value}: {finding.location.node} {finding.message}"


def _folded(title: str, lines: Sequence[str], *, opened: bool = False) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"<details{' open' * opened}><summary>{title} ({len(lines)})</summary>", "")
    yield from (f"- {escaped(line, 600)}" for line in lines[:LISTED])
    if len(lines) > LISTED:
        yield f"- and {len(lines) - LISTED} more"
    yield from ("", "</details>")
