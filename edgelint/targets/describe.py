"""An operator's row in a support table, as sentences for a reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgelint.targets.rows import OWN_ROWS
from edgelint.targets.schema import words
from edgelint.targets.table import Row


def is_supported(rows: tuple[Row, ...]) -> bool:
    """Whether any of an operator's rows says that the runtime has it."""
    return any(row.get("supported", True) for row in rows)


def limits(row: Row, table: str) -> Iterator[str]:
    """What a table like `table` asks of this operator, one phrase per limit: known ones first."""
    for key, phrase in _PHRASES.items():
        if key in row and (said := phrase(row[key], row)):
            yield said
    if table in OWN_ROWS:
        return
    for key, asked in row.items():
        if key == "conditions":
            yield from map(_condition, asked)
        elif key not in _PHRASES and key in words("checked", "stated"):
            yield f"{_word(key)} {_asked(asked)}".removesuffix(" yes")


def _condition(condition: Mapping[str, Any]) -> str:
    rest = ", ".join(f"{_word(key)} {_asked(asked)}" for key, asked in condition.items() if key != "when")
    case = ", ".join(f"{_word(key)} {_asked(asked)}" for key, asked in condition["when"].items())
    return f"if {case}: {rest}".removesuffix(" yes")


def _word(key: str) -> str:
    return key.replace("_", " ")


def _asked(asked: Any) -> str:
    if isinstance(asked, bool):
        return "yes" if asked else "no"
    if isinstance(asked, Mapping):
        return "; ".join(f"{_word(name)} {_asked(value)}" for name, value in asked.items())
    return ", ".join(map(_asked, asked)) if isinstance(asked, list) else str(asked)


def _list(values: Any) -> str:
    return values if isinstance(values, str) else ", ".join(map(str, values))


def _roles(roles: Mapping[str, Any]) -> str:
    return "; ".join(f"{role} {_list(values)}" for role, values in roles.items())


def _range(first: object, last: object) -> str:
    return f"{first} and newer" if last is None else str(first) if first == last else f"{first} to {last}"


_PHRASES: dict[str, Callable[[Any, Row], str]] = {
    "domain": lambda domain, row: "" if domain == "ai.onnx" and "since" not in row else f"domain {domain}",
    "since": lambda since, row: f"opset {_range(since, row.get('until'))}",
    "min_version": lambda first, row: f"version {_range(first, row['max_version'])}",
    "dtypes": lambda dtypes, row: f"dtypes {_list(dtypes)}",
    "dtype_sets": lambda sets, row: "dtypes " + " or ".join(map(_roles, sets)),
    "types": lambda types, row: f"types {_roles(types)}" if types else "any type",
    "ir_input_dtypes": lambda roles, row: f"inputs {_roles(roles)}",
    "rank": lambda rank, row: f"rank {_list([rank] if isinstance(rank, int) else rank)}",
    "constraints": lambda constraints, row: "; ".join(constraints),
    "note": lambda note, row: str(note),
}
