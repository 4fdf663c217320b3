"""What the support tables may say, verified when one is read.

A key that means nothing is an error: it would be a limit that nobody holds a model against. The
words are in schema.toml; what `checked`, `cases` and `general` mean is in edgelint.analysis.constraints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, read_toml
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
    _known(table, "", table.sections, words("sections"))
    for section in ("table", "generic"):
        _known(table, f"[{section}]", table.sections.get(section, {}), words("general", "facts"))
    for key in ("unlisted", "on_violation"):
        stated = str(table.header.get(key, "error"))
        if stated.partition(" ")[0] not in POLICIES:
            raise _broken(table, "[table]", f"says {stated!r} for {key}")
    for word, entries in table.operators.items():
        for row in entries:
            _known(table, f"operator {word}", row, rows)
            for condition in row.get("conditions", ()):
                _known(table, f"condition of {word}", condition, rows | words("conditions"))
                _known(table, f"condition of {word}", condition.get("when", {}), words("cases"))
    return table


def _known(table: Table, where: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise _broken(table, where, f"has the unknown key {unknown[0]}")


def _broken(table: Table, where: str, problem: str) -> EdgelintError:
    return EdgelintError(FOLDER / "operators" / f"{table.name}.toml", problem, where=where)
