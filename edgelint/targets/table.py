"""Operator support tables: which operators a runtime has, and within which limits.

A table is one TOML file in `operators/`; the largest take a quarter of `edgelint check` to parse
whole. Sections begin at headers in column 0 (`[op.CONV_2D]`), so a reader that wants the operators
of one model cuts these sections out of the text and parses nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, parse_toml, read_toml

Row = Mapping[str, Any]

_HEADER = re.compile(r"^\[\[?([A-Za-z_]\w*)(?:\.(?:\"([^\"]+)\"|([\w-]+)))?\]\]?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Table:
    """What a support table says, as far as it was asked.

    name, version, source: which table, of which release, read from where.
    unlisted: what happens to an operator with no row ("error", …).
    operators: rows by operator name; an operator that was not asked for is missing even if listed.
    custom: rows of the custom operators that the runtime has built in.
    sections: everything else by section name ("table", "generic", "function_ops", …).
    """

    name: str
    version: str
    source: str
    unlisted: str
    operators: Mapping[str, tuple[Row, ...]]
    custom: Mapping[str, Row]
    sections: Mapping[str, Row]

    @property
    def header(self) -> Row:
        """The `[table]` section."""
        return self.sections["table"]


def read(name: str, operators: Iterable[str] | None = None) -> Table:
    """The table called `name`, with the rows of `operators` only; all rows when None.

    Raises EdgelintError when there is no such table or it lacks its header.
    """
    path = FOLDER / "operators" / f"{name}.toml"
    if operators is None:
        return _table(path, read_toml(path))
    wanted = frozenset(operators)
    text, spans = _sections(path)
    chosen = "".join(text[start:end] for word, start, end in spans if word is None or word in wanted)
    return _table(path, parse_toml(chosen))


@cache
def _sections(path: Path) -> tuple[str, tuple[tuple[str | None, int, int], ...]]:
    """The text of a table, and each section as (operator, start, end); None for what is no operator."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EdgelintError(path, f"cannot be read: {error}", hint="install edgelint again") from error
    heads = [
        (match[2] or match[3] if match[1] == "op" else None, match.start())
        for match in _HEADER.finditer(text)
    ]
    ends = [start for _, start in heads[1:]] + [len(text)]
    return text, tuple((word, start, end) for (word, start), end in zip(heads, ends, strict=True))


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
        operators={name: tuple(row) if isinstance(row, list) else (row,) for name, row in rows.items()},
        custom=custom,
        sections=data,
    )
