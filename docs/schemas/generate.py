"""Writes the JSON Schemas of what edgelint prints and of its configuration, into this folder.

Run it after a change of edgelint/report.py, edgelint/reporters/*json.py or edgelint/config/keys.py;
tests/test_json_schema.py fails until then. Records come from their dataclasses; what is put together by
hand in those modules is put together by hand here too.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from edgelint.analysis.figure import Figure
from edgelint.analysis.own_limits import FIGURES
from edgelint.choices import FAIL_ON, QUANTIZE, SEVERITIES, TASKS
from edgelint.comparison.contract import PortChange
from edgelint.config.keys import BUDGET, IGNORE_KEYS, PER_RUN, READERS
from edgelint.report import (
    DOES_NOT_FIT,
    FITS,
    SCHEMA,
    UNKNOWN,
    ArenaFigure,
    FlashFigure,
    NodeRow,
    Occupant,
    OperatorUse,
    Profile,
    TimelineRow,
)
from edgelint.reporters.diff_json import SCHEMA as DIFF_SCHEMA
from edgelint.reporters.statistics import RuleCount
from edgelint.rule import Finding, Location
from edgelint.suppress import Level
from edgelint.targets import own

FOLDER = Path(__file__).parent

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
CODE: Schema = {"type": "string", "pattern": "^[A-Z]+[0-9]+$"}
VERDICT: Schema = {"enum": [FITS, DOES_NOT_FIT, UNKNOWN]}

LEFT_OUT = {"formula", "reason"}
"""Fields of a figure that are not written where they are empty."""


def schemas() -> dict[str, Schema]:
    """File name to schema."""
    return {
        "check.schema.json": check(),
        "inspect.schema.json": listing(),
        "statistics.schema.json": statistics(),
        "diff.schema.json": diff(),
        "configuration.schema.json": configuration(),
    }


def text(schema: Schema) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


# What is printed


def check() -> Schema:
    """`check --format json`."""
    suppression = record(Finding, level=choice(Level), reason=TEXT)
    report = _report(
        findings=array(ref(Finding)), suppressed=COUNT, suppressions=array({"$ref": "#/$defs/Suppression"})
    )
    return _document(
        "edgelint check --format json",
        {"reports": array(report), "summary": _summary()},
        {
            "Suppression": suppression,
            **_records(Finding, Location, Profile, Figure, ArenaFigure, FlashFigure, OperatorUse),
        },
    )


def listing() -> Schema:
    """`inspect --format json`."""
    peak = table(
        timeline_index=COUNT,
        live_bytes=COUNT,
        tensors=array(ref(Occupant)),
        bound_bytes=COUNT,
        worth_shrinking=array(table(name=TEXT, saves_bytes={"type": "integer"})),
    )
    report = _report(
        nodes=array(ref(NodeRow)), timeline=optional(array(ref(TimelineRow))), peak=optional(peak)
    )
    known = Profile, Figure, ArenaFigure, FlashFigure, OperatorUse, NodeRow, TimelineRow, Occupant
    return _document(
        "edgelint inspect --format json",
        {"reports": array(report), "summary": _summary()},
        _records(*known),
    )


def statistics() -> Schema:
    """`check --statistics --format json`."""
    fields = {"statistics": array(ref(RuleCount)), "unreadable": array(TEXT), "summary": _summary()}
    return _document("edgelint check --statistics --format json", fields, _records(RuleCount))


def diff() -> Schema:
    """`diff --format json`."""
    place = table(graph=TEXT, node=TEXT, op=TEXT, index={"type": "integer"})
    number: Schema = {"type": ["integer", "null"]}
    figure = table(old=number, new=number, unit={"enum": ["bytes", ""]}, exact={"type": "boolean"})
    layers = table(
        matched=COUNT,
        added=array(place),
        removed=array(place),
        changed=array(table(old=place, new=place, fields=mapping(_before_and_after(TEXT)))),
        renamed=array(_before_and_after(TEXT)),
    )
    target = table(
        target={"type": ["string", "null"]},
        verdict=_before_and_after(VERDICT),
        figures=mapping(figure),
        appeared=array(ref(Finding)),
        gone=array(ref(Finding)),
    )
    fields = {
        **_before_and_after(table(path=TEXT, format=TEXT))["properties"],
        "same": {"type": "boolean"},
        "remark": TEXT,
        "contract": array(ref(PortChange)),
        "operators": mapping(_before_and_after(COUNT)),
        "layers": layers,
        "targets": array(target),
    }
    known = _records(Finding, Location, PortChange)
    return _document("edgelint diff --format json", fields, known, DIFF_SCHEMA)


def _document(
    title: str, fields: Mapping[str, Schema], known: Mapping[str, Schema], version: int = SCHEMA
) -> Schema:
    head = {"schema": {"const": version, "description": "Version of this layout."}, "edgelint": TEXT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **table(**head, **fields),
        "$defs": dict(sorted(known.items())),
    }


def _report(**fields: Schema) -> Schema:
    word: Schema = {"type": ["string", "null"]}
    return table(
        path=TEXT,
        format=word,
        target=word,
        runtime=word,
        verdict=VERDICT,
        profile=optional(ref(Profile)),
        operators=array(ref(OperatorUse)),
        **fields,
        assumptions=array(TEXT),
        unknowns=array(TEXT),
        error=optional(table(code=CODE, problem=TEXT, hint=TEXT)),
    )


def _summary() -> Schema:
    return table(models=COUNT, errors=COUNT, warnings=COUNT, notes=COUNT, unreadable=COUNT)


def _before_and_after(schema: Schema) -> Schema:
    return table(old=schema, new=schema)


# The configuration


def configuration() -> Schema:
    """`edgelint.toml`, and `[tool.edgelint]` of a `pyproject.toml`."""
    amount: Schema = {"anyOf": [COUNT, TEXT], "description": 'A number, or words such as "96K" or "2.5M".'}
    percent: Schema = {"anyOf": [{"type": "number", "minimum": 0}, TEXT], "description": '2 or "2%".'}
    words: Schema = {"anyOf": [TEXT, array(TEXT)]}
    growth = {"anyOf": [percent, closed(dict.fromkeys(FIGURES, percent))]}
    limits = {**dict.fromkeys(BUDGET, amount), "growth": growth}
    ignored = {
        **dict.fromkeys(IGNORE_KEYS, TEXT),
        "rule": words,
        "until": {"type": "string", "format": "date"},
    }
    values: Schema = {
        "target": words,
        "task": {"enum": list(TASKS)},
        "quantize": {"enum": list(QUANTIZE)},
        "select": words,
        "ignore": {"anyOf": [TEXT, array({"anyOf": [TEXT, closed(ignored, "rule")]})]},
        "fail-on": {"enum": list(FAIL_ON)},
        "reserve": amount,
        "baseline": TEXT,
        "record": TEXT,
        "allow-inline": {"type": "boolean"},
        "weights": {"type": "boolean"},
        "dim": mapping({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2**31}),
        "budget": {
            "type": "object",
            "properties": limits,
            "additionalProperties": closed(limits),
            "description": "Limits for all targets, and tables of limits for one target each.",
        },
        "severity": mapping({"enum": list(SEVERITIES)}),
        "rules": mapping(mapping({"type": ["number", "string", "boolean"]})),
    }
    assert values.keys() == READERS.keys(), "a key of the configuration has no schema"
    some = {key: schema for key, schema in values.items() if key not in PER_RUN}
    definitions = {
        "board": mapping(_definition(own._BOARD_KEYS, amount)),
        "runtime": mapping(_definition(own._RUNTIME_KEYS, amount)),
        "accelerator": mapping(_definition(own._ACCELERATOR_KEYS, amount)),
        "operators": mapping({"type": "object"}),
    }
    files = array(closed({"path": words, **some}, "path"))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "edgelint.toml, and [tool.edgelint] of a pyproject.toml",
        **closed({**values, "targets": words, "files": files, **definitions}),
    }


def _definition(keys: tuple[str, ...], amount: Schema) -> Schema:
    """A user's own board, runtime or accelerator."""
    special: Schema = {
        **dict.fromkeys(("ram", "flash", "macs"), amount),
        "microcontroller": {"type": "boolean"},
        "formats": array({"enum": list(own.FORMATS)}),
        "kernels": {"enum": list(own.KERNELS)},
        "simd": {"enum": list(own.VARIANTS)},
        "tables": {"type": "object"},
        "limits": {"type": "object"},
        "compiled": {},
    }
    return closed({key: special.get(key, TEXT) for key in keys})


