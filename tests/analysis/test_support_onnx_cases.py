"""Verdicts on the single-node cases that ONNX ships, held against ONNX Runtime's sessions."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from edgelint.errors import EdgelintError
from edgelint.targets import find
from tests.analysis.test_support_truth import verdict

NOT_ABOUT_KERNELS = (
    "invalid model",  # a case written for a newer opset than the table knows
    "string_normalizer",  # the locale of this machine
)
NEWER_KERNELS = ("test_bitshift_",)
"""What the installed release runs and the older one of the table does not."""


@pytest.mark.slow
def test_onnx_runtime_opens_exactly_the_cases_that_are_said_to_run(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    collect = pytest.importorskip("onnx.backend.test.case.node").collect_testcases
    runtime.set_default_logger_severity(4)
    newest = find("onnxruntime-cpu").runtime.limits["opset"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = {case.name: case.model for case in collect(None) if case.model is not None}
    wrong, tried = [], 0
    for name, model in models.items():
        for opset in model.opset_import:
            opset.version = min(opset.version, newest) if opset.domain == "" else opset.version
        path = tmp_path / "case.onnx"
        onnx.save(model, str(path))
        try:
            says = verdict(str(path), "onnxruntime-cpu")
        except EdgelintError as error:
            wrong.append(f"{name}: {error.sentence}")
            continue
        reason = _refusal(runtime, path)
        tried += 1
        if says is None or says == (not reason) or any(each in reason for each in NOT_ABOUT_KERNELS):
            continue
        if not name.startswith(NEWER_KERNELS):
            wrong.append(f"{name}: edgelint says {says}, the runtime {reason or 'opens it'}")
    assert tried > 1000
    assert wrong == []


def _refusal(runtime: object, path: Path) -> str:
    """Why no session opens; "" when one does."""
    try:
        runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])  # type: ignore[attr-defined]
    except Exception as error:
        return str(error)
    return ""
