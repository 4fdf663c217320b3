"""What edgelint says about one model on one target, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from edgelint.analysis.figure import Basis, Figure
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.quantity import show_number
from edgelint.rule import Finding, Severity

if TYPE_CHECKING:
    from edgelint.suppress import Suppressed

SCHEMA = 1
"""Version of the JSON layout; raised when a reader of the old one would misread the new one."""

FITS, DOES_NOT_FIT, UNKNOWN = "fits", "does-not-fit", "unknown"


@dataclass(frozen=True, slots=True)
class ArenaFigure:
    """RAM for the tensor arena, in bytes; None where unknown.

    value: head + tail, what the runtime reports as used. minimum: the smallest arena that loads.
    """

    value: int | None
    basis: Basis
    head: int | None = None
    tail: int | None = None
    minimum: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FlashFigure:
    """Flash for model, runtime and kernels, in bytes; None where unknown."""

    value: int | None
    basis: Basis
    model: int | None = None
    runtime: int | None = None
    kernels: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the model costs. Bytes throughout; model_bytes is the file, without external data."""

    parameters: int
    model_bytes: int
    weights_bytes: int
    macs: Figure
    element_ops: Figure
    peak_activation_bytes: Figure
    arena_bytes: ArenaFigure
    flash_bytes: FlashFigure


