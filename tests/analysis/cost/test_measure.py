"""What a whole model costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from edgelint.analysis.cost.measure import measure
from edgelint.analysis.figure import Basis, Figure
from edgelint.examples import Step, chain
from edgelint.ir import Model
from edgelint.loaders import Binding, load
from tests.analysis.graphs import graph, model, node
from tests.effort import growth


def dense(*sizes: int, batch: str = "1") -> Model:
    """Fully connected layers of these widths, one after the other, ReLU between them."""
    built = chain(f"float32[{batch},{sizes[0]}]")
    for given, made in pairwise(sizes):
        weight, bias = f"float32[{made},{given}]", f"float32[{made}]"
        built = built.op("Gemm", f"float32[{batch},{made}]", activation="Relu", weight=weight, bias=bias)
    return built.model


def test_the_anomaly_detector_of_mlperf_tiny() -> None:
    cost = measure(dense(640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640))
    assert cost.macs == Figure(264_192)
    assert cost.parameters == 264_192 + 8 * 128 + 8 + 640
    assert cost.weights_bytes == 4 * cost.parameters
    assert cost.element_ops == Figure(2 * (8 * 128 + 8 + 640))
    assert cost.peak_activation == Figure(4 * (640 + 128))


def test_a_free_batch_gives_formulas() -> None:
    cost = measure(dense(10, 20, batch="batch"))
    assert cost.macs == Figure(None, Basis.UNKNOWN, "200*batch", "depends on batch")
    assert cost.element_ops.formula == "40*batch"
    assert cost.peak_activation.formula == "120*batch"
    assert cost.parameters == 220


def test_an_unknown_dim_is_not_taken_for_one() -> None:
    macs = measure(dense(10, 20, batch="?")).macs
    assert (macs.value, macs.basis, macs.formula) == (None, Basis.UNKNOWN, "")
    assert "unknown size" in macs.reason


def test_an_operator_without_a_model_leaves_a_lower_bound() -> None:
    built = chain("float32[1,4]").op("Gemm", "float32[1,4]", weight="float32[4,4]")
    cost = measure(built.op("Foo", "float32[1,4]", domain="com.acme").model)
    assert cost.macs == Figure(16, Basis.BOUND, reason="no cost model for Foo")
    assert [node.macs.value for node in cost.nodes] == [16, None]


def test_a_model_that_is_not_all_in_the_file_leaves_a_lower_bound() -> None:
    cost = measure(replace(dense(10, 20), complete=False))
    assert (cost.macs.value, cost.macs.basis) == (200, Basis.BOUND)
    assert cost.peak_activation.basis is Basis.BOUND


def test_each_node_shows_its_part() -> None:
    first, second = measure(dense(10, 20, 5)).nodes
    assert (first.parameters, first.macs.value, first.output_bytes) == (220, 200, 80)
    assert (second.parameters, second.macs.value, second.live_bytes.value) == (105, 100, 100)


def test_a_shared_constant_counts_once_for_its_first_reader() -> None:
    values = {"x": "float32[1,8]", "w": "=float32[8,8]", "a": "float32[1,8]", "y": "float32[1,8]"}
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["a", "w"], ["y"])]
    cost = measure(model(graph(values, nodes, ["x"], ["y"])))
    assert [part.parameters for part in cost.nodes] == [64, 0]
    assert (cost.parameters, cost.weights_bytes, cost.macs.value) == (64, 256, 128)


def test_constants_nobody_reads_do_not_count() -> None:
    values = {"x": "float32[1]", "unused": "=float32[99]", "y": "float32[1]"}
    assert measure(model(graph(values, [node("Relu", ["x"], ["y"])], ["x"], ["y"]))).parameters == 0


def test_bodies_count_once_and_say_so() -> None:
    body_values = {"a": "float32[1,8]", "b": "float32[1,8]"}
    body = graph(body_values, [node("MatMul", ["a", "w"], ["b"])], ["a"], ["b"], parent=0)
    values = {"x": "float32[1,8]", "w": "=float32[8,8]", "y": "float32[1,8]"}
    loop = node("Loop", [None, None, "x"], ["y"], subgraphs={"body": 1})
    cost = measure(model(graph(values, [loop], ["x"], ["y"]), body))
    assert cost.macs == Figure(64, reason="bodies of Loop count once")
    assert (cost.parameters, [part.graph for part in cost.nodes]) == (64, [0, 1])


def test_a_function_called_twice_counts_twice() -> None:
    body_values = {"a": "float32[1,8]", "w": "=float32[8,8]", "b": "float32[1,8]"}
    body = graph(body_values, [node("MatMul", ["a", "w"], ["b"])], ["a"], ["b"])
    values = {"x": "float32[1,8]", "m": "float32[1,8]", "y": "float32[1,8]"}
    calls = [
        node("CALL", [given], [made], domain="tflite", subgraphs={"body": 1})
        for given, made in (("x", "m"), ("m", "y"))
    ]
    assert measure(model(graph(values, calls, ["x"], ["y"]), body)).macs.value == 128


def test_graphs_of_other_signatures_are_left_out_of_the_totals() -> None:
    first, second = dense(10, 20).main, dense(10, 30).main
    cost = measure(model(first, second, format="tflite"))
    assert cost.macs.value == 200
    assert "left out" in cost.macs.reason
    assert cost.parameters == 220 + 330


def test_a_graph_that_runs_itself_is_no_endless_loop() -> None:
    values = {"x": "float32[1]", "y": "float32[1]"}
    loop = node("WHILE", ["x"], ["y"], domain="tflite", subgraphs={"body": 0})
    assert measure(model(graph(values, [loop], ["x"], ["y"]))).macs.basis is Basis.BOUND


def test_names_from_the_file_are_made_harmless() -> None:
    built = chain("float32[1,4]").op("\x1b[2J", "float32[1,4]", domain="com.acme").model
    assert measure(built).macs.reason == "no cost model for \\x1b[2J"
    free = chain("float32[\x1b,4]").op("Relu", "float32[\x1b,4]").model
    assert measure(free).element_ops.formula == "4*(\\x1b)"


def test_impossible_sizes_are_no_figure() -> None:
    dims = ",".join(["9223372036854775807"] * 40)
    built = chain(f"float32[{dims}]").op("Relu", f"float32[{dims}]")
    assert measure(built.model).element_ops.basis is Basis.UNKNOWN


@pytest.mark.parametrize("batch", ["1", "batch"])
def test_a_large_graph_takes_as_much_work_per_node_as_a_small_one(batch: str) -> None:
    shape = f"float32[{batch},8,8,4]"
    step = Step("Conv", shape, {"weight": "float32[4,3,3,4]"}, "Relu", "", "CONV_2D", {"layout": "NHWC"})

    def measuring(count: int) -> Callable[[], object]:
        built = chain(shape).but(steps=(step,) * count).model
        return lambda: measure(built).nodes

    assert measuring(100)()
    assert growth(measuring, 300, 1_200) < 1.1


def test_measuring_imports_no_array_library() -> None:
    code = (
        "import sys, edgelint.analysis.cost.measure; print('numpy' in sys.modules, 'networkx' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("path", "macs"),
    [
        ("mlperf_tiny/kws_ref_model.tflite", 2_656_768),
        ("mlperf_tiny/kws_ref_model_float32.tflite", 2_656_768),
        ("mlperf_tiny/vww_96.h5", 7_489_664),
        ("mlperf_tiny/vww_96_float.tflite", 7_489_664),
        ("mlperf_tiny/vww_96_int8.tflite", 7_489_664),
        ("siliconlabs/audio_example1.tflite", 671_184),
        ("stm32/yamnet_256_64x96_tl.h5", 23_902_720),
        ("stm32/yamnet_256_64x96_tl_int8.tflite", 23_902_720),
        ("tflm/trained_lstm.tflite", 28 * (28 + 20) * 80 + 28 * 20 * 10),
    ],
)
def test_published_figures(shared_models: Path, path: str, macs: int) -> None:
    cost = measure(load(shared_models / path, Binding(batch=1)))
    assert cost.macs == Figure(macs)


MOBILENET_V2 = 300_774_272
"""MobileNetV2 1.0 at 224×224."""


@pytest.mark.slow
def test_mobilenet_v2_is_the_same_from_every_format(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    network = keras.applications.MobileNetV2(weights=None)
    paths = [tmp_path / "m.keras", tmp_path / "m.h5", tmp_path / "m.tflite", tmp_path / "m.onnx"]
    network.save(paths[0])
    network.save(paths[1])
    paths[2].write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    _export_onnx(network, paths[3])
    for path in paths:
        cost = measure(load(path, Binding(batch=1)))
        assert (path.suffix, cost.macs.value) == (path.suffix, MOBILENET_V2)


@pytest.mark.slow
def test_mobilenet_v2_is_the_same_with_channels_first(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    keras.config.set_image_data_format("channels_first")
    try:
        network = keras.applications.MobileNetV2(weights=None, input_shape=(3, 224, 224))
    finally:
        keras.config.set_image_data_format("channels_last")
    network.save(tmp_path / "m.keras")
    cost = measure(load(tmp_path / "m.keras"))
    assert cost.macs.formula == f"{MOBILENET_V2}*batch"
    assert cost.parameters == network.count_params()


def _export_onnx(network: object, path: Path) -> None:
    tf2onnx = pytest.importorskip("tf2onnx")
    tf = pytest.importorskip("tensorflow")
    spec = tf.TensorSpec((1, 224, 224, 3), tf.float32, name="image")
    function = tf.function(lambda image: network(image), input_signature=[spec])  # type: ignore[operator]
    tf2onnx.convert.from_function(function, input_signature=[spec], opset=13, output_path=str(path))
