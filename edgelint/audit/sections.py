"""A summary as headings and tables, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgelint.audit.rows import Row
from edgelint.audit.summary import LISTED, SMALL_ZOO, UNREADABLE, Home, Standing, Summary, name_of
from edgelint.deferred import dataclass
from edgelint.quantity import show_bytes, show_count, show_number
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN
from edgelint.verdict import REASONS

LEFT, RIGHT = "left", "right"

TITLES = {"ram": "RAM", "memory": "memory plan"}
"""Reasons that are called otherwise in a table."""

USUAL = REASONS[:3]
"""Reasons that have a column even where no model failed for them."""

OPERATORS = 6
"""Operators that are listed of a target."""

_HEDGES = {"bound": "≥ ", "predicted": "≈ "}


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading. columns: title and side. shares: parts of a bar per row, in a page only.

    note: a sentence below it.
    """

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]
    shares: Sequence[Mapping[str, int]] = ()
    note: str = ""


def headline(summary: Summary) -> str:
    """The audit in one line."""
    formats = ", ".join(f"{count} {name}" for name, count in summary.formats.most_common())
    unreadable = f", {summary.unreadable} unreadable" if summary.unreadable else ""
    named = [target for target, _ in summary.standings if target]
    targets = f" × {show_number(len(named), 'target')}" if named else ""
    size = show_bytes(summary.bytes)
    return f"{show_number(summary.models, 'model')}{targets}: {size}; {formats or 'none read'}{unreadable}"


def sections(summary: Summary) -> Iterator[Section]:
    """What there is to tell, the most asked for first."""
    every = (_league, _operators, _homes, _rules, _errors, _largest)
    yield from (section for make in every if (section := make(summary)).rows)


def _league(summary: Summary) -> Section:
    """What fits where."""
    reasons = [
        name
        for name in REASONS
        if name in USUAL or any(each.reasons[name] for each in summary.standings.values())
    ]
    columns = [
        *(
            ("target", LEFT),
            ("fits", RIGHT),
            ("does not fit", RIGHT),
            ("unknown", RIGHT),
            (UNREADABLE, RIGHT),
        ),
        *((TITLES.get(name, name), RIGHT) for name in reasons),
    ]
    verdicts = (FITS, DOES_NOT_FIT, UNKNOWN, UNREADABLE)
    return Section(
        "What fits where",
        columns,
        [
            [
                standing.target or "no target",
                *(show_count(standing.verdicts[verdict]) for verdict in verdicts),
                *(show_count(standing.reasons[name]) for name in reasons),
            ]
            for standing in summary.league
        ],
        [{verdict: standing.verdicts[verdict] for verdict in verdicts} for standing in summary.league],
        "The last columns say why models do not fit; one may fail for several reasons.",
    )


def _operators(summary: Summary) -> Section:
    """The operators that keep most models away, per target."""
    return Section(
        "Operators in the way",
        (("target", LEFT), ("unsupported operators, and models that have them", LEFT)),
        [
            [standing.target or "no target", _most(standing)]
            for standing in summary.league
            if standing.unsupported
        ],
    )


def _most(standing: Standing) -> str:
    ordered = sorted(standing.unsupported.items(), key=lambda each: (-each[1], each[0]))
    more = f", and {len(ordered) - OPERATORS} more" if len(ordered) > OPERATORS else ""
    return ", ".join(f"{op} {count}" for op, count in ordered[:OPERATORS]) + more


def _homes(summary: Summary) -> Section:
    """The smallest target for each model of a small zoo that has several targets."""
    several = len(summary.standings) > 1 and summary.models <= SMALL_ZOO
    return Section(
        "The smallest target for each model",
        (
            ("model", LEFT),
            ("smallest target", LEFT),
            ("RAM needed", RIGHT),
            ("flash needed", RIGHT),
            ("fits on", RIGHT),
        ),
        [_home(home) for home in summary.homes] if several else [],
        note="Smallest by RAM, then by flash.",
    )


def _home(home: Home) -> list[str]:
    if home.row is None:
        nowhere = "unreadable" if home.error else "none"
        return [home.name, nowhere, "", "", "" if home.error else f"0 of {home.targets}"]
    return [
        home.name,
        home.row["target"],
        _amount(home.row, "arena_minimum_bytes", "arena_basis"),
        _amount(home.row, "flash_bytes", "flash_basis"),
        f"{home.fits} of {home.targets}",
    ]


def _amount(row: Row, column: str, basis: str) -> str:
    need = row.get(column)
    return "" if need is None else _HEDGES.get(row.get(basis, ""), "") + show_bytes(need)


def _rules(summary: Summary) -> Section:
    """The rules that found something in most models."""
    rows = [
        [show_count(summary.models_by_rule[key]), show_count(summary.findings[key]), *key]
        for key in summary.rules
    ]
    more = len(rows) - 2 * LISTED
    return Section(
        "Findings",
        (("models", RIGHT), ("findings", RIGHT), ("severity", LEFT), ("code", LEFT), ("rule", LEFT)),
        rows[: 2 * LISTED],
        note=f"And {show_number(more, 'rule')} more." if more > 0 else "",
    )


def _errors(summary: Summary) -> Section:
    """What is wrong with models that could not be judged."""
    counts = ", ".join(f"{count} {code}" for code, count in summary.errors.most_common())
    more = summary.errors.total() - len(summary.failed)
    return Section(
        "Models that could not be judged",
        (("model", LEFT), ("code", LEFT), ("problem", LEFT)),
        summary.failed,
        note=f"And {show_number(more, 'model')} more. By code: {counts}." if more > 0 else "",
    )


def _largest(summary: Summary) -> Section:
    """The largest files."""
    return Section(
        "The largest models",
        (("model", LEFT), ("file", RIGHT), ("parameters", RIGHT), ("MACs", RIGHT), ("format", LEFT)),
        [
            [
                name_of(row),
                show_bytes(row.get("bytes") or 0),
                _number(row.get("parameters")),
                _HEDGES.get(row.get("macs_basis", ""), "") * ("macs" in row) + _number(row.get("macs")),
                row.get("format", ""),
            ]
            for row in summary.largest
        ],
    )


def _number(count: int | None) -> str:
    return "" if count is None else show_count(count)