@dataclass(frozen=True, slots=True)
class OperatorUse:
    """An operator in the file's own word, how often it is used, and whether the runtime runs it.

    supported is None where that is not known; false when any of its uses is refused.
    """

    op: str
    count: int
    supported: bool | None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One line of `inspect`: an operator with its cost. None where unknown; bytes for live_bytes."""

    graph: str
    index: int
    name: str
    op: str
    source_op: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    output_shapes: tuple[tuple[int | str | None, ...] | None, ...]
    dtype: str | None
    parameters: int
    macs: int | None
    live_bytes: int | None


@dataclass(frozen=True, slots=True)
class Occupant:
    """What lies in the arena: a tensor, or an operator's working memory. Bytes as planned."""

    name: str
    bytes: int
    scratch: bool


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """The bytes alive in the arena while one operator runs, and what they are, the oldest first."""

    graph: str
    index: int
    op: str
    live_bytes: int
    tensors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """The planned arena over time, in execution order. Bytes throughout.

    peak: place in `timeline` of the fullest moment. occupants: what is alive then, the largest
    first. bound: the fewest bytes any plan for this order needs; the plan's head can be above it.
    shrinking: tensors without which the head is smaller, and by how much.
    """

    timeline: tuple[TimelineRow, ...]
    peak: int
    occupants: tuple[Occupant, ...]
    bound: int
    shrinking: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Report:
    """The verdict on one model for one target.

    target, runtime: names, None without a target. nodes, plan: for `inspect` only.
    verdict: "fits", "does-not-fit" or "unknown". reasons: why it does not fit, of `verdict.REASONS`.
    ram_limit, flash_limit: the target's budgets in bytes, None without one; budget_note says where
    they come from. measured: figures that may be limited, by the names of `analysis.own_limits`.
    rules: codes of those that ran. suppressions: what was found and is not told.
    inline: what the file itself asks to be silent about. assumptions: what was taken for granted
    ("batch = 1"). unknowns: what could not be judged and why. error: set, with profile None, when
    the file could not be read.
    """

    path: str
    format: str | None = None
    target: str | None = None
    runtime: str | None = None
    verdict: str = UNKNOWN
    reasons: tuple[str, ...] = ()
    profile: Profile | None = None
    operators: tuple[OperatorUse, ...] = ()
    findings: tuple[Finding, ...] = ()
    rules: tuple[str, ...] = ()
    nodes: tuple[NodeRow, ...] = ()
    plan: ArenaPlan | None = None
    suppressions: tuple[Suppressed, ...] = ()
    inline: str = ""
    error: EdgelintError | None = None
    assumptions: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    ram_limit: int | None = None
    flash_limit: int | None = None
    budget_note: str = ""
    measured: Mapping[str, Figure] = field(default_factory=dict)
    unreadable: bool = field(default=False)

    @property
    def failed(self) -> bool:
        """Whether edgelint could not do its job: no model, or one whose weights are not there."""
        return self.error is not None or self.unreadable

    @property
    def suppressed(self) -> int:
        """How many findings are not told."""
        return len(self.suppressions)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data, as `check --format json` has it in `reports`."""
        return to_dict(self)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def to_dict(report: Report, *, with_nodes: bool = False) -> dict[str, Any]:
    """The report as JSON-ready data; `with_nodes` for `inspect`, which has nodes and no findings."""
    data: dict[str, Any] = {
        "path": report.path,
        "format": report.format,
        "target": report.target,
        "runtime": report.runtime,
        "verdict": report.verdict,
        "profile": _profile(report.profile) if report.profile else None,
        "operators": [
            {"op": use.op, "count": use.count, "supported": use.supported} for use in report.operators
        ],
    }
    if with_nodes:
        data["nodes"] = [_plain(row) for row in report.nodes]
        data["timeline"] = [_plain(row) for row in report.plan.timeline] if report.plan else None
        data["peak"] = _peak(report.plan) if report.plan else None
    else:
        data["findings"] = [finding_data(finding) for finding in report.findings]
        data["suppressed"] = report.suppressed
        data["suppressions"] = [
            {**finding_data(each.finding), "level": each.level.value, "reason": each.reason}
            for each in report.suppressions
        ]
    data["assumptions"] = list(report.assumptions)
    data["unknowns"] = list(report.unknowns)
    data["error"] = _error(report.error) if report.error else None
    return data


def summary(reports: Iterable[Report]) -> Mapping[str, int]:
    """Counts over all reports. `models` counts files, whatever number of targets they were judged for."""
    reports = list(reports)
    return {
        "models": len({report.path for report in reports}),
        "errors": sum(report.count(Severity.ERROR) for report in reports),
        "warnings": sum(report.count(Severity.WARNING) for report in reports),
        "notes": sum(report.count(Severity.NOTE) for report in reports),
        "unreadable": len({report.path for report in reports if report.failed}),
    }


def show_summary(counts: Mapping[str, int]) -> str:
    """A `summary` for a reader: "1 error, 0 warnings, 2 notes in 1 model"."""
    severities = [show_number(counts[f"{each.value}s"], each.value) for each in Severity]
    return f"{', '.join(severities)} in {show_number(counts['models'], 'model')}"


def _peak(plan: ArenaPlan) -> dict[str, Any]:
    return {
        "timeline_index": plan.peak,
        "live_bytes": plan.timeline[plan.peak].live_bytes,
        "tensors": [_plain(occupant) for occupant in plan.occupants],
        "bound_bytes": plan.bound,
        "worth_shrinking": [{"name": name, "saves_bytes": saves} for name, saves in plan.shrinking],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    data = {
        "parameters": profile.parameters,
        "model_bytes": profile.model_bytes,
        "weights_bytes": profile.weights_bytes,
    }
    figures: dict[str, Any] = {
        "macs": profile.macs,
        "element_ops": profile.element_ops,
        "peak_activation_bytes": profile.peak_activation_bytes,
        "arena_bytes": profile.arena_bytes,
        "flash_bytes": profile.flash_bytes,
    }
    return data | {name: _figure(figure) for name, figure in figures.items()}


def _figure(figure: Figure | ArenaFigure | FlashFigure) -> dict[str, Any]:
    data = _plain(figure)
    data["basis"] = figure.basis.value
    return {key: value for key, value in data.items() if not (key in ("formula", "reason") and not value)}


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as JSON-ready data."""
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "evidence": finding.evidence.value,
        "location": _plain(finding.location),
        "data": dict(finding.data),
    }


def _error(error: EdgelintError) -> dict[str, str]:
    return {"code": error.code, "problem": error.sentence, "hint": error.hint}


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