# Pieces


def table(**fields: Schema) -> Schema:
    """An object that has all of `fields`; later versions may add others."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def closed(fields: Mapping[str, Schema], *required: str) -> Schema:
    """An object that may have `fields` and no others."""
    found: Schema = {"type": "object", "properties": dict(fields), "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def array(schema: Schema) -> Schema:
    """Any number of them."""
    return {"type": "array", "items": schema}


def mapping(schema: Schema) -> Schema:
    """Any names, each with one of them."""
    return {"type": "object", "additionalProperties": schema}


def optional(schema: Schema) -> Schema:
    """One of them, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def choice(words: type[Enum]) -> Schema:
    """One of the words."""
    return {"enum": [each.value for each in words]}


def ref(kind: type) -> Schema:
    """A record of that kind, by its name."""
    return {"$ref": f"#/$defs/{kind.__name__}"}


def record(kind: type, **more: Schema) -> Schema:
    """A dataclass as an object with all its fields, and `more`."""
    hints = typing.get_type_hints(kind)
    fields = {each.name: of_type(hints[each.name]) for each in dataclasses.fields(kind)}
    found = table(**fields, **more)
    if "basis" in fields:
        found["required"] = [name for name in found["required"] if name not in LEFT_OUT]
    return {**found, "description": inspect.cleandoc(kind.__doc__ or "")}


def of_type(hint: Any) -> Schema:
    """The schema of what a type hint allows."""
    simple = {int: "integer", float: "number", str: "string", bool: "boolean", types.NoneType: "null"}
    if hint in simple:
        return {"type": simple[hint]}
    inner = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        every = [of_type(each) for each in inner]
        if all(each.keys() == {"type"} and isinstance(each["type"], str) for each in every):
            return {"type": [each["type"] for each in every]}
        return {"anyOf": every}
    if origin is tuple and inner[1:] == (...,):
        return array(of_type(inner[0]))
    if origin is Mapping:
        return {"type": "object"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return choice(hint)
    assert dataclasses.is_dataclass(hint), hint
    return ref(typing.cast(type, hint))


def _records(*kinds: type) -> dict[str, Schema]:
    return {kind.__name__: record(kind) for kind in kinds}


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / name).write_text(text(schema), encoding="utf-8")
