"""Operators as tables of what runtimes and accelerators take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from edgelint.errors import EdgelintError
from edgelint.loaders.tflite.operators import BUILTINS
from edgelint.reporters import Style
from edgelint.reporters.table import write_table
from edgelint.targets import FOLDER, Target
from edgelint.targets.describe import is_supported, limits
from edgelint.targets.table import Table, TableName, read

SYNONYMS = {"dense": "FULLY_CONNECTED", "linear": "FULLY_CONNECTED"}
"""Layers' names, squashed, that spell none of their operators'."""

FOREIGN = frozenset({"aten_edge", "executorch_cortex_m_dialect"})
"""Vocabularies of tables whose names are none of TFLite, ONNX or Keras: a miss there says nothing."""


class Entry(NamedTuple):
    """One operator in one table. supported: None where an incomplete table does not list it."""

    table: str
    operator: str
    supported: bool | None
    limits: tuple[str, ...]


def tables(target: Target) -> Iterator[Table]:
    """The operator tables that decide on `target`: its runtime's, then its accelerator's."""
    runtime = target.runtime
    every: list[TableName] = [name for name in (runtime.operators, *runtime.tables.values()) if name]
    for place, name in enumerate(every):
        if name not in every[:place]:
            yield read(name)
    if target.accelerator is not None:
        yield read(target.accelerator.table)


def listed(table: Table) -> Iterator[Entry]:
    """Each row of a table, what it refuses included."""
    for name, rows in table.operators.items():
        if not is_supported(rows):
            yield Entry(table.name, name, False, ())
            continue
        for row in rows:
            yield Entry(table.name, name, True, tuple(limits(row, table.form)))
    for name in sorted(table.custom):
        yield Entry(table.name, name, True, ("custom operator",))


def write_operator(word: str, out: TextIO, style: Style, format: str, own: Sequence[TableName] = ()) -> None:
    """Which tables take the operator called `word` by TFLite, ONNX or Keras, and within which limits.

    own: the user's tables, beside those that come along.
    Raises EdgelintError when no table has it.
    """
    entries = list(find_operator(word, own))
    if not any(entry.supported is not None and entry.operator for entry in entries):
        raise EdgelintError(
            Path(), f"no table has an operator {word!r}", hint="`edgelint targets NAME` lists a target's"
        )
    if format == "json":
        json.dump([_data(entry) for entry in entries], out, indent=1)
        out.write("\n")
        return
    answers = {True: "yes", False: "no", None: "not known"}
    cells = [
        (entry.table, answers[entry.supported], entry.operator, "; ".join(entry.limits)) for entry in entries
    ]
    heads = (("table", "left"), ("takes it", "left"), ("as", "left"), ("limits", "left"))
    write_table(out, style, heads, cells)


def find_operator(word: str, own: Sequence[TableName] = ()) -> Iterator[Entry]:
    """The entries for `word` by table: rows where it is listed, one that says no where it is not."""
    wanted = _spellings(word)
    packaged = sorted(path.stem for path in (FOLDER / "operators").glob("*.toml"))
    for name in (*packaged, *own):
        table = read(name)
        found = [entry for entry in listed(table) if _squashed(entry.operator) in wanted]
        if found:
            yield from found
        elif table.unlisted.startswith("unknown") or table.header.get("namespace") in FOREIGN:
            yield Entry(table.name, "", None, ())
        else:
            yield Entry(table.name, "", False, ())


def _spellings(word: str) -> set[str]:
    """How the formats spell the operator: `Conv` is all convolutions of TFLite, `CONV_2D` is one."""
    key = _squashed(SYNONYMS.get(_squashed(word), word))
    exact = {_squashed(op) for name, op, _ in BUILTINS if op and _squashed(name) == key}
    named = {_squashed(name) for name, op, _ in BUILTINS if op and _squashed(op) == key}
    return {key, _squashed(word)} | exact | {name for name in named if not name.startswith("stablehlo")}


def _squashed(word: str) -> str:
    return word.rpartition(":")[2].replace("_", "").lower()


def _data(entry: Entry) -> dict[str, Any]:
    return {**entry._asdict(), "limits": list(entry.limits)}
