"""An operator's row in a support table, as sentences for a reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgelint.targets.table import Row


def is_supported(rows: tuple[Row, ...]) -> bool:
    """Whether any of an operator's rows says that the runtime has it."""
    return any(row.get("supported", True) for row in rows)


def limits(row: Row) -> Iterator[str]:
    """What the runtime asks of this operator, one phrase per limit, in the order of the table below."""
    for key, phrase in _PHRASES.items():
        if key in row:
            yield phrase(row[key], row)


def _list(values: Any) -> str:
    return values if isinstance(values, str) else ", ".join(map(str, values))


def _roles(roles: Mapping[str, Any]) -> str:
    return "; ".join(f"{role} {_list(values)}" for role, values in roles.items())


def _range(first: object, last: object) -> str:
    return f"{first} and newer" if last is None else str(first) if first == last else f"{first} to {last}"


_PHRASES: dict[str, Callable[[Any, Row], str]] = {
    "domain": lambda domain, row: f"domain {domain}",
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
