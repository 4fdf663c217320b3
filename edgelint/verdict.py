"""Whether a model fits a target, and what keeps it away: from its findings, figures and operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.analysis.figure import Basis
from edgelint.findings import DEPLOYMENT_FAMILIES, INTERNAL_FAILURE
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN, Profile, Report
from edgelint.rule import Severity, family, registry

if TYPE_CHECKING:
    from edgelint.context import Context

REASONS = ("ram", "flash", "operators", "quantization", "memory")
"""What can keep a model from a target; "memory" is a fault of its memory plan."""

_BY_FAMILY = dict(zip(DEPLOYMENT_FAMILIES, ("operators", "memory", "quantization"), strict=True))
_BY_CODE = {"EL201": "ram", "EL202": "flash", "EL208": "ram"}
"""Family or code of an error to the reason it stands for."""


def reasons_of(report: Report) -> tuple[str, ...]:
    """Why the model of `report` does not fit its target, in the order of REASONS; () where it may."""
    if report.target is None or report.profile is None:
        return ()
    found = {
        _BY_CODE.get(finding.code) or _BY_FAMILY.get(family(finding.code))
        for finding in report.findings
        if finding.severity is Severity.ERROR and not registry()[finding.code].policy
    }
    found |= {
        reason
        for reason, need, limit, _ in _needs(report.profile, report)
        if limit is not None and need is not None and need > limit
    }
    if any(use.supported is False for use in report.operators):
        found.add("operators")
    return tuple(reason for reason in REASONS if reason in found)


def verdict(report: Report, context: Context) -> str:
    """Of `report`, which has all but this, on the model of `context`: FITS, DOES_NOT_FIT or UNKNOWN."""
    if report.target is None or report.profile is None:
        return UNKNOWN
    if report.reasons:
        return DOES_NOT_FIT
    known = all(
        limit is None or (need is not None and basis in (Basis.EXACT, Basis.PREDICTED))
        for _, need, limit, basis in _needs(report.profile, report)
    )
    judged = context.deployment is not None and all(use.supported for use in report.operators)
    failed = any(finding.code == INTERNAL_FAILURE for finding in report.findings)
    return FITS if known and judged and context.model.complete and not failed else UNKNOWN


def _needs(profile: Profile, report: Report) -> Iterator[tuple[str, int | None, int | None, Basis]]:
    """What the model needs of each memory, what the target has of it, and how sure the need is. In bytes."""
    yield "ram", profile.arena_bytes.minimum, report.ram_limit, profile.arena_bytes.basis
    yield "flash", profile.flash_bytes.value, report.flash_limit, profile.flash_bytes.basis
