"""The tables of an audit: columns, types and formats."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from edgelint import __version__
from edgelint.audit.rows import FINDINGS, LARGEST, RESULTS, Column
from edgelint.audit.spool import Spool
from edgelint.audit.tables import GROUP, written_tables
from edgelint.errors import EdgelintError
from tests.audit.zoo import audit, rows, zoo
from tests.conftest import ROOT

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def test_parquet_has_the_rows_of_json_lines(tmp_path: Path) -> None:
    folder = zoo(tmp_path / "zoo")
    audit(tmp_path, folder, "--target", "cortex-m4", output="report.jsonl")
    audit(tmp_path, folder, "--target", "cortex-m4", output="report.parquet")
    for name in ("report", "report.findings"):
        assert parquet.read_table(tmp_path / f"{name}.parquet").to_pylist() == rows(
            tmp_path / f"{name}.jsonl"
        )


def test_parquet_states_its_columns_their_types_and_who_wrote_it(tmp_path: Path) -> None:
    audit(tmp_path, zoo(tmp_path / "zoo"), output="report.parquet")
    schema = parquet.read_schema(tmp_path / "report.parquet")
    types = {"text": "string", "integer": "int64", "seconds": "double", "texts": "list<element: string>"}
    assert {field.name: str(field.type) for field in schema} == {
        column.name: types[column.kind] for column in RESULTS
    }
    assert schema.metadata[b"edgelint"].decode() == __version__
    assert schema.metadata[b"schema"] == b"1"
    assert schema.field("macs").metadata[b"description"].decode() == "multiply-accumulates of one inference"


def test_parquet_without_rows_has_its_columns(tmp_path: Path) -> None:
    with written_tables((tmp_path / "empty.parquet", FINDINGS)):
        pass
    table = parquet.read_table(tmp_path / "empty.parquet")
    assert table.num_rows == 0
    assert table.column_names == [column.name for column in FINDINGS]


def test_parquet_is_written_in_groups(tmp_path: Path) -> None:
    with written_tables((tmp_path / "long.parquet", RESULTS)) as (table,):
        for number in range(2 * GROUP + 1):
            table.add({"path": str(number), "macs": LARGEST, "reasons": ["ram"]})
    file = parquet.ParquetFile(tmp_path / "long.parquet")
    assert file.num_row_groups == 3
    assert file.read(["path"]).column("path").to_pylist() == [str(number) for number in range(2 * GROUP + 1)]


def test_csv_joins_lists_and_leaves_null_empty(tmp_path: Path) -> None:
    columns = (Column("path", "text", ""), Column("reasons", "texts", ""), Column("macs", "integer", ""))
    with written_tables((tmp_path / "table.csv", columns)) as (table,):
        table.add({"path": 'a "b".tflite', "reasons": ["ram", "flash"]})
    with (tmp_path / "table.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["path", "reasons", "macs"], ['a "b".tflite', "ram; flash", ""]]


def test_a_table_that_is_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_text("the old one")
    with suppress(KeyboardInterrupt), written_tables((path, RESULTS)) as (table,):
        table.add({"path": "a.tflite"})
        raise KeyboardInterrupt
    assert [each.name for each in tmp_path.iterdir()] == ["table.parquet"]
    assert path.read_text() == "the old one"


def test_a_full_disk_under_the_records_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def put_and_read() -> None:
        with Spool(1) as spool:
            spool.put(0, None, [])
            list(spool)

    full = open("/dev/full", "w+b")  # noqa: SIM115 - closed by the spool
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **options: full)
    with pytest.raises(EdgelintError, match="takes no more: No space left on device"):
        put_and_read()


def test_parquet_without_pyarrow_is_one_line_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EdgelintError) as caught, written_tables((tmp_path / "report.parquet", RESULTS)):
        pass
    assert caught.value.problem == "needs pyarrow, which is not installed"
    assert caught.value.hint == 'pip install "edgelint[audit]", or write report.jsonl or report.csv'


@pytest.mark.parametrize("columns", [RESULTS, FINDINGS], ids=["results", "findings"])
def test_every_column_is_documented_in_order(columns: tuple[Column, ...]) -> None:
    page = (ROOT / "docs" / "zoos.md").read_text(encoding="utf-8")
    assert "\n".join(f"| `{column.name}` | {column.meaning} |" for column in columns) in page


def test_json_lines_are_ascii(tmp_path: Path) -> None:
    with written_tables((tmp_path / "table.jsonl", RESULTS)) as (table,):
        table.add({"path": "modèle.tflite"})
    data = (tmp_path / "table.jsonl").read_bytes()
    assert data.isascii()
    assert json.loads(data)["path"] == "modèle.tflite"
