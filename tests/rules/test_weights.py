"""Rules about weights on real files: the same numbers in ONNX, TFLite and Keras give the same code."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgelint
from edgelint.analysis.weights import reading as weights
from edgelint.analysis.weights.statistics import Statistics, measure
from edgelint.checker import Settings, check_file
from edgelint.ir import Tensor
from edgelint.report import Report
from edgelint.rule import Severity, select
from edgelint.targets import find
from tests.cli import edgelint as edgelint_run
from tests.loaders.tflite.builder import ModelBuilder

Layer = tuple[np.ndarray, np.ndarray]
"""The kernel of a dense layer, inputs × outputs, and its bias."""

RANDOM = np.random.default_rng(6)


def kernel(inputs: int = 32, outputs: int = 16) -> np.ndarray:
    """Weights as a trained layer has them."""
    return RANDOM.normal(0, 0.2, (inputs, outputs)).astype(np.float32)


def bias(outputs: int = 16) -> np.ndarray:
    return RANDOM.normal(0, 0.1, outputs).astype(np.float32)


def layer(numbers: np.ndarray) -> Layer:
    return numbers, bias(numbers.shape[1]).astype(numbers.dtype)


def onnx_file(folder: Path, layers: Sequence[Layer], unread: np.ndarray | None = None) -> Path:
    pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    from tests.loaders.onnx.builder import graph, model, saved, value

    kind = TensorProto.DOUBLE if layers[0][0].dtype == np.float64 else TensorProto.FLOAT
    nodes, constants = [], []
    for place, (numbers, shift) in enumerate(layers):
        nodes.append(
            helper.make_node("Gemm", [f"v{place}", f"w{place}", f"b{place}"], [f"v{place + 1}"], f"l{place}")
        )
        constants += [
            numpy_helper.from_array(numbers, f"w{place}"),
            numpy_helper.from_array(shift, f"b{place}"),
        ]
    if unread is not None:
        constants.append(numpy_helper.from_array(unread, "unread"))
    last = f"v{len(layers)}"
    made = graph(nodes, [value("v0", [1, layers[0][0].shape[0]], kind)], [value(last, None, kind)], constants)
    return saved(model(made), folder)


def tflite_file(folder: Path, layers: Sequence[Layer], unread: np.ndarray | None = None) -> Path:
    builder = ModelBuilder()
    kinds = {np.dtype(np.float32): "FLOAT32", np.dtype(np.float64): "FLOAT64"}
    kind = kinds[layers[0][0].dtype]
    current = builder.tensor("v0", [1, layers[0][0].shape[0]], kind)
    builder.graph.inputs = [current]
    for place, (numbers, shift) in enumerate(layers):
        stored = builder.tensor(f"w{place}", numbers.T.shape, kind, numbers.T.tobytes())
        added = builder.tensor(f"b{place}", shift.shape, kind, shift.tobytes())
        made = builder.tensor(f"l{place}", [1, numbers.shape[1]], kind)
        builder.operator("FULLY_CONNECTED", [current, stored, added], [made], "FullyConnectedOptions")
        current = made
    if unread is not None:
        builder.tensor("unread", unread.shape, kind, unread.tobytes())
    builder.graph.outputs = [current]
    return builder.write(folder)


def keras_file(folder: Path, layers: Sequence[Layer], slash: str = "/") -> Path:
    dtype = layers[0][0].dtype.name
    specs = [_spec("InputLayer", "v0", batch_shape=[None, layers[0][0].shape[0]], dtype=dtype)]
    stored = {}
    for place, (numbers, shift) in enumerate(layers):
        specs.append(_spec("Dense", f"l{place}", units=numbers.shape[1], activation="linear", dtype=dtype))
        stored[f"dense{f'_{place}' if place else ''}"] = [numbers, shift]
    return _archive(folder, specs, stored, slash)


def _archive(
    folder: Path,
    specs: Sequence[dict[str, object]],
    stored: dict[str, list[np.ndarray]],
    slash: str = "/",
) -> Path:
    """A `.keras` file of a sequential model; `stored` has each layer's variables.

    slash: between `layers` and a layer's name; Keras 2 wrote the operating system's own.
    """
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "model.weights.h5", "w") as file:
        for name, variables in stored.items():
            for place, numbers in enumerate(variables):
                file[f"layers{slash}{name}/vars/{place}"] = numbers
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": specs}}
    path = folder / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.0", "date_saved": ""}))
        archive.writestr("config.json", json.dumps(config))
        archive.write(folder / "model.weights.h5", "model.weights.h5")
    return path


def _spec(kind: str, name: str, **config: object) -> dict[str, object]:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}


FORMATS: dict[str, Callable[..., Path]] = {"onnx": onnx_file, "tflite": tflite_file, "keras": keras_file}


def checked(path: Path, *codes: str, **settings: object) -> Report:
    (report,) = check_file(path, Settings(select=select(codes or ["EL6"]), **settings))  # type: ignore[arg-type]
    assert report.error is None
    return report


def changed(numbers: np.ndarray, place: Any, to: float) -> np.ndarray:
    made: np.ndarray = numbers.copy()
    made[place] = to
    return made


FAULTS: dict[str, tuple[np.ndarray, Severity]] = {
    "EL601": (changed(kernel(), (3, 2), np.nan), Severity.ERROR),
    "EL602": (changed(kernel(), (slice(None), 5), 0), Severity.NOTE),
    "EL603": (np.zeros((32, 16), np.float32), Severity.WARNING),
    "EL606": (changed(kernel(64, 64), slice(1, 60), 0), Severity.NOTE),
    "EL608": (kernel().astype(np.float64), Severity.WARNING),
    "EL609": (changed(kernel(), slice(0, 8), 1e-40), Severity.NOTE),
    "EL610": (changed(kernel(), (0, 0), 1e6), Severity.WARNING),
}
"""Code to a faulty kernel."""


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_a_faulty_kernel_gets_its_code_at_its_layer(
    write: Callable[..., Path], code: str, tmp_path: Path
) -> None:
    faulty, severity = FAULTS[code]
    first = layer(kernel(8, faulty.shape[0]).astype(faulty.dtype))
    path = write(tmp_path, [first, layer(faulty), layer(kernel(faulty.shape[1], 4).astype(faulty.dtype))])
    found = [finding for finding in checked(path).findings if finding.location.index >= 0]
    assert {(finding.code, finding.severity) for finding in found} == {(code, severity)}
    assert "l1" in {finding.location.node for finding in found}


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_sound_weights_give_nothing(write: Callable[..., Path], tmp_path: Path) -> None:
    report = checked(write(tmp_path, [layer(kernel(8, 32)), layer(kernel()), layer(kernel(16, 4))]))
    assert report.findings == ()
    assert report.unknowns == ()


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_copies_are_told_once_with_what_they_waste(write: Callable[..., Path], tmp_path: Path) -> None:
    same = kernel(32, 32)
    (finding,) = checked(
        write(tmp_path, [layer(same), layer(kernel(32, 32)), layer(same), layer(same)])
    ).findings
    assert (finding.code, finding.location.node, finding.data["bytes"]) == ("EL605", "l0", 2 * same.nbytes)


@pytest.mark.parametrize("write", [onnx_file, tflite_file])
def test_what_nothing_reads_is_told(write: Callable[..., Path], tmp_path: Path) -> None:
    (finding,) = checked(write(tmp_path, [layer(kernel())], unread=kernel(32, 32))).findings
    assert (finding.code, finding.data["bytes"]) == ("EL607", 4096)


def test_tensors_that_share_a_buffer_are_no_copies(tmp_path: Path) -> None:
    builder = ModelBuilder()
    content = kernel(32, 32).tobytes()
    first = builder.tensor("w0", [32, 32], "FLOAT32", content)
    shared = builder.graph.tensors[first].buffer
    second = builder.tensor("w1", [32, 32], "FLOAT32", buffer=shared)
    unread = builder.tensor("w2", [32, 32], "FLOAT32", buffer=shared)
    values = [builder.tensor(f"v{place}", [1, 32]) for place in range(3)]
    builder.operator("FULLY_CONNECTED", [values[0], first, -1], [values[1]], "FullyConnectedOptions")
    builder.operator("FULLY_CONNECTED", [values[1], second, -1], [values[2]], "FullyConnectedOptions")
    builder.graph.inputs, builder.graph.outputs = values[:1], values[2:]
    assert unread == 2
    assert checked(builder.write(tmp_path)).findings == ()


def test_channels_that_one_scale_would_lose_are_told_of_float_onnx_models(tmp_path: Path) -> None:
    weak = changed(kernel(), (slice(None), slice(0, 8)), 0.001)
    (finding,) = checked(onnx_file(tmp_path, [layer(weak)])).findings
    assert (finding.code, finding.data["kernels"]) == ("EL604", {"w0": 8})


def test_a_keras_model_saved_before_training_is_told(tmp_path: Path) -> None:
    layers = [(kernel(8, 32), np.zeros(32, np.float32)), (kernel(), np.zeros(16, np.float32))]
    layers.append((kernel(16, 4), np.zeros(4, np.float32)))
    assert [finding.code for finding in checked(keras_file(tmp_path, layers)).findings] == ["EL613"]
    trained = [*layers[:2], (layers[2][0], np.full(4, 0.01, np.float32))]
    assert checked(keras_file(tmp_path, trained)).findings == ()


def normalized_onnx(folder: Path, *statistics: np.ndarray) -> Path:
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    from tests.loaders.onnx.builder import graph, model, saved, value

    constants = [
        numpy_helper.from_array(numbers.astype(np.float32), name)
        for name, numbers in zip("sbmv", statistics, strict=True)
    ]
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], "bn")
    return saved(model(graph([node], [value("x", [1, 16])], [value("y", None)], constants)), folder)


def normalized_keras(folder: Path, *statistics: np.ndarray) -> Path:
    specs = [
        _spec("InputLayer", "x", batch_shape=[None, 16], dtype="float32"),
        _spec("BatchNormalization", "bn", axis=-1, epsilon=0.001, center=True, scale=True, dtype="float32"),
    ]
    return _archive(folder, specs, {"batch_normalization": [each.astype(np.float32) for each in statistics]})


ONES, ZEROS, SPREAD = np.ones(16), np.zeros(16), np.linspace(-1, 1, 16)


@pytest.mark.parametrize("write", [normalized_onnx, normalized_keras])
@pytest.mark.parametrize(
    ("mean", "variance", "codes"),
    [
        (ZEROS, ONES, ["EL612"]),
        (ZEROS, SPREAD, ["EL611"]),
        (SPREAD, ONES, []),
        (ZEROS, ONES + SPREAD / 2, []),
    ],
)
def test_statistics_that_no_training_makes_are_told(
    write: Callable[..., Path], mean: np.ndarray, variance: np.ndarray, codes: list[str], tmp_path: Path
) -> None:
    findings = checked(write(tmp_path, ONES, ZEROS, mean, variance)).findings
    assert [finding.code for finding in findings] == codes
    assert {finding.location.node for finding in findings} <= {"bn"}


def test_a_scale_and_shift_written_as_a_batch_normalization_is_left_alone(tmp_path: Path) -> None:
    assert checked(normalized_onnx(tmp_path, SPREAD, SPREAD, ZEROS, ONES)).findings == ()
    (finding,) = checked(normalized_keras(tmp_path, SPREAD, SPREAD, ZEROS, ONES)).findings
    assert finding.code == "EL612"


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_weights_that_keras_saved_on_windows_are_found(slash: str, tmp_path: Path) -> None:
    path = keras_file(tmp_path, [layer(FAULTS["EL601"][0]), layer(kernel(16, 8))], slash)
    report = checked(path)
    assert [finding.code for finding in report.findings] == ["EL601"]
    assert report.unknowns == ()


class TestReading:
    """Whether numbers are read at all, and what the report says where they are not."""

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Path:
        return tflite_file(tmp_path, [layer(FAULTS["EL601"][0])])

    def test_they_are_not_read_when_nobody_wants_it_and_the_report_says_so(self, faulty: Path) -> None:
        report = checked(faulty, weights=False)
        assert report.findings == ()
        assert report.unknowns == ("weights are not judged: --no-weights",)

    def test_large_models_are_read_when_asked(self, faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("edgelint.analysis.weights.reading.READ_BYTES", 1024)
        report = checked(faulty)
        assert report.findings == ()
        assert report.unknowns == (
            "weights are not judged: 2.1 KiB are more than the 1 KiB that are read unasked "
            "(--weights reads them)",
        )
        assert [finding.code for finding in checked(faulty, weights=True).findings] == ["EL601"]

    def test_nothing_is_said_where_no_rule_wanted_them(self, faulty: Path) -> None:
        assert checked(faulty, "EL4", weights=False).unknowns == ()

    def test_more_weights_than_the_file_can_hold_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("edgelint.analysis.weights.reading.READ_BYTES", 1024)
        monkeypatch.setattr("edgelint.analysis.weights.reading.MOST_OVERLAP", 0)
        report = checked(tflite_file(tmp_path, [layer(kernel())]), weights=True)
        assert report.unknowns[0].startswith("weights are not judged: 2.1 KiB of them are declared in ")

    def test_missing_external_data_is_no_failure(self, tmp_path: Path) -> None:
        onnx = pytest.importorskip("onnx")
        path = onnx_file(tmp_path, [layer(kernel(64, 64))])
        proto = onnx.load(path)
        onnx.save(proto, path, save_as_external_data=True, location="w.bin", size_threshold=0)
        assert checked(path).unknowns == ()
        (tmp_path / "w.bin").unlink()
        assert checked(path).unknowns[0].startswith("2 constants are not judged: cannot be read")

    def test_the_library_reads_them_too(self, faulty: Path) -> None:
        found = edgelint.check(faulty, select=["nan-or-inf-weights"]).findings
        assert [finding.code for finding in found] == ["EL601"]

    def test_they_are_read_once_for_all_targets(self, faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[Tensor] = []

        def measured(tensor: Tensor, *about: Any) -> Statistics | None:
            read.append(tensor)
            return measure(tensor, *about)

        monkeypatch.setattr(weights, "measure", measured)
        targets = tuple(map(find, ("cortex-m4", "esp32", "litert-cpu")))
        reports = check_file(faulty, Settings(targets=targets, select=select(["EL601"])))
        assert [len(report.findings) for report in reports] == [1, 1, 1]
        assert len(read) == 2

    def test_the_program_reads_them_unless_told_not_to(self, faulty: Path) -> None:
        assert edgelint_run("check", faulty, "--select", "EL6").returncode == 1
        unread = edgelint_run("check", faulty, "--select", "EL6", "--no-weights")
        assert unread.returncode == 0
        assert "weights are not judged: --no-weights" in unread.stdout
