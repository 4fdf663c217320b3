"""Our tables against the schema code that TensorFlow and the tflite package ship."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from typing import Any

import pytest

from edgelint.ir.dtype import DType
from edgelint.loaders.tflite import options
from edgelint.loaders.tflite import schema as ours_as_data
from edgelint.loaders.tflite.attributes import _MAKERS
from edgelint.loaders.tflite.flatbuffer import FlatBuffer
from edgelint.loaders.tflite.graph import _CALLS
from edgelint.loaders.tflite.operators import BUILTINS, CUSTOM
from tests.conftest import ROOT
from tests.loaders.tflite.builder import schema

SCHEMA = ours_as_data.TFLITE
NEWER_TABLES = {"MultiAxisQuantization"}
NEWER_VALUES = {"FLOAT8_E4M3FN", "FLOAT8_E5M2"}
"""In LiteRT's schema since 2026, not in TensorFlow 2.21's."""

ACTIVATIONS = {"Relu6", "ReluN1To1", "Relu0To1"}
"""Canonical activations that ONNX lacks."""


def constants(kind: Any) -> dict[str, int]:
    return {name: number for name, number in vars(kind).items() if isinstance(number, int)}


def test_every_builtin_has_its_code() -> None:
    names = {name: code for code, (name, _, _) in enumerate(BUILTINS)}
    assert names == constants(schema().BuiltinOperator)


def test_the_tflite_package_agrees_on_every_builtin_it_knows() -> None:
    package = pytest.importorskip("tflite")
    for name, code in constants(package.BuiltinOperator).items():
        assert BUILTINS[code][0] == name
    assert BUILTINS[CUSTOM][0] == "CUSTOM"


def test_every_enum_has_its_values() -> None:
    for name, (_, values) in SCHEMA.enums.items():
        ours = {value: number for number, value in enumerate(values) if value not in NEWER_VALUES}
        assert ours == constants(getattr(schema(), name)), name


def test_every_union_has_its_members() -> None:
    for name, members in SCHEMA.unions.items():
        ours = {member: number for number, member in enumerate(members, 1) if member not in NEWER_TABLES}
        assert {"NONE": 0} | ours == constants(getattr(schema(), name)), name


def test_every_table_of_the_schema_is_there() -> None:
    theirs = {
        name[:-1] for name, kind in vars(schema()).items() if inspect.isclass(kind) and name.endswith("T")
    }
    assert set(SCHEMA.tables) - NEWER_TABLES == theirs


@pytest.mark.parametrize("table", sorted(set(SCHEMA.tables) - NEWER_TABLES))
def test_fields_are_where_the_schema_has_them(table: str) -> None:
    """Places and defaults, read from the generated adders: PrependInt32Slot(place, field, default)."""
    found = {}
    for name, function in vars(schema()).items():
        if name.startswith(f"{table}Add") and inspect.isfunction(function):
            call = re.search(r"Prepend(\w+)Slot\((\d+), .*?, ([^,]+)\)$", inspect.getsource(function).strip())
            if call:
                found[int(call[2])] = (name[len(table) + 3 :], str(call[1]), str(call[3]))
    ours: dict[int, tuple[str, str, str]] = {}
    for word in SCHEMA.tables[table].split():
        name, _, kind = word.partition(":")
        kind, _, default = kind.partition("=")
        if kind in SCHEMA.unions:
            ours[len(ours)] = (name + "_type", "Uint8", "0")
        ours[len(ours)] = (name, kind, default)
    for place, (name, slot, default) in found.items():
        assert place in ours, f"{table} has no field {place} {name}"
        own_name, kind, own_default = ours[place]
        assert own_name.replace("_", "").lower() == name.lower()
        if kind in SLOTS:
            assert slot == SLOTS[kind]
            assert float(DEFAULTS.get(default, default)) == float(own_default or 0)
        elif kind.startswith("[") or kind == "string":
            assert slot == "UOffsetTRelative"
    deprecated = sum(word.startswith("-") for word in SCHEMA.tables[table].split())
    assert len(ours) - deprecated <= len(found) <= len(ours)


SLOTS = {
    "bool": "Bool",
    "byte": "Int8",
    "int": "Int32",
    "uint": "Uint32",
    "long": "Int64",
    "ulong": "Uint64",
    "float": "Float32",
}
DEFAULTS = {"False": "0", "True": "1"}


def test_every_element_type_has_a_dtype() -> None:
    assert len(set(ours_as_data.DTYPES.values())) == len(ours_as_data.DTYPES)
    assert all(isinstance(dtype, DType) for dtype in ours_as_data.DTYPES.values())


def test_every_options_table_of_a_builtin_exists_and_every_table_belongs_to_one() -> None:
    tables = options.BUILTIN_OPTIONS | options.BUILTIN_OPTIONS_2
    assert {options for _, _, options in BUILTINS} - {""} == set(tables)


def test_every_option_that_is_a_subgraph_is_followed() -> None:
    fields = {
        word.partition(":")[0]
        for table in (options.BUILTIN_OPTIONS | options.BUILTIN_OPTIONS_2).values()
        for word in table.split()
        if "subgraph" in word or "computations" in word
    }
    assert fields == set(_CALLS)


def test_every_canonical_name_is_an_onnx_operator_or_an_activation() -> None:
    defs = importlib.import_module("onnx.defs") if pytest.importorskip("onnx") else None
    assert defs is not None
    known = {found.name for found in defs.get_all_schemas()} | ACTIVATIONS
    assert {canonical for _, canonical, _ in BUILTINS if canonical} - known == set()


def test_attributes_are_made_for_builtins_only() -> None:
    assert set(_MAKERS) - {name for name, _, _ in BUILTINS} == set()


def test_every_operator_of_the_support_table_has_its_code() -> None:
    path = ROOT / "edgelint" / "targets" / "operators" / "litert-cpu.toml"
    if not path.is_file():
        pytest.skip("the LiteRT support table is not there")
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    codes = {name: entry["builtin_code"] for name, entry in toml.loads(path.read_text())["op"].items()}
    assert codes
    assert {name: BUILTINS[code][0] for name, code in codes.items()} == {name: name for name in codes}


def test_what_a_file_leaves_out_is_foretold_as_it_is_read() -> None:
    reader = FlatBuffer(b"", SCHEMA)
    for table in options.BUILTIN_OPTIONS | options.BUILTIN_OPTIONS_2:
        assert dict(options.defaults(table)) == reader._lay_out(table).defaults, table
    assert options.defaults("") == {}
