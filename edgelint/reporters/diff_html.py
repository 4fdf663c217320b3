"""Two models on one page: what came, went and changed in colour, and both curves of memory over time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from edgelint.checker import judged
from edgelint.comparison import Comparison, TargetChange
from edgelint.comparison.layers import match
from edgelint.comparison.pairing import paired, vocabulary
from edgelint.deferred import replace
from edgelint.loaders import Binding, load
from edgelint.picture.change import changes, pairs
from edgelint.picture.draw import draw
from edgelint.printable import printable
from edgelint.reporters.diff_text import figure_line, finding_line, port_line
from edgelint.reporters.html import page

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.context import Context
    from edgelint.ir.model import Model
    from edgelint.report import Report


def write(comparison: Comparison, settings: Settings, out: TextIO) -> None:
    """The page of the first target of `settings`, with which `comparison` was made.

    Raises EdgelintError when a model cannot be read any more.
    """
    first = replace(settings, targets=settings.targets[:1])
    paths = Path(comparison.old), Path(comparison.new)
    schemes = _schemes(*paths, first)
    sides = [
        next(judged(path, replace(first, quantize=scheme)))
        for path, scheme in zip(paths, schemes, strict=True)
    ]
    subjects = [_subject(context, scheme) for (context, _), scheme in zip(sides, schemes, strict=True)]
    out.write(_page(comparison, sides, subjects))


def _schemes(old: Path, new: Path, settings: Settings) -> tuple[str | None, str | None]:
    """The conversion that each model is seen after, where that makes one's operators the other's."""
    if vocabulary(load(old, Binding())) == vocabulary(load(new, Binding())):
        return None, None
    bound = Binding(settings.dims, batch=1)
    pair = paired(load(old, bound), load(new, bound), settings.quantize)
    return pair.old_scheme, pair.new_scheme


def _subject(context: Context, scheme: str | None) -> Model:
    """The graph that is compared: as in the file, or as it is after conversion."""
    return context.deployment if scheme and context.deployment is not None else context.model


def _page(comparison: Comparison, sides: list[tuple[Context, Report]], subjects: list[Model]) -> str:
    old, new = subjects
    layers = match(old, new, attributes=vocabulary(old) == vocabulary(new))
    pictures = [
        draw(context, report, change, weights=True)
        for (context, report), change in zip(sides, changes(layers), strict=True)
    ]
    diff = {
        "old": printable(comparison.old, 1000),
        "new": printable(comparison.new, 1000),
        "remark": printable(comparison.remark, 300),
        "views": [
            int(subject is not context.model) for (context, _), subject in zip(sides, subjects, strict=True)
        ],
        "pairs": pairs(layers, old, new),
        "sections": list(_sections(comparison)),
    }
    return page(pictures, diff=diff)


def _sections(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of what is no layer; only those that have something to say."""
    if comparison.contract:
        yield "contract", [port_line(change) for change in comparison.contract]
    if comparison.operators:
        yield (
            "operators",
            [f"{printable(op)} {before} → {after}" for op, (before, after) in comparison.operators.items()],
        )
    for change in comparison.targets[:1]:
        yield from _target_sections(change)


def _target_sections(change: TargetChange) -> Iterator[tuple[str, list[str]]]:
    before, after = change.verdicts
    verdict = [f"{change.target}: {before if before == after else f'{before} → {after}'}"]
    yield "figures", (verdict if change.target else []) + [figure_line(each) for each in change.figures]
    for title, findings in (("findings that appeared", change.appeared), ("findings that went", change.gone)):
        if findings:
            yield title, [finding_line(each) for each in findings]
