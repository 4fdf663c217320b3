"""Every file against every kind of target: always a report, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.checker import Settings, check_file
from edgelint.report import summary, to_dict
from edgelint.targets import find, names
from tests.conftest import FIXTURES, SHARED_MODELS

CONTRACT = (
    *("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-m85"),
    *("esp32", "esp32s3", "rp2040", "tflm-x86_64"),
    *("ethos-u55-32", "ethos-u55-64", "ethos-u55-128", "ethos-u55-256", "ethos-u65-256", "ethos-u65-512"),
    *("ethos-u85-128", "ethos-u85-256", "ethos-u85-512", "ethos-u85-1024", "ethos-u85-2048"),
    *("coral-edgetpu", "litert-cpu", "litert-gpu", "onnxruntime-cpu", "onnxruntime-mobile", "tensorrt"),
)
SUFFIXES = (".tflite", ".onnx", ".keras", ".h5")
KINDS = tuple(target for target in map(find, names()) if target.kind != "board")
SAMPLE = sorted(path for path in (FIXTURES / "models").iterdir() if path.suffix in SUFFIXES)[::4]
LARGEST = 20_000_000


def every_file() -> list[Path]:
    folders = (FIXTURES, SHARED_MODELS)
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES]
    return [path for path in files if path.is_file() and path.stat().st_size < LARGEST]


def test_every_target_of_the_contract_is_there() -> None:
    assert set(CONTRACT) <= set(names())


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_a_fixture_gets_a_report_for_every_kind_of_target(path: Path) -> None:
    judged(path)


@pytest.mark.slow
@pytest.mark.parametrize("path", every_file(), ids=lambda path: path.name)
def test_a_file_gets_a_report_for_every_kind_of_target(path: Path) -> None:
    judged(path)


def judged(path: Path) -> None:
    reports = check_file(path, Settings(targets=KINDS))
    unread = len(reports) == 1 and reports[0].error is not None
    assert unread or [report.target for report in reports] == [target.name for target in KINDS]
    for report in reports:
        assert report.error is None or report.error.code != "EL900", report.error
        if report.error is None:
            assert len(report.operators) or not report.nodes
            assert all(use.count for use in report.operators)
    summary(reports)
    for report in reports:
        to_dict(report, with_nodes=False)
