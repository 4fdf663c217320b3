"""Whether a model fits a target: from its findings, figures and operators to one word."""

from __future__ import annotations

from edgelint.analysis.figure import Basis
from edgelint.context import Context
from edgelint.findings import DEPLOYMENT_FAMILIES, INTERNAL_FAILURE
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN, Report
from edgelint.rule import Severity, family, registry


def verdict(report: Report, context: Context) -> str:
    """Of `report`, which has all but this, on the model of `context`: FITS, DOES_NOT_FIT or UNKNOWN."""
    target, profile = context.target, report.profile
    if target is None or profile is None:
        return UNKNOWN
    if any(
        finding.severity is Severity.ERROR
        and family(finding.code) in DEPLOYMENT_FAMILIES
        and not registry()[finding.code].policy
        for finding in report.findings
    ):
        return DOES_NOT_FIT
    needs = (
        (target.ram, profile.arena_bytes.minimum, profile.arena_bytes.basis),
        (target.flash, profile.flash_bytes.value, profile.flash_bytes.basis),
    )
    if any(limit is not None and need is not None and need > limit for limit, need, _ in needs):
        return DOES_NOT_FIT
    if any(use.supported is False for use in report.operators):
        return DOES_NOT_FIT
    known = all(
        limit is None or (need is not None and basis in (Basis.EXACT, Basis.PREDICTED))
        for limit, need, basis in needs
    )
    judged = context.deployment is not None and all(use.supported for use in report.operators)
    failed = any(finding.code == INTERNAL_FAILURE for finding in report.findings)
    return FITS if known and judged and context.model.complete and not failed else UNKNOWN
