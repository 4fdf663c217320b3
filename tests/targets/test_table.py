"""The operator tables: every row means something, and reading a part equals reading all."""

from __future__ import annotations

import pytest

from edgelint.analysis.support.limits import CHECKS
from edgelint.errors import EdgelintError
from edgelint.targets import find, table
from edgelint.targets.replacement import advice, instead_of
from edgelint.targets.rows import LIMIT_KINDS, LitertRow, OnnxRow, TflmRow

TABLES = ("tflm", "litert-cpu", "onnxruntime-cpu")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_its_source_and_version(name: str) -> None:
    whole = table.read(name)
    assert whole.name == name
    assert whole.source
    assert whole.version


@pytest.mark.parametrize("name", TABLES)
def test_rows_cut_out_of_the_text_equal_those_of_the_whole_table(name: str) -> None:
    whole = table.read(name)
    assert table.read(name, whole.operators) == whole
    for word in list(whole.operators)[::7]:
        assert table.read(name, [word]).operators == {word: whole.operators[word]}


def test_an_operator_that_is_not_listed_has_no_row() -> None:
    assert table.read("tflm", ["GELU", "no such operator", "", "table", "x]\n[op.ADD"]).operators == {}


@pytest.mark.parametrize(
    ("name", "row_type"), [("tflm", TflmRow), ("litert-cpu", LitertRow), ("onnxruntime-cpu", OnnxRow)]
)
def test_every_row_is_understood(name: str, row_type: type[TflmRow | LitertRow | OnnxRow]) -> None:
    whole = table.read(name)
    for word, rows in whole.operators.items():
        for row in rows:
            row_type.read(word, row)
    for word, row in whole.custom.items():
        TflmRow.read(word, row)


def test_every_limit_is_about_roles_that_its_operator_has() -> None:
    for word, rows in table.read("tflm").operators.items():
        row = TflmRow.read(word, rows[0])
        roles = {role.removesuffix("...") for role in (*row.inputs, *row.outputs)}
        named = {role for limit in row.limits for role in (*limit.of, *(limit.when or {}))}
        named |= set(row.others) | {role for each in row.dtype_sets for role in each}
        assert named <= roles, word


def test_every_limit_kind_has_its_check() -> None:
    assert set(LIMIT_KINDS) == set(CHECKS)


def test_a_key_without_meaning_is_refused_with_its_place() -> None:
    with pytest.raises(EdgelintError, match=r"unknown key .dtyps. \(operator ADD\)"):
        TflmRow.read("ADD", {"dtyps": ["int8"]})


def test_every_builtin_that_tflite_micro_lacks_and_litert_runs_has_its_own_advice() -> None:
    lacks = set(table.read("litert-cpu").operators) - set(table.read("tflm").operators)
    plausible = {word for word in lacks if not word.startswith("STABLEHLO_")}
    assert plausible <= set(advice("tflm")["operator"])


def test_no_advice_is_given_for_an_operator_that_tflite_micro_has() -> None:
    assert not set(advice("tflm")["operator"]) & set(table.read("tflm").operators)


def test_advice_names_only_operators_that_tflite_micro_has() -> None:
    builtins = set(table.read("litert-cpu").operators)
    has = set(table.read("tflm").operators) | {"LSTM"}  # the Keras layer
    for word, sentence in advice("tflm")["operator"].items():
        offered = {part.strip(",.()") for part in sentence.split()} & builtins
        assert offered <= has, word


def test_what_is_not_listed_gets_the_default_advice() -> None:
    assert instead_of("tflm", "operator", "STABLEHLO_ABS") == advice("tflm")["operator"]["default"]


def test_the_runtime_s_file_limits_are_the_table_s() -> None:
    header = table.read("onnxruntime-cpu", []).header
    limits = find("onnxruntime-cpu").runtime.limits
    assert limits == {"opset": header["max_opset"], "ir_version": header["max_ir_version"]}
