"""Operator support tables: which operators a runtime has, and within which limits.

A table is one TOML file in `operators/`, with a section per operator (`[op.CONV_2D]`); the rows of
one model's operators are cut out of it and nothing else is parsed. A user's own table is such a
table with changes: edgelint/targets/own_table.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, read_toml
from edgelint.targets.sections import sections

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A user's table: what it changes of the one that it inherits.

    path, where: the file and place it was read from. inherits: a packaged table's name, "" for none,
    or another of the user's. changes: its section of the file, verified.
    """

    name: str
    path: Path
    where: str
    inherits: TableName
    changes: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


TableName = str | OwnTable
"""What `read` reads: a packaged table by its name, or a user's by itself."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a support table says, as far as it was asked.

    name, version, source: which table, of which release, read from where.
    unlisted: what happens to an operator with no row ("error", …).
    operators: rows by operator name; an operator that was not asked for is missing even if listed.
    custom: rows of the custom operators that the runtime has built in.
    sections: everything else by section name ("table", "generic", "function_ops", …).
    path: the file it was read from. form: the packaged table whose rows its own are like, itself
    where it is packaged; "" for a user's that inherits none.
    """

    name: str
    version: str
    source: str
    unlisted: str
    operators: Mapping[str, tuple[Row, ...]]
    custom: Mapping[str, Row]
    sections: Mapping[str, Row]
    path: Path
    form: str

    @property
    def header(self) -> Row:
        """The `[table]` section."""
        return self.sections["table"]


def read(name: TableName, operators: Iterable[str] | None = None) -> Table:
    """The table called `name`, with the rows of `operators` only; all rows when None.

    Raises EdgelintError when there is no such table or it lacks its header.
    """
    if isinstance(name, OwnTable):
        from edgelint.targets.own_table import changed

        return changed(name, operators)
    return _packaged(name, None if operators is None else frozenset(operators))


@lru_cache(maxsize=8)
def _packaged(name: str, wanted: frozenset[str] | None) -> Table:
    """One of edgelint's own tables; several analyses and rules ask for the same rows of it."""
    path = FOLDER / "operators" / f"{name}.toml"
    if wanted is None:
        return _table(path, read_toml(path))
    file = sections(path)
    chosen = (section for section in file.every if section.kind != "op" or section.name in wanted)
    return _table(path, file.parse(chosen))


def root(name: TableName) -> str:
    """The packaged table that a table comes from in the end; "" for a user's that inherits none."""
    while isinstance(name, OwnTable):
        name = name.inherits
    return name


def rows_of(entry: Any) -> tuple[Row, ...]:
    """The rows of one operator, of which a file may state one or a list."""
    return tuple(entry) if isinstance(entry, list) else (entry,)


def _table(path: Path, data: dict[str, Any]) -> Table:
    rows = data.pop("op", {})
    custom = data.pop("custom", {})
    header = data.get("table", {})
    missing = [key for key in ("name", "version", "source", "unlisted") if key not in header]
    if missing:
        raise EdgelintError(path, f"lacks {', '.join(missing)}", where="[table]")
    return Table(
        name=header["name"],
        version=header["version"],
        source=header["source"],
        unlisted=header["unlisted"],
        operators={name: rows_of(row) for name, row in rows.items()},
        custom=custom,
        sections=data,
        path=path,
        form=path.stem,
    )
