"""The quantization rules on real files: each fault is told at its node, and not once it is put right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import edgelint
from edgelint.report import Report
from tests.rules.quantization_faults import FAULTS, Fault, floats, tflite


def checked(path: Path, target: str) -> Report:
    report = edgelint.check(path, target or None)
    assert report.error is None, report.error
    return report


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_at_its_operator(fault: Fault, tmp_path: Path) -> None:
    report = checked(fault.write(tmp_path, True), fault.target)
    assert fault.op in {found.location.op for found in report.findings if found.code == fault.code}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_file_without_the_fault_is_not_told_of_it(fault: Fault, tmp_path: Path) -> None:
    report = checked(fault.write(tmp_path, False), fault.target)
    assert [found.message for found in report.findings if found.code == fault.code] == []


@pytest.mark.parametrize("scheme", ["int8", "int8-float-io", "int16x8", "dynamic"])
@pytest.mark.parametrize("target", ["cortex-m4", "litert-cpu"])
def test_nothing_is_said_of_scales_that_are_only_predicted(scheme: str, target: str, tmp_path: Path) -> None:
    path = tflite(floats)(tmp_path, True)
    report = edgelint.check(path, target, quantize=scheme)
    about_scales = {f"EL{code}" for code in (*range(305, 317), *range(319, 324))}
    assert about_scales.isdisjoint(found.code for found in report.findings)


def test_keras_integer_weights_are_told_of(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
    model.save(tmp_path / "float.keras")
    model.quantize("int8")
    model.save(tmp_path / "int8.keras")
    told = {
        name: [
            found.severity.value
            for found in checked(tmp_path / name, target).findings
            if found.code == "EL325"
        ]
        for name, target in (("float.keras", "cortex-m4"), ("int8.keras", "cortex-m4"))
    }
    assert told == {"float.keras": [], "int8.keras": ["warning"]}


def micro_output(path: Path) -> list[int]:
    """What TFLite Micro's reference kernels make of a fixed input."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    np = pytest.importorskip("numpy")
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=64 * 1024)
    shape = interpreter.get_input_details(0)["shape"]
    interpreter.set_input(np.resize(np.array([10, -20, 30, -40], np.int8), shape), 0)
    interpreter.invoke()
    return [int(code) for code in interpreter.get_output(0).ravel()]


@pytest.mark.parametrize("name", ["tanh-scale", "asymmetric", "reshape-scales", "axis"])
def test_tflite_micro_computes_the_same_codes_whatever_the_file_says(name: str, tmp_path: Path) -> None:
    write = FAULTS[name].write
    assert micro_output(write(tmp_path, True)) == micro_output(write(tmp_path, False))


@pytest.mark.parametrize("name", ["softmax-scale", "sigmoid-scale", "bias-scale-refused", "unscaled"])
def test_tflite_micro_refuses_what_is_called_refused(name: str, tmp_path: Path) -> None:
    write = FAULTS[name].write
    micro_output(write(tmp_path, False))
    with pytest.raises(RuntimeError):
        micro_output(write(tmp_path, True))


def test_a_zero_scale_leaves_nothing_of_the_numbers(tmp_path: Path) -> None:
    write = FAULTS["zero-scale"].write
    assert len(set(micro_output(write(tmp_path, True)))) == 1
    assert len(set(micro_output(write(tmp_path, False)))) > 1


def optimized(path: Path) -> Counter[str]:
    """The operators that ONNX Runtime runs in place of the file's."""
    onnx, ort = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    options: Any = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path.with_suffix(".optimized"))
    options.log_severity_level = 3
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)


@pytest.mark.parametrize(
    "name", ["axis-onnx", "float-weights-onnx", "transpose-scales-onnx", "hard-swish-onnx"]
)
def test_onnx_runtime_keeps_conversions_round_what_it_cannot_fuse(name: str, tmp_path: Path) -> None:
    write = FAULTS[name].write
    assert optimized(write(tmp_path, False))["DequantizeLinear"] == 1
    assert optimized(write(tmp_path, True))["DequantizeLinear"] > 1


def test_onnx_runtime_refuses_a_zero_point_of_another_type(tmp_path: Path) -> None:
    write = FAULTS["zero-point-type"].write
    optimized(write(tmp_path, False))
    with pytest.raises(Exception, match="Type parameter"):
        optimized(write(tmp_path, True))
