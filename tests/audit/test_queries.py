"""The SQL in docs/zoos.md answers its questions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.audit.zoo import GOOD, audit, zoo
from tests.conftest import ROOT

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

PAGE = (ROOT / "docs" / "zoos.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^([^\n]+):\n\n```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables of an audit in which each query finds something."""
    folder = tmp_path_factory.mktemp("tables")
    names = (*GOOD, "diabetes_softmax_one_unit.float32.tflite", "digits_custom_operator.custom.tflite")
    models = zoo(folder / "zoo", *names)
    (models / "copy.onnx").write_bytes((models / "wine.onnx").read_bytes())
    tight = folder / "tight.toml"
    tight.write_text('[board.tight]\ninherits = "cortex-m4"\nram = "3000"\n')
    targets = ("--target", "cortex-m4,rp2040,onnxruntime-cpu", "--target", tight)
    audit(folder, models, *targets, output="report.parquet")
    return folder


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_of_the_page_finds_something(
    query: str, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tables)
    assert duckdb.sql(query).fetchall()


def test_the_league_counts_every_model_on_every_target(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tables)
    league = duckdb.sql(QUERIES["What fits where"]).fetchall()
    assert {target for target, *_ in league} == {"cortex-m4", "rp2040", "onnxruntime-cpu", "tight"}
    assert {sum(counts) for _, *counts in league} == {8}
    assert all(counts[-1] == 1 for _, *counts in league)
