"""The fixtures' manifest is true: what it says edgelint must find is found, and nothing worse."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import edgelint
from edgelint.rule import Severity, registry
from edgelint.targets import read_toml
from tests.conftest import FIXTURES

DOCUMENT = read_toml(FIXTURES / "MANIFEST.toml")
MANIFEST = DOCUMENT["file"]
EXPECTATIONS = [(entry, expected) for entry in MANIFEST for expected in entry.get("expect", ())]


def identify(value: Any) -> str:
    return str(value.get("path") or f"{value.get('target', '')}-{value.get('task', 'auto')}")


@pytest.mark.parametrize("entry", MANIFEST, ids=identify)
def test_every_file_is_the_one_its_manifest_describes(entry: dict[str, Any]) -> None:
    content = (FIXTURES / entry["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_every_file_on_disk_is_in_the_manifest() -> None:
    listed = {entry["path"] for entry in MANIFEST}
    folders = (FIXTURES / "models", FIXTURES / "malformed")
    on_disk = {path.relative_to(FIXTURES) for folder in folders for path in folder.iterdir()}
    assert {path.as_posix() for path in on_disk} == listed


@pytest.mark.parametrize(("entry", "expected"), EXPECTATIONS, ids=identify)
def test_edgelint_says_what_the_manifest_promises(entry: dict[str, Any], expected: dict[str, Any]) -> None:
    report = edgelint.check(
        FIXTURES / entry["path"], expected.get("target") or None, task=expected.get("task", "auto")
    )
    required = set(expected["findings"])
    assert report.failed == (expected.get("exit") == 2)
    if report.error is not None:
        assert required <= {"unreadable-file", registry()[report.error.code].name}
        return
    serious = {finding.rule for finding in report.findings if finding.severity is not Severity.NOTE}
    assert required <= serious
    left_open = set(expected.get("may", ()))
    if entry["format"] != "tflite":
        # What the converter makes of it decides whether it runs; its .tflite files say what is right.
        left_open |= set(DOCUMENT["running"])
    assert serious <= required | left_open
    if "verdict" in expected:
        assert report.verdict == expected["verdict"]


@pytest.mark.parametrize("entry", [entry for entry in MANIFEST if "parameters" in entry], ids=identify)
def test_parameters_are_those_keras_counts(entry: dict[str, Any]) -> None:
    report = edgelint.check(FIXTURES / entry["path"])
    assert report.profile is not None
    assert report.profile.parameters == entry["parameters"]


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in Path(FIXTURES).rglob("*") if path.is_file()) < 5_000_000
