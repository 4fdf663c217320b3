"""edgelint as a library: paths, bytes and built models, and the helper for test suites."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

import edgelint
from edgelint.report import Report
from edgelint.report import to_dict as report_data
from edgelint.testing import assert_deployable
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
GOOD, WRONG = MODELS / "digits_cnn.int8.tflite", MODELS / "cancer_softmax_one_unit.onnx"


def verdict(report: Report) -> dict[str, Any]:
    return {key: each for key, each in report_data(report).items() if key != "path"}


@pytest.mark.parametrize(
    "name", ["digits_cnn.int8.tflite", "digits_cnn.onnx", "digits_cnn.keras", "digits_cnn.h5"]
)
def test_the_bytes_of_a_file_have_the_verdict_of_the_file(name: str) -> None:
    path = MODELS / name
    from_bytes = edgelint.check(path.read_bytes(), "cortex-m4")
    assert verdict(from_bytes) == verdict(edgelint.check(path, "cortex-m4"))
    assert from_bytes.path == "<bytes>"


def test_an_onnx_proto_has_the_verdict_of_its_file() -> None:
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(WRONG)
    assert verdict(edgelint.check(proto, "onnxruntime-cpu")) == verdict(
        edgelint.check(WRONG, "onnxruntime-cpu")
    )


@pytest.mark.slow
def test_a_keras_model_has_the_verdict_of_its_file(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="softmax", name="head")])
    model.compile(loss="binary_crossentropy")
    model.save(tmp_path / "m.keras")
    built, saved = edgelint.check(model, "cortex-m4"), edgelint.check(tmp_path / "m.keras", "cortex-m4")
    assert [each.code for each in built.findings] == [each.code for each in saved.findings]
    assert "EL403" in {each.code for each in built.findings}


def test_a_loaded_model_keeps_its_weights_within_reach() -> None:
    model = edgelint.load((MODELS / "digits_cnn.onnx").read_bytes())
    tensors = [value.tensor for value in model.main.values.values() if value.tensor is not None]
    path = model.path
    assert max(tensor.numpy().size for tensor in tensors) > 100
    del model, tensors
    gc.collect()
    assert not path.exists()


def test_an_object_that_is_no_model_is_refused() -> None:
    with pytest.raises(edgelint.EdgelintError, match="dict is no model"):
        edgelint.check({}, "cortex-m4")


def test_bytes_that_are_no_model_are_a_report_with_an_error() -> None:
    assert edgelint.check(b"garbage" * 100).error is not None


def test_rules_can_be_selected_and_ignored() -> None:
    codes = {each.code for each in edgelint.check(WRONG, select=["EL4"]).findings}
    assert "EL403" in codes
    assert all(code.startswith("EL4") for code in codes)
    assert "EL403" not in {
        each.code for each in edgelint.check(WRONG, ignore=["softmax-on-one-unit"]).findings
    }


def test_a_report_is_plain_data() -> None:
    data = edgelint.check(GOOD, "cortex-m4").to_dict()
    assert data["verdict"] == "fits"
    assert data["profile"]["arena_bytes"]["minimum"] > 0


def test_a_model_that_fits_passes() -> None:
    assert (
        assert_deployable(GOOD, "cortex-m4", max_arena="8K", max_flash="200K", max_macs="1M").verdict
        == "fits"
    )


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_arena": 1024}, "arena: "),
        ({"max_flash": "10K"}, "flash: "),
        ({"max_macs": "10k"}, "MACs: 42,112, 32,112 above the limit of 10,000"),
    ],
)
def test_a_figure_above_its_limit_fails(limits: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match="not deployable on cortex-m4") as failed:
        assert_deployable(GOOD, "cortex-m4", **limits)
    assert said in str(failed.value)
    assert "above the limit" in str(failed.value)


def test_a_figure_that_is_not_known_proves_nothing() -> None:
    with pytest.raises(AssertionError, match="so the limit of 98,304 is not proven"):
        assert_deployable(MODELS / "digits_cnn.onnx", "onnxruntime-cpu", max_arena="96K")


def test_a_finding_fails_with_its_code_unless_ignored() -> None:
    with pytest.raises(AssertionError, match="EL403 softmax-on-one-unit"):
        assert_deployable(WRONG, "onnxruntime-cpu")
    assert_deployable(WRONG, "onnxruntime-cpu", ignore=["EL4", "EL8"])


def test_an_unreadable_model_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="does not exist"):
        assert_deployable(tmp_path / "gone.onnx", "onnxruntime-cpu")


def test_thresholds_can_be_moved() -> None:
    near = edgelint.check(GOOD, "cortex-m4", ram=4096, options={"EL203.headroom": 50})
    assert "EL203" in {each.code for each in near.findings}
    assert "EL203" not in {each.code for each in edgelint.check(GOOD, "cortex-m4", ram=4096).findings}
    with pytest.raises(edgelint.EdgelintError, match="no option 'headrom'"):
        edgelint.check(GOOD, options={"EL203.headrom": 1})
