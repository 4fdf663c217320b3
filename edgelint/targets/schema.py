"""What the support tables may say, verified when one is read.

A key that means nothing is an error: it would be a limit that nobody holds a model against. The
words are in schema.toml; what `checked`, `cases` and `general` mean is in edgelint.analysis.constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, read_toml
from edgelint.targets.keys import only_known
from edgelint.targets.table import Table

POLICIES = ("error", "cpu_fallback", "portable_kernel", "unknown")
"""What becomes of an operator that a table does not take: the model does not run; the CPU runs it;
nobody knows, because the table is known to be incomplete."""


@cache
def words(*kinds: str) -> frozenset[str]:
    """The keys of these kinds ("checked", "stated", "about", "cases", …)."""
    data = read_toml(FOLDER / "schema.toml")
    return frozenset(word for kind in kinds for word in data[kind])


def verify(table: Table) -> Table:
    """`table` itself. Raises EdgelintError, naming the place, for a key or policy that means nothing."""
    rows = words("checked", "stated", "about")
    only_known(table.path, "", table.sections, words("sections"))
    for section in ("table", "generic"):
        only_known(table.path, f"[{section}]", table.sections.get(section, {}), words("general", "facts"))
    for key in ("unlisted", "on_violation"):
        stated = str(table.header.get(key, "error"))
        if stated.partition(" ")[0] not in POLICIES:
            raise _broken(table, "[table]", f"says {stated!r} for {key}")
    for word, entries in table.operators.items():
        for row in entries:
            only_known(table.path, f"operator {word}", row, rows)
            for condition in row.get("conditions", ()):
                only_known(table.path, f"condition of {word}", condition, rows | words("conditions"))
                only_known(table.path, f"condition of {word}", condition.get("when", {}), words("cases"))
    return table


def verify_values(path: Path, where: str, row: Mapping[str, Any]) -> None:
    """Raises EdgelintError for a value, of `row` or a condition of it, of a kind that its key never has."""
    for key, value in row.items():
        kinds = _kinds_of(key)
        if kinds and not any(KINDS[kind](value) for kind in kinds):
            listed = " or ".join(WORDS.get(kind, f"a {kind}") for kind in sorted(kinds))
            raise EdgelintError(path, f"has {value!r} for {key}, which wants {listed}", where=where)
    for condition in row.get("conditions", ()):
        verify_values(path, where, condition)


@cache
def _kinds_of(key: str) -> frozenset[str]:
    kinds = read_toml(FOLDER / "schema.toml")["kinds"]
    return frozenset(kind for kind, keys in kinds.items() if key in keys)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _list_of(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(holds, value))


KINDS: Mapping[str, Callable[[object], bool]] = {
    "integer": _is_integer,
    "flag": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "strings": _list_of(lambda value: isinstance(value, str)),
    "integers": _list_of(_is_integer),
    "mixed": _list_of(lambda value: _is_integer(value) or isinstance(value, str)),
    "range": lambda value: _list_of(_is_number)(value) and len(value) == 2,  # type: ignore[arg-type]
    "rows": _list_of(lambda value: _list_of(_is_integer)(value) and bool(value)),
    "pairs": _list_of(lambda value: _list_of(lambda word: isinstance(word, str))(value) and len(value) == 2),  # type: ignore[arg-type]
    "table": lambda value: isinstance(value, Mapping),
}
"""Kind of value, as `[kinds]` of schema.toml names it, to what tells it."""

WORDS = {
    "integer": "a whole number",
    "flag": "true or false",
    "strings": "a list of strings",
    "integers": "a list of whole numbers",
    "mixed": "a list of whole numbers and strings",
    "range": "two numbers, the least and the most",
    "rows": "a list of lists of whole numbers",
    "pairs": "a list of pairs of strings",
}


def _broken(table: Table, where: str, problem: str) -> EdgelintError:
    return EdgelintError(table.path, problem, where=where)
