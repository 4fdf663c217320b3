"""Every rule by its own examples and documentation; `EL302-invalid-0` selects one example."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgelint import findings, loaders, targets
from edgelint.context import Context
from edgelint.errors import EdgelintError
from edgelint.examples import Example, chain
from edgelint.report import finding_data
from edgelint.rule import FAMILIES, Finding, Refusal, Rule, Severity, find, registry

RULES = registry()
CHECKING = [rule for rule in RULES.values() if not isinstance(rule, Refusal)]
REFUSING = [rule for rule in RULES.values() if isinstance(rule, Refusal)]

FOLDERS = {
    "operators": "1",
    "memory": "2",
    "quantization": "3",
    "heads": "4",
    "graph": "5",
    "weights": "6",
    "security": "7",
    "training": "8",
    "file": "9",
}
"""The folder of a rule to the first digit of its code."""


def run(rule: Rule, example: Example) -> list[Finding]:
    target = targets.find(example.target) if example.target else None
    if target is not None and example.overrides:
        target = replace(target, **example.overrides)
    context = Context(
        example.model, target, example.task, options={rule.code: example.options}, limits=example.limits
    )
    return list(rule.check(context))


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        pytest.param(rule, example, id=f"{rule.code}-valid-{number}")
        for rule in CHECKING
        for number, example in enumerate(rule.VALID)
    ],
)
def test_a_valid_example_has_no_finding(rule: Rule, example: Example) -> None:
    assert [finding.message for finding in run(rule, example)] == []


@pytest.mark.parametrize(
    ("rule", "example", "message"),
    [
        pytest.param(rule, example, message, id=f"{rule.code}-invalid-{number}")
        for rule in CHECKING
        for number, (example, message) in enumerate(rule.INVALID)
    ],
)
def test_an_invalid_example_has_the_finding_it_says(rule: Rule, example: Example, message: str) -> None:
    found = run(rule, example)
    assert [finding.message for finding in found[:1]] == [message]
    assert all((finding.code, finding.rule) == (rule.code, rule.name) for finding in found)
    assert all(finding.hint or rule.hint for finding in found)
    assert json.dumps([finding_data(finding) for finding in found], allow_nan=False)


@pytest.mark.parametrize("rule", CHECKING, ids=lambda rule: rule.code)
def test_a_rule_has_examples_of_both_kinds(rule: Rule) -> None:
    assert rule.VALID
    assert rule.INVALID


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_rule_is_documented(rule: Rule) -> None:
    text = rule.documentation()
    assert text.count("\n## Why it matters\n") == 1
    assert text.count("\n## What to do\n") == 1
    assert text.index("## Why it matters") < text.index("## What to do")
    assert rule.summary().endswith(".")
    assert len(rule.summary()) <= 100
    for section in text.split("\n## ")[1:]:
        assert len(section.partition("\n")[2].split()) >= 10


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_code_name_file_and_folder_agree(rule: Rule) -> None:
    path = Path(inspect.getfile(type(rule)))
    assert rule.name == path.stem.replace("_", "-")
    assert type(rule).__name__ == "".join(part.title() for part in path.stem.split("_"))
    assert rule.code[:2] == "EL"
    assert len(rule.code) == 5
    assert rule.code[2:].isdigit()
    assert FOLDERS[path.parent.name] == rule.code[2]
    assert rule.code[2] in FAMILIES
    assert isinstance(rule.severity, Severity)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_file_holds_one_rule(rule: Rule) -> None:
    module = inspect.getmodule(type(rule))
    assert module is not None
    rules = [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Rule) and each.__module__ == module.__name__
    ]
    assert rules == [type(rule)]


def test_no_two_rules_have_one_name() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert find("el403") is find("softmax-on-one-unit")


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "{}")
    return buffer.getvalue()


def weights_file() -> bytes:
    h5py = pytest.importorskip("h5py")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file.attrs["keras_version"] = b"2.13.1"
        file.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0"]
        file["dense/dense/kernel:0"] = [[1.0]]
    return buffer.getvalue()


REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "EL703": ("model.keras", lambda: archive("config.json", "metadata.json", "../evil.py")),
    "EL901": ("model.tflite", lambda: b"this is not a model"),
    "EL902": ("model.onnx", lambda: b"\x1c\0\0\0TFL3" + bytes(64)),
    "EL903": ("model.onnx", bytes),
    "EL904": (
        "model.tflite",
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
    ),
    "EL905": ("model.onnx", lambda: b"<!DOCTYPE html><html><title>Sign in</title></html>"),
    "EL906": ("model.tflite", lambda: b"../models/other.tflite"),
    "EL907": ("model.h5", weights_file),
    "EL912": ("model.onnx", lambda: b"\x08\x08" * 1_000_001),
}
"""Code to a file that a loader refuses with it: name and content."""


@pytest.mark.parametrize("code", [rule.code for rule in REFUSING if rule.code != "EL900"])
def test_a_loader_refuses_with_the_code_that_is_documented(code: str, tmp_path: Path) -> None:
    name, content = REFUSED[code]
    path = tmp_path / name
    path.write_bytes(content())
    with pytest.raises(EdgelintError) as caught:
        loaders.load(path)
    assert caught.value.code == code


def test_a_rule_that_fails_is_an_internal_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        code, name = "EL499", "broken"

        def check(self, context: Context) -> list[Finding]:
            raise ZeroDivisionError

    monkeypatch.setattr(findings, "registry", lambda: {**registry(), "EL499": Broken()})
    (found,) = findings.told(Context(chain("float32[1]").model), ["EL499"])
    assert found.code == "EL900"
    assert found.message == "rule EL499 broken fails: ZeroDivisionError"
    assert found.data["rule"] == "EL499"


@pytest.mark.parametrize("rule", REFUSING, ids=lambda rule: rule.code)
def test_a_refusal_leaves_nothing_to_check(rule: Rule) -> None:
    assert rule.unreadable
    assert list(rule.check(Context(chain("float32[1]").model))) == []
