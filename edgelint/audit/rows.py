"""Reports as flat rows: what the columns of the two tables are, and what a report puts in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgelint import __version__
from edgelint.deferred import dataclass
from edgelint.report import UNKNOWN
from edgelint.rule import Severity

if TYPE_CHECKING:
    from edgelint.analysis.figure import Figure
    from edgelint.errors import EdgelintError
    from edgelint.report import ArenaFigure, FlashFigure, Profile, Report
    from edgelint.rule import Finding
    from edgelint.targets import Target

TEXT, INTEGER, SECONDS, TEXTS = "text", "integer", "seconds", "texts"
"""Kinds of columns: a string, a whole number, a number, a list of strings."""

Row = dict[str, Any]
"""Column to value, JSON-ready."""

Record = dict[str, Any]
"""What is kept of one model on one target: {"row": Row, "findings": [Row, …]}, without the model's path."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. kind: one of the kinds above; every column may be null."""

    name: str
    kind: str
    meaning: str


RESULTS = (
    Column("source", TEXT, "the SOURCE by which the model was found"),
    Column("path", TEXT, "the model's path or URL"),
    Column("sha256", TEXT, "SHA-256 of the file; null where it was not read whole"),
    Column("format", TEXT, "`tflite`, `onnx`, `keras` or `keras-h5`; null for an unreadable file"),
    Column("bytes", INTEGER, "size of the file, without external data"),
    Column("target", TEXT, "the target; null for an audit without one"),
    Column("runtime", TEXT, "the runtime on the target"),
    Column("verdict", TEXT, "`fits`, `does-not-fit` or `unknown`"),
    Column("reasons", TEXTS, "why it does not fit: `ram`, `flash`, `operators`, `quantization`, `memory`"),
    Column("parameters", INTEGER, "stored constants that the graph reads, each once"),
    Column("weights_bytes", INTEGER, "their bytes"),
    Column("macs", INTEGER, "multiply-accumulates of one inference"),
    Column("macs_basis", TEXT, "how sure that is: `exact`, `predicted`, `bound` or `unknown`"),
    Column("element_ops", INTEGER, "operations that are no multiply-accumulates"),
    Column("element_ops_basis", TEXT, "how sure that is"),
    Column("peak_activation_bytes", INTEGER, "largest sum of live tensors"),
    Column("peak_activation_basis", TEXT, "how sure that is"),
    Column("arena_bytes", INTEGER, "tensor arena used"),
    Column("arena_minimum_bytes", INTEGER, "the smallest arena with which the model loads"),
    Column("arena_head_bytes", INTEGER, "planned tensors and scratch memory in it"),
    Column("arena_tail_bytes", INTEGER, "persistent memory in it"),
    Column("arena_basis", TEXT, "how sure the arena is"),
    Column("flash_bytes", INTEGER, "model, runtime and kernels"),
    Column("flash_basis", TEXT, "how sure that is"),
    Column("ram_limit_bytes", INTEGER, "RAM the model may use on the target; null without a limit"),
    Column("flash_limit_bytes", INTEGER, "flash the model may use on the target; null without a limit"),
    Column("unsupported_operators", INTEGER, "uses of operators that the runtime refuses"),
    Column("unsupported", TEXTS, "those operators, in the file's own words"),
    Column("errors", INTEGER, "findings of this severity"),
    Column("warnings", INTEGER, "findings of this severity"),
    Column("notes", INTEGER, "findings of this severity"),
    Column("unknowns", TEXTS, "what could not be judged, and why"),
    Column("error_code", TEXT, "code of the error, for a file that could not be read or judged"),
    Column("error", TEXT, "what is wrong with it"),
    Column("error_hint", TEXT, "what to do about it"),
    Column("edgelint", TEXT, "version of edgelint that judged it"),
    Column("seconds", SECONDS, "time that took; the first target of a model has its loading"),
)
"""The columns of the table of results, one row per model and target."""

FINDINGS = (
    Column("path", TEXT, "the model's path or URL"),
    Column("sha256", TEXT, "SHA-256 of the file; null where it was not read whole"),
    Column("target", TEXT, "the target; null for an audit without one"),
    Column("code", TEXT, "code of the rule"),
    Column("rule", TEXT, "its name"),
    Column("severity", TEXT, "`error`, `warning` or `note`"),
    Column("graph", TEXT, "the graph it is about"),
    Column("node", TEXT, "name of the node; empty for the whole model"),
    Column("op", TEXT, "the node's operator, in the file's own word"),
    Column("index", INTEGER, "the node's place among the operators of its graph"),
    Column("message", TEXT, "what was found"),
    Column("hint", TEXT, "what to do about it"),
    Column("evidence", TEXT, "`exact`, `predicted`, `bound` or `unknown`"),
)
"""The columns of the table of findings."""

LARGEST = 2**63 - 1
"""The largest number a column holds; a hostile file can state larger ones, which become null."""


def record_of(report: Report, seconds: float) -> Record:
    """What is kept of a report on a model that could be judged."""
    unsupported = [use for use in report.operators if use.supported is False]
    row: Row = {
        "format": report.format,
        "target": report.target,
        "runtime": report.runtime,
        "verdict": report.verdict,
        "reasons": list(report.reasons),
        **(_figures(report.profile) if report.profile else {}),
        "ram_limit_bytes": report.ram_limit,
        "flash_limit_bytes": report.flash_limit,
        "unsupported_operators": sum(use.count for use in unsupported),
        "unsupported": [use.op for use in unsupported],
        **{f"{severity.value}s": report.count(severity) for severity in Severity},
        "unknowns": list(report.unknowns),
        "edgelint": __version__,
        "seconds": round(seconds, 6),
    }
    return {"row": _stored(row), "findings": [_stored(_finding(each, report)) for each in report.findings]}


def error_record(error: EdgelintError, target: Target | None, seconds: float) -> Record:
    """What is kept of a model that could not be judged for `target`."""
    row = {
        "target": target.name if target else None,
        "runtime": target.runtime.name if target else None,
        "verdict": UNKNOWN,
        "error_code": error.code,
        "error": error.sentence,
        "error_hint": error.hint,
        "edgelint": __version__,
        "seconds": round(seconds, 6),
    }
    return {"row": row, "findings": []}


def _figures(profile: Profile) -> Row:
    arena, flash = profile.arena_bytes, profile.flash_bytes
    return {
        "parameters": profile.parameters,
        "weights_bytes": profile.weights_bytes,
        **_figure("macs", "macs", profile.macs),
        **_figure("element_ops", "element_ops", profile.element_ops),
        **_figure("peak_activation_bytes", "peak_activation", profile.peak_activation_bytes),
        **_figure("arena_bytes", "arena", arena),
        "arena_minimum_bytes": arena.minimum,
        "arena_head_bytes": arena.head,
        "arena_tail_bytes": arena.tail,
        **_figure("flash_bytes", "flash", flash),
    }


def _figure(column: str, name: str, figure: Figure | ArenaFigure | FlashFigure) -> dict[str, Any]:
    return {column: figure.value, f"{name}_basis": figure.basis.value}


def _finding(finding: Finding, report: Report) -> Row:
    return {
        "target": report.target,
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "graph": finding.location.graph,
        "node": finding.location.node,
        "op": finding.location.op,
        "index": finding.location.index,
        "message": finding.message,
        "hint": finding.hint,
        "evidence": finding.evidence.value,
    }


def _stored(row: Row) -> Row:
    """`row` with numbers that columns hold, and without nulls."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and not (isinstance(value, int) and value > LARGEST)
    }
