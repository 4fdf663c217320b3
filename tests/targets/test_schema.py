"""Every support table is understood, key by key; what is said to be checked is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgelint.analysis.constraints import CHECKS
from edgelint.analysis.constraints.conditions import CASES
from edgelint.analysis.constraints.generic import GENERIC
from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, find, names, read_toml, schema, table
from edgelint.targets.rows import OWN_ROWS
from tests.conftest import SHARED_MODELS

TABLES = sorted(path.stem for path in (FOLDER / "operators").glob("*.toml"))
BY_SCHEMA = [name for name in TABLES if name not in OWN_ROWS]


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_a_table_says_what_it_was_read_from_and_how_far_it_goes(name: str) -> None:
    header = table.read(name).header
    assert all(header[key] for key in ("version", "source", "retrieved", "completeness", "unlisted"))


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_every_key_of_a_table_means_something(name: str) -> None:
    whole = schema.verify(table.read(name))
    assert len(whole.operators) >= whole.header["operator_count"]


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_rows_cut_out_of_the_text_equal_those_of_the_whole_table(name: str) -> None:
    whole = table.read(name)
    assert table.read(name, whole.operators) == whole


def test_what_is_said_to_be_checked_has_its_check() -> None:
    assert schema.words("checked") == set(CHECKS)
    assert schema.words("cases") == {*CASES, "otherwise"}
    assert schema.words("general") == set(GENERIC)


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_every_value_is_of_a_kind_that_its_key_may_have(name: str) -> None:
    whole = table.read(name)
    for word, rows in whole.operators.items():
        for row in rows:
            schema.verify_values(whole.path, word, row)
    for section in (whole.header, whole.sections.get("generic", {})):
        rules = {key: section[key] for key in schema.words("general") & set(section)}
        schema.verify_values(whole.path, "", rules)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"kernel_max": "3"}, "'3' for kernel_max, which wants a whole number"),
        ({"dilation_range": [1]}, "wants two numbers"),
        ({"same_in_out_dtype": 1}, "wants true or false"),
        (
            {"conditions": [{"when": {}, "stride_in": 2}]},
            "2 for stride_in, which wants a list",
        ),
        ({"groups": 1.5}, "1.5 for groups, which wants a whole number or"),
    ],
)
def test_a_value_of_another_kind_is_refused(row: dict[str, object], problem: str) -> None:
    with pytest.raises(EdgelintError, match=problem):
        schema.verify_values(FOLDER, "operator X", row)


def test_every_key_with_a_check_has_its_kind() -> None:
    seen = {
        key
        for name in BY_SCHEMA
        for rows in table.read(name).operators.values()
        for row in rows
        for key in row
    }
    kinds = read_toml(FOLDER / "schema.toml")["kinds"]
    assert (schema.words("checked") & seen) <= {key for keys in kinds.values() for key in keys}
    assert set(kinds) == set(schema.KINDS)


def test_every_table_of_the_reference_is_shipped() -> None:
    folder = SHARED_MODELS.parent / "reference" / "ops"
    assert {path.stem for path in folder.glob("*.toml")} <= set(TABLES)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"kernel_maximum": 3}, r"unknown key .kernel_maximum. \(operator RELU\)"),
        ({"conditions": [{"when": {"moon": "full"}, "stride": 1}]}, "unknown key .moon."),
        ({"conditions": [{"when": {"stride": 1}, "strid": 1}]}, "unknown key .strid."),
    ],
)
def test_a_key_without_meaning_is_refused_with_its_place(row: dict[str, object], problem: str) -> None:
    whole = table.read("litert-gpu", ["RELU"])
    with pytest.raises(EdgelintError, match=problem):
        schema.verify(replace(whole, operators={"RELU": (row,)}))


def test_a_policy_without_meaning_is_refused() -> None:
    whole = table.read("litert-gpu", [])
    header = {**whole.header, "unlisted": "perhaps"}
    with pytest.raises(EdgelintError, match="says 'perhaps' for unlisted"):
        schema.verify(replace(whole, sections={**whole.sections, "table": header}))


def test_every_accelerator_and_runtime_has_its_tables() -> None:
    for name in names():
        target = find(name)
        runtime = target.runtime
        wanted = {*runtime.tables.values(), *filter(None, [runtime.operators])}
        if target.accelerator:
            wanted.add(target.accelerator.table)
        assert wanted <= set(TABLES), name
