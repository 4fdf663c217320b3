"""Every real model file gets a verdict, every broken one a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgelint.checker import Settings, check_file
from edgelint.report import summary, to_dict
from edgelint.targets import find
from tests.cli import edgelint, edgelint_json
from tests.conftest import corpus

TARGETS = {"tflite": "cortex-m4", "onnx": "onnxruntime-cpu", "keras": "cortex-m4"}
NO_ARCHITECTURE = ("h5-weights-only", "external-data")
"""Formats of the manifest that hold no model: edgelint says so, with exit code 2."""

VALID = [entry for entry in corpus() if not entry.get("malformed") and entry["format"] not in NO_ARCHITECTURE]
BROKEN = [entry for entry in corpus() if entry.get("malformed") or entry["format"] in NO_ARCHITECTURE]


def identify(entry: dict[str, Any]) -> str:
    return str(entry["path"])


@pytest.mark.parametrize("entry", VALID, ids=identify)
def test_a_valid_file_is_read_and_judged(entry: dict[str, Any], shared_models: Path) -> None:
    target = find(TARGETS[entry["format"].partition("-")[0]])
    (report,) = check_file(shared_models / entry["path"], Settings(targets=(target,)))
    assert report.error is None, report.error
    assert not report.failed
    assert report.operators or not entry.get("observed", {}).get("ops")
    summary([report])
    to_dict(report, with_nodes=True)


@pytest.mark.parametrize("entry", BROKEN, ids=identify)
def test_a_broken_file_is_one_line_that_says_what_and_exit_2(
    entry: dict[str, Any], shared_models: Path
) -> None:
    done = edgelint("check", shared_models / entry["path"], "--target", "cortex-m4")
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    first = done.stdout.splitlines()[0]
    assert entry["path"] in first
    assert " error: " in first


def test_the_whole_folder_is_checked_and_inspected_in_one_run(shared_models: Path) -> None:
    for command in ("check", "inspect"):
        code, report = edgelint_json(command, shared_models)
        assert code == 2
        assert report["summary"]["models"] >= len(VALID)
