"""One model against one target: budgets, what is left for the application, and what is assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

import edgelint
from edgelint.analysis.figure import Basis
from edgelint.checker import Settings, check_model
from edgelint.examples import chain
from edgelint.ir import Model
from edgelint.report import DOES_NOT_FIT, FITS, UNKNOWN, Report
from edgelint.targets import find
from tests.conftest import FIXTURES

RELU: Model = replace(
    chain("int8[1,64]").op("Relu", "int8[1,64]", source="RELU").model, path=FIXTURES, file_bytes=1000
)
FLOAT = FIXTURES / "models" / "digits_cnn.float32.tflite"
KIB = 1024


def check(model: str = "digits_cnn.int8.tflite", target: str = "cortex-m4", **settings: object) -> Report:
    return edgelint.check(FIXTURES / "models" / model, target, **settings)  # type: ignore[arg-type]


def test_what_is_reserved_is_taken_off_the_ram_and_said() -> None:
    report = check(reserve=16 * KIB)
    assert report.ram_limit == 240 * KIB
    assert "16 KiB of 256 KiB RAM reserved for the application" in report.assumptions


def test_what_is_reserved_is_taken_off_a_given_ram_too() -> None:
    report = check(ram=20 * KIB, reserve=19 * KIB)
    assert (report.ram_limit, report.verdict) == (KIB, DOES_NOT_FIT)
    assert "19 KiB of 20 KiB RAM reserved for the application" in report.assumptions
    assert "exceeds-ram" in {finding.rule for finding in report.findings}


def test_more_than_there_is_leaves_nothing() -> None:
    assert check(ram=KIB, reserve=2 * KIB).ram_limit == 0


def test_nothing_is_reserved_unless_asked_for() -> None:
    report = check()
    assert (report.ram_limit, report.assumptions) == (256 * KIB, ())


def test_a_target_without_a_limit_has_nothing_to_reserve_from() -> None:
    report = check(target="tflm-x86_64", reserve=KIB)
    assert report.ram_limit is None
    assert report.assumptions == ("nothing reserved for the application: tflm-x86_64 sets no limit to RAM",)


def test_an_accelerator_that_is_not_judged_is_named() -> None:
    (said,) = check(target="stm32n6570-dk").assumptions
    assert said == "judged for cortex-m55 alone, without what st-neural-art-14 could take over"


@pytest.mark.parametrize("target", ["gap9-evk", "syntiant-ndp9120", "sipeed-maix-bit"])
def test_a_board_whose_runtime_is_not_known_gets_no_figures(target: str) -> None:
    report = check(target=target)
    assert report.verdict == UNKNOWN
    assert {use.supported for use in report.operators} == {None}
    assert report.profile is not None
    assert (report.profile.arena_bytes.value, report.profile.flash_bytes.value) == (None, None)
    assert "which edgelint does not know" in report.unknowns[0]


@pytest.mark.parametrize("target", ["raspberry-pi-4", "jetson-nano", "coral-dev-board"])
def test_a_linux_board_is_judged_by_operators_without_a_budget(target: str) -> None:
    report = check(target=target)
    assert (report.verdict, report.runtime, report.ram_limit) == (FITS, "litert", None)


def test_int8_is_tried_on_a_float_model_and_said() -> None:
    report = edgelint.check(FLOAT, "cortex-m4", quantize="int8", ram=4 * KIB)
    assert report.verdict == FITS
    assert edgelint.check(FLOAT, "cortex-m4", ram=4 * KIB).verdict == DOES_NOT_FIT
    assert report.assumptions == ("quantized to int8 as the TFLite converter would",)
    profile, real = report.profile, check().profile
    assert profile is not None
    assert real is not None
    assert profile.arena_bytes.minimum == real.arena_bytes.minimum
    assert profile.arena_bytes.basis is Basis.PREDICTED
    assert profile.macs.basis is Basis.PREDICTED
    assert profile.peak_activation_bytes.value == real.peak_activation_bytes.value
    assert profile.model_bytes == FLOAT.stat().st_size


def test_findings_on_what_a_quantization_would_make_are_predictions() -> None:
    report = edgelint.check(FLOAT, "cortex-m4", quantize="dynamic")
    (finding,) = report.findings
    assert (finding.rule, finding.evidence) == ("hybrid-quantized", Basis.PREDICTED)


def test_a_quantization_that_cannot_be_predicted_leaves_the_verdict_open() -> None:
    report = check("digits_lstm.float32.tflite", quantize="int8", ram=64)
    assert report.verdict == UNKNOWN
    assert any("not predicted yet" in unknown for unknown in report.unknowns)


def test_a_quantized_model_is_judged_as_in_the_file() -> None:
    report, plain = check(quantize="int8"), check()
    assert report.profile == plain.profile
    assert report.verdict == plain.verdict
    assert "quantized already" in report.assumptions[0]


def test_a_loaded_model_is_checked_like_a_file() -> None:
    settings = Settings((find("cortex-m4"),), quantize="int8")
    report = check_model(RELU, find("cortex-m4"), settings)
    assert report.target == "cortex-m4"
