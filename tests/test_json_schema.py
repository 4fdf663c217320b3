"""The schemas in docs/schemas say what edgelint prints, and what its configuration takes."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgelint.config.file import read_config
from edgelint.errors import EdgelintError
from edgelint.targets.sections import parse_toml
from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES, ROOT

jsonschema = pytest.importorskip("jsonschema")

FOLDER = ROOT / "docs" / "schemas"
MODELS = FIXTURES / "models"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schemas_generate", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return found


def closed(part: Any) -> Any:
    """A schema that takes no key it does not describe."""
    if isinstance(part, list):
        return [closed(each) for each in part]
    if not isinstance(part, Mapping):
        return part
    made = {key: closed(each) for key, each in part.items()}
    if isinstance(part.get("properties"), Mapping) and part.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def assert_described(document: Any, name: str) -> None:
    said = closed(schema(name))
    kind = jsonschema.validators.validator_for(said)
    kind.check_schema(said)
    problems = [f"{error.json_path}: {error.message[:300]}" for error in kind(said).iter_errors(document)]
    assert not problems, "\n".join(problems[:5])


def test_the_schemas_are_those_of_the_code() -> None:
    module = generator()
    made = {name: module.text(each) for name, each in module.schemas().items()}
    assert made == {path.name: path.read_text() for path in sorted(FOLDER.glob("*.json"))}, (
        "run docs/schemas/generate.py"
    )


@pytest.mark.parametrize("target", [(), ("--target", "cortex-m4"), ("--target", "litert-cpu")])
def test_every_report_on_the_fixtures_is_as_described(target: tuple[str, ...]) -> None:
    _, document = edgelint_json("check", FIXTURES, *target)
    assert document["summary"]["unreadable"]
    assert_described(document, "check")


@pytest.mark.parametrize("target", [(), ("--target", "cortex-m4")])
def test_every_inspection_of_the_fixtures_is_as_described(target: tuple[str, ...]) -> None:
    _, document = edgelint_json("inspect", FIXTURES, *target)
    assert_described(document, "inspect")


def test_statistics_are_as_described() -> None:
    assert_described(edgelint_json("check", MODELS, "--statistics")[1], "statistics")


def test_suppressed_findings_are_as_described(tmp_path: Path) -> None:
    model = MODELS / "diabetes_softmax_one_unit.int8.tflite"
    assert edgelint("baseline", model, "--output", tmp_path / "accepted.json").returncode == 0
    _, document = edgelint_json("check", model, "--baseline", tmp_path / "accepted.json")
    assert document["reports"][0]["suppressed"]
    assert_described(document, "check")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("digits_cnn.int8.tflite", "digits_cnn.int8.tflite"),
        ("digits_cnn.float32.tflite", "digits_cnn.int8.tflite"),
        ("digits_cnn.keras", "digits_cnn.int8.tflite"),
        ("digits_cnn.onnx", "diabetes_softmax_one_unit.int8.tflite"),
    ],
)
def test_every_diff_is_as_described(old: str, new: str) -> None:
    targets = "--target", "cortex-m4", "--target", "litert-cpu"
    for target in ((), targets):
        done = edgelint("diff", MODELS / old, MODELS / new, *target, "--format", "json")
        assert_described(json.loads(done.stdout), "diff")


def refused(config: Path) -> bool:
    """Whether edgelint refuses a configuration; and the schema must agree."""
    try:
        read = read_config(config)
        assert read is not None
        read.verify()
    except EdgelintError:
        return True
    return False


def described(config: Path) -> bool:
    data = parse_toml(config.read_text())
    data = data.get("tool", {}).get("edgelint", data)
    said = schema("configuration")
    return bool(jsonschema.Draft7Validator(said).is_valid(json.loads(json.dumps(data, default=str))))


DOCUMENTED = [
    block
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(), re.DOTALL)
    if "edgelint" in block
]


@pytest.mark.parametrize("text", DOCUMENTED)
def test_documented_configurations_are_as_described(text: str, tmp_path: Path) -> None:
    config = tmp_path / "pyproject.toml"
    config.write_text(text)
    assert described(config)


RIGHT = [
    "",
    'target = "cortex-m4"',
    'target = ["cortex-m4", "litert-cpu"]\ntask = "regression"',
    'select = ["EL4", "softmax-on-one-unit"]\nignore = "EL302"',
    'quantize = "int8"\nfail-on = "never"\nreserve = "16K"\nweights = false',
    '[budget]\nram = "96 KiB"\nmacs = 2000000\ngrowth = "2%"',
    '[budget.cortex-m4]\narena = "20K"\ngrowth = { arena = 2, flash = "1.5%" }',
    "[dim]\nseq = 64",
    '[severity]\nEL302 = "warning"',
    "[rules.EL205]\npercent = 10",
    '[[ignore]]\nrule = ["EL402"]\npath = "a.tflite"\nnode = "x*"\nreason = "because"\nuntil = 2027-01-31',
    '[[files]]\npath = ["a/*.onnx"]\ntarget = "onnxruntime-cpu"\nignore = ["EL1"]',
    '[board.acme]\ninherits = "cortex-m4"\nram = "96K"\nmicrocontroller = true',
]

WRONG = [
    'targt = "cortex-m4"',
    "target = 4",
    'task = "clasification"',
    'fail-on = "errors"',
    'weights = "no"',
    "reserve = -1",
    "[budget]\nrom = 3",
    "[budget.cortex-m4]\nrom = 3",
    "[budget]\ngrowth = -2",
    "[dim]\nseq = 0",
    '[severity]\nEL302 = "fatal"',
    "[[ignore]]\nnode = 'x*'",
    "[[ignore]]\nrule = 'EL302'\nnod = 'x*'",
    "[[files]]\ntarget = 'cortex-m4'",
    "[[files]]\npath = '*.onnx'\nbaseline = 'x.json'",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_edgelint_takes_the_schema_takes(text: str, tmp_path: Path) -> None:
    config = tmp_path / "edgelint.toml"
    config.write_text(text)
    assert not refused(config)
    assert described(config)


@pytest.mark.parametrize("text", WRONG)
def test_what_edgelint_refuses_the_schema_refuses(text: str, tmp_path: Path) -> None:
    config = tmp_path / "edgelint.toml"
    config.write_text(text)
    assert refused(config)
    assert not described(config)


def test_every_schema_is_one() -> None:
    for path in FOLDER.glob("*.json"):
        said = json.loads(path.read_text())
        jsonschema.validators.validator_for(said).check_schema(said)
