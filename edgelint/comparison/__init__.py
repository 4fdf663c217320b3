"""Two models side by side: what changed in contract, layers, operators, cost and findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.bounds import ALL, Allowance
from edgelint.checker import Settings, check_file
from edgelint.comparison.contract import Port, PortChange, contract
from edgelint.comparison.figures import FigureChange, figures
from edgelint.comparison.layers import Layers, match
from edgelint.comparison.pairing import Pair, paired, vocabulary
from edgelint.deferred import dataclass, replace
from edgelint.loaders import Binding, load
from edgelint.report import Report
from edgelint.rule import Finding

if TYPE_CHECKING:
    from edgelint.ir.model import Model


@dataclass(frozen=True)
class TargetChange:
    """What changed for one target, or without one.

    verdicts: before and after. appeared, gone: findings that only one of them has.
    """

    target: str | None
    verdicts: tuple[str, str]
    figures: tuple[FigureChange, ...]
    appeared: tuple[Finding, ...]
    gone: tuple[Finding, ...]


@dataclass(frozen=True)
class Comparison:
    """What NEW is, seen from OLD.

    contract: changes of inputs and outputs; ports: all of NEW's. layers: matched nodes and what became of
    them. operators: operator to its uses before and after, where they differ. remark: what was compared,
    where it was not the two files as they are.
    """

    old: str
    new: str
    formats: tuple[str, str]
    contract: tuple[PortChange, ...]
    ports: tuple[Port, ...]
    layers: Layers
    operators: dict[str, tuple[int, int]]
    targets: tuple[TargetChange, ...]
    remark: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing at all differs that edgelint looks at."""
        moved = any(
            each.appeared or each.gone or any(f.differs for f in each.figures) for each in self.targets
        )
        return not (self.contract or self.operators or self.layers.differ or moved)


def compare(old: Path, new: Path, settings: Settings) -> Comparison:
    """The comparison of two files for the targets of `settings`.

    Raises EdgelintError when one of them cannot be read, or takes too much.
    """
    free, one = Binding(settings.dims), Binding(settings.dims, batch=1)
    left, right = (Allowance(path, share=ALL) for path in (old, new))
    with left:
        before = load(old, free)
    with right:
        after = load(new, free)
    # What is done with both models counts for both.
    with left, right:
        plain = vocabulary(before) == vocabulary(after)
        pair = Pair(before, after) if plain else paired(load(old, one), load(new, one), settings.quantize)
        layers = match(pair.old, pair.new, attributes=plain)
        changes, ports = contract(before, after)
    with left:
        was = _reports(old, replace(settings, quantize=pair.old_scheme))
    with right:
        now = _reports(new, replace(settings, quantize=pair.new_scheme))
    return Comparison(
        old=str(old),
        new=str(new),
        formats=(before.format, after.format),
        contract=changes,
        ports=ports,
        layers=layers,
        operators=_operators(pair.old, pair.new),
        targets=tuple(_change(*each, layers) for each in zip(was, now, strict=True)),
        remark=pair.remark,
    )


def _reports(path: Path, settings: Settings) -> list[Report]:
    reports = check_file(path, settings)
    for report in reports:
        if report.error is not None:
            raise report.error
    return reports


def _operators(old: Model, new: Model) -> dict[str, tuple[int, int]]:
    plain = vocabulary(old) == vocabulary(new)
    counts = [
        Counter(node.source.op if plain else node.op for _, node in model.nodes()) for model in (old, new)
    ]
    words = dict.fromkeys((*counts[0], *counts[1]))
    return {word: (counts[0][word], counts[1][word]) for word in words if counts[0][word] != counts[1][word]}


def _change(old: Report, new: Report, layers: Layers) -> TargetChange:
    """Findings are the same where rule and layer are, whatever their numbers or the layer's new name.

    Across formats a layer has other names, so the rule alone counts.
    """
    renamed = dict(layers.renamed)

    def key(finding: Finding) -> tuple[str, str]:
        node = renamed.get(finding.location.node, finding.location.node)
        return finding.code, node if old.format == new.format else ""

    return TargetChange(
        target=new.target,
        verdicts=(old.verdict, new.verdict),
        figures=figures(old, new),
        appeared=_only(new.findings, old.findings, key),
        gone=_only(old.findings, new.findings, key),
    )


def _only(
    findings: Sequence[Finding], others: Sequence[Finding], key: Callable[[Finding], tuple[str, str]]
) -> tuple[Finding, ...]:
    """The findings that `others` do not have as well."""
    left = Counter(map(key, others))
    found = []
    for each in findings:
        if left[key(each)]:
            left[key(each)] -= 1
        else:
            found.append(each)
    return tuple(found)
