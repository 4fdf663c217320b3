"""What `check` says of models at URLs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgelint.audit import remote
from edgelint.checker import Settings, check_file
from edgelint.errors import EdgelintError
from edgelint.targets import find

TARGETS = ("cortex-m4", "onnxruntime-cpu", "litert-cpu")


def reports(path: Path, weights: bool | None = None) -> list[dict[str, Any]]:
    """What `check` says of a model on TARGETS, without its path."""
    settings = Settings(tuple(map(find, TARGETS)), weights=weights)
    return [
        {
            "target": report.target,
            "verdict": report.verdict,
            "profile": report.profile,
            "operators": report.operators,
            "findings": report.findings,
            "unknowns": report.unknowns,
            "error": report.error and (report.error.sentence, report.error.hint, report.error.code),
        }
        for report in check_file(path, settings)
    ]


def far_reports(url: str, weights: bool | None = None) -> list[dict[str, Any]]:
    """The same of the one model at `url`."""
    (item,) = remote.items(url)
    with remote.localised(item) as path:
        return reports(path, weights)


def failure(url: str) -> str:
    """What is said of a model that cannot be fetched."""
    (item,) = remote.items(url)
    with pytest.raises(EdgelintError) as caught, remote.localised(item) as path:
        reports(path)
    assert isinstance(caught.value.__cause__, OSError), "it would be kept as an error of the file"
    return caught.value.problem
