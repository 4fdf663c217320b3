"""What changed between two models, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from edgelint.comparison import Comparison, TargetChange
from edgelint.comparison.contract import PortChange
from edgelint.comparison.figures import FigureChange
from edgelint.comparison.layers import LayerChange, Layers, Place
from edgelint.printable import printable, short
from edgelint.quantity import show_bytes, show_count
from edgelint.reporters import Style
from edgelint.rule import Finding

LISTED = 20
"""Layers of a kind that are listed before the rest is counted."""


def write(comparison: Comparison, out: TextIO, style: Style) -> None:
    """Contract, layers, operators, then figures and findings per target."""
    out.writelines(line + "\n" for line in _lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"{printable(comparison.old, 1000)} -> {printable(comparison.new, 1000)}"
    if comparison.remark:
        yield f"  ({printable(comparison.remark, 300)})"
    if comparison.same:
        yield "no difference in contract, layers, operators, figures or findings"
        return
    sections = {
        "contract": [port_line(change) for change in comparison.contract],
        "layers": list(_layer_lines(comparison.layers)),
        "operators": [f"{printable(op)} {old} -> {new}" for op, (old, new) in comparison.operators.items()],
    }
    for title, lines in sections.items():
        yield f"{title}:" if lines else f"{title}: unchanged"
        yield from (f"  {line}" for line in lines)
    for change in comparison.targets:
        yield from _target_lines(change)


def port_line(change: PortChange) -> str:
    """One change of the contract: "output 0 'probs': type float32[1,10] -> int8[1,10]"."""
    place = f"{change.side} {change.place} '{printable(change.name)}'"
    if change.field in ("added", "removed"):
        return f"{place}: {change.field} ({printable(change.old or change.new)})"
    old, new = (printable(text) if text else "none" for text in (change.old, change.new))
    return f"{place}: {change.field} {old} -> {new}"


def _layer_lines(layers: Layers) -> Iterator[str]:
    yield from _some([f"- {place_word(place)}" for place in layers.removed], "removed")
    yield from _some([f"+ {place_word(place)}" for place in layers.added], "added")
    yield from _some([f"~ {layer_line(change)}" for change in layers.changed], "changed")
    if layers.renamed:
        yield f"{len(layers.renamed)} renamed, such as {' -> '.join(map(short, layers.renamed[0]))}"


def _some(lines: Sequence[str], what: str) -> Iterator[str]:
    yield from lines[:LISTED]
    if len(lines) > LISTED:
        yield f"  and {len(lines) - LISTED} more {what}"


def place_word(place: Place) -> str:
    """A layer by operator and name: "CONV_2D conv_1"."""
    word = printable(place.node.source.op)
    return f"{word} {short(place.node.name)}" if place.node.name else word


def layer_line(change: LayerChange) -> str:
    """A layer and what differs: "CONV_2D conv_1: weights 8×3×3×4 -> 16×3×3×4"."""
    fields = "; ".join(
        f"{printable(name)} {printable(old) or 'none'} -> {printable(new) or 'none'}"
        for name, (old, new) in change.fields.items()
    )
    return f"{place_word(change.new)}: {fields}"


def _target_lines(change: TargetChange) -> Iterator[str]:
    old, new = change.verdicts
    verdict = "" if change.target is None else f" {old}" if old == new else f" {old} -> {new}"
    yield f"{change.target or 'any target'}:{verdict}"
    yield from (f"  {figure_line(figure)}" for figure in change.figures)
    yield from (f"  + {finding_line(finding)}" for finding in change.appeared)
    yield from (f"  - {finding_line(finding)}" for finding in change.gone)


def figure_line(figure: FigureChange) -> str:
    """A figure before and after: "flash            98 KiB -> 104 KiB (+6.1 %)"."""
    return f"{figure.name:<16} {amounts(figure)}"


def amounts(figure: FigureChange) -> str:
    """Both values of a figure, and how much it grew or shrank."""
    old, new = (_amount(value, figure.unit) for value in (figure.old, figure.new))
    if not figure.differs or figure.old is None or figure.new is None:
        return f"{old} -> {new}" if old != new else old
    share = f"{100 * (figure.new - figure.old) / figure.old:+.1f} %" if figure.old else "new"
    return f"{old} -> {new} ({share})"


def _amount(value: int | None, unit: str) -> str:
    if value is None:
        return "unknown"
    return show_bytes(value) if unit == "bytes" else show_count(value)


def finding_line(finding: Finding) -> str:
    """A finding: "EL401 error: dense: gives no probabilities"."""
    place = f"{short(finding.location.node)}: " if finding.location.node else ""
    return f"{finding.code} {finding.severity.value}: {place}{printable(finding.message, 400)}"
