"""For test suites: a model that no longer fits its device fails a test.

from edgelint.testing import assert_deployable

def test_the_wake_word_model_fits() -> None:
    assert_deployable("models/kws.tflite", target="cortex-m4", max_arena="96K")
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgelint.analysis.figure import Basis
from edgelint.analysis.own_limits import FIGURES
from edgelint.printable import printable
from edgelint.quantity import parse_bytes, parse_count
from edgelint.report import DOES_NOT_FIT, Report
from edgelint.rule import Severity


def assert_deployable(
    model: Any,
    target: str,
    *,
    max_arena: int | str | None = None,
    max_flash: int | str | None = None,
    max_macs: int | str | None = None,
    max_parameters: int | str | None = None,
    fail_on: str = "error",
    ignore: Iterable[str] = (),
    **options: Any,
) -> Report:
    """The report on `model`, once it is clear that it runs on `target`.

    model: what `edgelint.check` takes. max_arena, max_flash: bytes, or words such as "96K"; max_macs,
    max_parameters: a number, or words such as "10M". fail_on: the least severity that fails. ignore: rules
    that may speak. options: more keywords of `edgelint.check` (task, quantize, dims …).
    Raises AssertionError with all reasons: an unreadable model, a verdict that says it does not fit,
    findings, figures above a limit, and figures with a limit that are not known or known from below only.
    """
    import edgelint

    report = edgelint.check(model, target, ignore=tuple(ignore), **options)
    limits = (
        ("arena", "arena", _bytes(max_arena)),
        ("flash", "flash", _bytes(max_flash)),
        ("macs", "MACs", _count(max_macs)),
        ("parameters", "parameters", _count(max_parameters)),
    )
    reasons = [*_refusals(report, fail_on), *_overruns(report, limits)]
    if reasons:
        listed = "\n".join(f"  - {reason}" for reason in reasons)
        raise AssertionError(f"{printable(report.path, 400)} is not deployable on {target}:\n{listed}")
    return report


def _refusals(report: Report, fail_on: str) -> list[str]:
    if report.error is not None:
        return [f"{report.error.code}: {printable(report.error.sentence, 400)}"]
    worst = Severity(fail_on).rank
    grave = [finding for finding in report.findings if finding.severity.rank <= worst]
    said = [f"{each.code} {each.rule}: {printable(each.message, 600)}" for each in grave]
    return said or (["it does not fit"] if report.verdict == DOES_NOT_FIT else [])


def _overruns(report: Report, limits: Iterable[tuple[str, str, int | None]]) -> list[str]:
    """What is above its limit or not known to be below. limits: figures, their names, what they may be."""
    found = []
    for figure, name, limit in limits:
        if limit is None or figure not in report.measured:
            continue
        value, basis = report.measured[figure].value, report.measured[figure].basis
        unit = FIGURES[figure][1]
        if value is not None and value > limit:
            found.append(
                f"{name}: {value:,} {unit}".rstrip() + f", {value - limit:,} above the limit of {limit:,}"
            )
        elif value is None or basis in (Basis.BOUND, Basis.UNKNOWN):
            known = (
                "not known"
                if value is None
                else f"at least {value:,} {unit}".rstrip() + ", not known in full"
            )
            found.append(f"{name}: {known}, so the limit of {limit:,} is not proven")
    return found


def _bytes(limit: int | str | None) -> int | None:
    return parse_bytes(limit) if isinstance(limit, str) else limit


def _count(limit: int | str | None) -> int | None:
    return parse_count(limit) if isinstance(limit, str) else limit
