"""The tables in files: Parquet, or JSON lines and CSV for those without pyarrow.

Rows are written as they come, and the files take their names when all are whole.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from edgelint import __version__
from edgelint.audit.rows import INTEGER, SECONDS, TEXT, TEXTS, Column, Row
from edgelint.errors import EdgelintError
from edgelint.reporters.file import told_about, verify_place, written_together

SCHEMA = 1
"""Version of the tables' columns; raised when a query for the old ones would misread the new ones."""

GROUP = 8192
"""Rows of a Parquet row group, which is all that is held in memory."""

SEPARATOR = "; "
"""What parts the entries of a list in CSV."""


class Table(Protocol):
    """A table that is being written."""

    def add(self, row: Row) -> None:
        """Writes a row; columns it does not have are null."""

    def end(self) -> None:
        """Writes what is still held."""

    def leave(self) -> None:
        """Lets go of the file, whatever became of it."""


@contextmanager
def written_tables(*wanted: tuple[Path, Sequence[Column]]) -> Iterator[list[Table]]:
    """Tables of these columns that become these files together at the end of the block, or not at all.

    Raises EdgelintError for a suffix that is none of FORMATS, without pyarrow for Parquet, and where a file
    cannot be written.
    """
    makers = [maker(path) for path, _ in wanted]
    tables: list[Table] = []
    with written_together([path for path, _ in wanted]) as files:
        try:
            for make, out, (_, columns) in zip(makers, files, wanted, strict=True):
                tables.append(make(out, columns))
            yield tables
            for table, (path, _) in zip(tables, wanted, strict=True):
                with told_about(path):
                    table.end()
        finally:
            for table in tables:
                table.leave()


def maker(path: Path) -> Callable[[TextIO, Sequence[Column]], Table]:
    """What writes tables of the format that the suffix of `path` names. Raises as `written_tables` does."""
    make = FORMATS.get(path.suffix.lower())
    if make is None:
        raise EdgelintError(path, "has no suffix of a table", hint=f"one of {' '.join(FORMATS)}")
    if make is ParquetTable:
        _need_pyarrow(path)
    return make


def beside(results: Path) -> Path:
    """Where the table of findings goes by default: `report.findings.parquet` beside `report.parquet`."""
    return results.with_name(f"{results.stem}.findings{results.suffix}")


def verify_places(results: Path, findings: Path, summary: Path | None = None) -> None:
    """Raises EdgelintError for a file that could not be written in the end, or over another one."""
    maker(results)
    maker(findings)
    places = [place for place in (results, findings, summary) if place is not None]
    for place in places:
        folder = place.absolute().parent
        if not folder.is_dir():
            raise EdgelintError(place, "cannot be written: its folder does not exist")
        if not os.access(folder, os.W_OK):
            raise EdgelintError(place, "cannot be written: nothing may be written in its folder")
        verify_place(place)
        if [each.resolve() for each in places].count(place.resolve()) > 1:
            raise EdgelintError(place, "is written twice", hint="name different files")


class ParquetTable:
    """A Parquet file, a row group at a time."""

    def __init__(self, out: TextIO, columns: Sequence[Column]) -> None:
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        kinds = {
            TEXT: pyarrow.string(),
            INTEGER: pyarrow.int64(),
            SECONDS: pyarrow.float64(),
            TEXTS: pyarrow.list_(pyarrow.string()),
        }
        self.columns = columns
        self.schema = pyarrow.schema(
            [
                pyarrow.field(each.name, kinds[each.kind], metadata={"description": each.meaning})
                for each in columns
            ],
            metadata={"edgelint": __version__, "schema": str(SCHEMA)},
        )
        self.writer = ParquetWriter(out.buffer, self.schema, compression="zstd")
        self.held: list[list[Any]] = [[] for _ in columns]

    def add(self, row: Row) -> None:
        """Holds a row, and writes a group of them when it is full."""
        for column, values in zip(self.columns, self.held, strict=True):
            values.append(_clean(row.get(column.name)))
        if len(self.held[0]) == GROUP:
            self._write()

    def end(self) -> None:
        """Writes the last group and the footer."""
        if self.held[0]:
            self._write()
        self.writer.close()

    def leave(self) -> None:
        """Keeps pyarrow from writing a footer later on, when the file is closed."""
        self.writer.is_open = False

    def _write(self) -> None:
        import pyarrow

        arrays = [
            pyarrow.array(values, kind) for values, kind in zip(self.held, self.schema.types, strict=True)
        ]
        self.writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self.schema), row_group_size=GROUP)
        for values in self.held:
            values.clear()


class LinesTable:
    """JSON, an object per line."""

    def __init__(self, out: TextIO, columns: Sequence[Column]) -> None:
        self.out = out
        self.columns = columns

    def add(self, row: Row) -> None:
        """Writes a row."""
        json.dump({column.name: _clean(row.get(column.name)) for column in self.columns}, self.out)
        self.out.write("\n")

    def end(self) -> None:
        """Nothing: all is written."""

    def leave(self) -> None:
        """Nothing: the file is all there is."""


class CsvTable:
    """CSV with a header; null is an empty field."""

    def __init__(self, out: TextIO, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.writer = csv.writer(out, lineterminator="\n")
        self.writer.writerow([column.name for column in columns])

    def add(self, row: Row) -> None:
        """Writes a row."""
        cells = [_clean(row.get(column.name)) for column in self.columns]
        self.writer.writerow([SEPARATOR.join(cell) if isinstance(cell, list) else cell for cell in cells])

    def end(self) -> None:
        """Nothing: all is written."""

    def leave(self) -> None:
        """Nothing: the file is all there is."""


FORMATS: dict[str, Callable[[TextIO, Sequence[Column]], Table]] = {
    ".parquet": ParquetTable,
    ".jsonl": LinesTable,
    ".csv": CsvTable,
}
"""Suffix of a file to what writes it."""


def _need_pyarrow(path: Path) -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        hint = f'pip install "edgelint[audit]", or write {path.stem}.jsonl or {path.stem}.csv'
        raise EdgelintError(path, "needs pyarrow, which is not installed", hint=hint)


def _clean(value: Any) -> Any:
    """`value` with text that UTF-8 can carry: file names and files may have other bytes."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    return [_clean(each) for each in value] if isinstance(value, list) else value
