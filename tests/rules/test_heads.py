"""The rules about outputs, on small files of all formats: they find what is broken, not what is mended."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import edgelint
from tests.loaders.tflite.builder import ModelBuilder

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer of a network: its kind ("dense", "softmax" …), units of a dense one, axis of others."""

    kind: str
    units: int = 0
    axis: int = -1


def dense(units: int) -> Layer:
    return Layer("dense", units)


SOFTMAX, SIGMOID, RELU, TANH, RELU6 = (
    Layer(kind) for kind in ("softmax", "sigmoid", "relu", "tanh", "relu6")
)
ARGMAX = Layer("argmax", axis=1)


@dataclass(frozen=True)
class Network:
    """Layers on one input, each called after its kind and place: dense0, softmax1.

    labels: class names in its metadata. loss: what it was trained with (Keras).
    """

    layers: tuple[Layer, ...]
    given: Shape = (1, 8)
    labels: tuple[str, ...] = ()
    loss: str = ""
    opset: int = 17

    @property
    def named(self) -> list[tuple[str, Layer, Shape, Shape]]:
        """Each layer with its name and the shapes before and after it."""
        found, shape = [], self.given
        for place, layer in enumerate(self.layers):
            before = shape
            if layer.kind == "dense":
                shape = (*shape[:-1], layer.units)
            elif layer.kind == "argmax":
                shape = shape[: layer.axis] + shape[layer.axis + 1 :]
            found.append((f"{layer.kind}{place}", layer, before, shape))
        return found


def network(*layers: Layer, **more: Any) -> Network:
    return Network(layers, **more)


def keras_file(network: Network, folder: Path) -> Path:
    """A `.keras` file without weights."""
    layers = [_keras_layer("InputLayer", "x", batch_shape=[None, *network.given[1:]])]
    for name, layer, *_ in network.named:
        if layer.kind == "dense":
            layers.append(_keras_layer("Dense", name, units=layer.units, activation="linear"))
        elif layer.kind == "softmax":
            layers.append(_keras_layer("Softmax", name, axis=layer.axis))
        else:
            layers.append(_keras_layer("Activation", name, activation=layer.kind))
    config: dict[str, Any] = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "net", "layers": layers},
    }
    if network.loss:
        config["compile_config"] = {"optimizer": "adam", "loss": network.loss}
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        file.writestr("config.json", json.dumps(config))
    return path


def _keras_layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    settings = {"name": name, "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": kind, "config": settings, "registered_name": None}


ONNX = {"softmax": "Softmax", "sigmoid": "Sigmoid", "relu": "Relu", "tanh": "Tanh", "argmax": "ArgMax"}


def onnx_file(network: Network, folder: Path) -> Path:
    """An `.onnx` file with weights of 1."""
    onnx = pytest.importorskip("onnx")
    make, kinds = onnx.helper, onnx.TensorProto
    nodes, weights, last = [], [], "x"
    for name, layer, before, after in network.named:
        attributes: dict[str, Any] = {}
        inputs = [last]
        if layer.kind == "dense":
            count = before[-1] * after[-1]
            weights.append(make.make_tensor(f"{name}/w", kinds.FLOAT, (before[-1], after[-1]), [1.0] * count))
            inputs.append(f"{name}/w")
        elif layer.kind == "relu6":
            weights += [make.make_tensor(f"{name}/{end}", kinds.FLOAT, (), [end]) for end in (0.0, 6.0)]
            inputs += [f"{name}/0.0", f"{name}/6.0"]
        elif layer.kind in ("softmax", "argmax"):
            attributes["axis"] = layer.axis
        if layer.kind == "argmax":
            attributes["keepdims"] = 0
        op = "MatMul" if layer.kind == "dense" else "Clip" if layer.kind == "relu6" else ONNX[layer.kind]
        nodes.append(make.make_node(op, inputs, [f"{name}:0"], name, **attributes))
        last = f"{name}:0"
    kind = kinds.INT64 if network.layers[-1].kind == "argmax" else kinds.FLOAT
    given = make.make_tensor_value_info("x", kinds.FLOAT, network.given)
    made = make.make_tensor_value_info(last, kind, network.named[-1][3])
    graph = make.make_graph(nodes, "main", [given], [made], weights)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", network.opset)], ir_version=8)
    if network.labels:
        make.set_model_props(model, {"names": json.dumps(dict(enumerate(network.labels)))})
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


TFLITE: dict[str, tuple[str, dict[str, Any]]] = {
    "softmax": ("SOFTMAX", {"table": "SoftmaxOptions", "beta": 1.0}),
    "sigmoid": ("LOGISTIC", {}),
    "relu": ("RELU", {}),
    "relu6": ("RELU6", {}),
    "tanh": ("TANH", {}),
}


def tflite_file(network: Network, folder: Path) -> Path:
    """A `.tflite` file with weights of 0."""
    b = ModelBuilder()
    first = last = b.tensor("x", network.given)
    for name, layer, before, after in network.named:
        if layer.kind == "argmax":
            made = b.tensor(name, after, "INT64")
            output = b.s.TensorType.INT64
            b.operator("ARG_MAX", [last, b.ints(f"{name}/axis", [layer.axis])], [made], "ArgMaxOptions",
                       outputType=output)  # fmt: skip
        elif layer.kind == "dense":
            made = b.tensor(name, after)
            shape = (after[-1], before[-1])
            weights = b.tensor(f"{name}/w", shape, data=bytes(4 * after[-1] * before[-1]))
            b.operator("FULLY_CONNECTED", [last, weights, -1], [made], "FullyConnectedOptions",
                       keepNumDims=len(after) > 2)  # fmt: skip
        else:
            made = b.tensor(name, after)
            builtin, options = TFLITE[layer.kind]
            b.operator(builtin, [last], [made], **options)
        last = made
    b.ends([first], [last])
    return b.write(folder)


FORMATS: dict[str, Callable[[Network, Path], Path]] = {
    "keras": keras_file,
    "onnx": onnx_file,
    "tflite": tflite_file,
}


@dataclass(frozen=True)
class Case:
    """A broken network, the same one mended, and what must be said of the former at which node."""

    rule: str
    broken: Network
    mended: Network
    node: str
    severity: str
    task: str = "auto"
    formats: tuple[str, ...] = ("keras", "onnx", "tflite")


TRAINED = "categorical_crossentropy"
CASES = [
    Case("missing-output-activation", network(dense(4)), network(dense(4), SOFTMAX), "dense0", "warning",
         "classification"),
    Case("softmax-on-regression-head", network(dense(4), SOFTMAX), network(dense(4)), "softmax1", "error",
         "regression"),
    Case("softmax-on-one-unit", network(dense(1), SOFTMAX), network(dense(1), SIGMOID), "softmax1", "error"),
    Case(
        "softmax-over-wrong-axis",
        network(dense(3), Layer("softmax", axis=1), given=(1, 20, 8), loss=TRAINED),
        network(dense(3), Layer("softmax", axis=2), given=(1, 20, 8), loss=TRAINED),
        "softmax1", "error", formats=("keras",),
    ),
    Case(
        "softmax-over-wrong-axis",
        network(dense(3), Layer("softmax", axis=1), given=(1, 20, 8), labels=("a", "b", "c")),
        network(dense(3), Layer("softmax", axis=2), given=(1, 20, 8), labels=("a", "b", "c")),
        "softmax1", "warning", formats=("onnx",),
    ),
    Case(
        "softmax-over-wrong-axis",
        network(dense(3), Layer("softmax", axis=0)), network(dense(3), Layer("softmax", axis=1)),
        "softmax1", "error", formats=("keras", "onnx"),
    ),
    Case("two-softmaxes", network(dense(4), SOFTMAX, SOFTMAX), network(dense(4), SOFTMAX), "softmax2",
         "warning"),
    Case("two-softmaxes", network(dense(4), SOFTMAX, SOFTMAX), network(dense(4), SOFTMAX), "softmax2",
         "error", "classification"),
    Case("sigmoid-after-softmax", network(dense(4), SOFTMAX, SIGMOID), network(dense(4), SIGMOID), "sigmoid2",
         "warning"),
    Case("sigmoid-after-softmax", network(dense(4), SIGMOID, SOFTMAX), network(dense(4), SOFTMAX), "softmax2",
         "warning"),
    Case("relu-on-class-scores", network(dense(4), RELU, SOFTMAX), network(dense(4), SOFTMAX), "softmax2",
         "warning"),
    Case("relu-on-class-scores", network(dense(1), RELU, SIGMOID), network(dense(1), SIGMOID), "sigmoid2",
         "warning"),
    Case("relu-on-class-scores", network(dense(4), RELU), network(dense(4), SOFTMAX), "relu1", "warning",
         "classification"),
    Case("sigmoid-for-exclusive-classes", network(dense(4), SIGMOID), network(dense(4), SOFTMAX), "sigmoid1",
         "warning", "classification"),
    Case("softmax-for-multilabel", network(dense(4), SOFTMAX), network(dense(4), SIGMOID), "softmax1",
         "error", "multilabel"),
    Case("softmax-before-argmax", network(dense(4), SOFTMAX, ARGMAX), network(dense(4), ARGMAX), "softmax1",
         "note", formats=("onnx", "tflite")),
    Case("sigmoid-on-regression-head", network(dense(2), SIGMOID), network(dense(2)), "sigmoid1", "warning",
         "regression"),
    Case("sigmoid-on-regression-head", network(dense(2), TANH, loss="mean_squared_error"),
         network(dense(2), TANH, loss="binary_crossentropy"), "tanh1", "note", formats=("keras",)),
    Case("relu-on-regression-head", network(dense(2), RELU), network(dense(2)), "relu1", "note",
         "regression"),
    Case("relu-on-regression-head", network(dense(2), RELU6), network(dense(2)), "relu61", "warning",
         "regression", formats=("keras", "tflite")),
    Case("relu-on-regression-head", network(dense(1), RELU, loss="mean_absolute_error"),
         network(dense(1), RELU, loss="poisson"), "relu1", "note", formats=("keras",)),
    Case("constant-output", network(dense(1), ARGMAX), network(dense(2), ARGMAX), "argmax1", "error",
         formats=("onnx", "tflite")),
]  # fmt: skip


def said(path: Path, rule: str, task: str = "auto") -> list[tuple[str, str]]:
    """Node and severity of what `rule` says of the file."""
    report = edgelint.check(path, task=task)
    assert report.error is None
    return [(each.location.node, each.severity.value) for each in report.findings if each.rule == rule]


@pytest.mark.parametrize(
    ("case", "format"),
    [
        pytest.param(case, format, id=f"{case.rule}-{format}-{place}")
        for place, case in enumerate(CASES)
        for format in case.formats
    ],
)
def test_what_is_broken_is_found_at_its_node_and_what_is_mended_is_quiet(
    case: Case, format: str, tmp_path: Path
) -> None:
    broken, mended = FORMATS[format](case.broken, tmp_path), tmp_path / "mended"
    assert said(broken, case.rule, case.task) == [(case.node, case.severity)]
    mended.mkdir()
    assert said(FORMATS[format](case.mended, mended), case.rule, case.task) == []


@pytest.mark.parametrize(
    ("opset", "axis", "severity"),
    [(11, 1, "warning"), (17, 3, "warning"), (17, 1, None), (11, 3, None)],
    ids=["all dims from 1 on", "along the width", "along the channels", "each number alone: one unit"],
)
def test_a_softmax_on_a_convolution_works_along_its_channels(
    opset: int, axis: int, severity: str | None, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = make.make_tensor("w", kind, (5, 3, 1, 1), [1.0] * 15)
    width = 6 if severity or axis == 1 else 1
    nodes = [
        make.make_node("Conv", ["x", "w"], ["scores"], "conv"),
        make.make_node("Softmax", ["scores"], ["y"], "softmax", axis=axis),
    ]
    ends = [
        make.make_tensor_value_info(name, kind, (1, depth, 8, width)) for name, depth in (("x", 3), ("y", 5))
    ]
    graph = make.make_graph(nodes, "main", ends[:1], ends[1:], [weights])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", opset)], ir_version=8)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert said(path, "softmax-over-wrong-axis") == ([("softmax", severity)] if severity else [])


@pytest.mark.parametrize("transposed", [True, False])
def test_a_converted_softmax_along_the_width_is_found_behind_its_transposes(
    transposed: bool, tmp_path: Path
) -> None:
    b = ModelBuilder()
    shapes = [(1, 8, 6, 5), (1, 8, 5, 6) if transposed else (1, 8, 6, 5)]
    given, scores, moved, softmax = (
        b.tensor(name, shape)
        for name, shape in zip("xsmy", [(1, 8, 6, 3), shapes[0], shapes[1], shapes[1]], strict=True)
    )
    weights = b.tensor("w", (5, 1, 1, 3), data=bytes(60))
    b.operator("CONV_2D", [given, weights, -1], [scores], "Conv2DOptions", strideH=1, strideW=1)
    order = [0, 1, 3, 2] if transposed else [0, 1, 2, 3]
    b.operator("TRANSPOSE", [scores, b.ints("order", order)], [moved], "TransposeOptions")
    b.operator("SOFTMAX", [moved], [softmax], "SoftmaxOptions", beta=1.0)
    b.ends([given], [softmax])
    path = b.write(tmp_path)
    assert said(path, "softmax-over-wrong-axis") == ([("y", "warning")] if transposed else [])


INT8_OUTPUTS = [
    (1 / 256, -128, "auto", "unbounded-output-quantized", "warning"),
    (0.1, 3, "auto", "unbounded-output-quantized", None),
    (0.1, 3, "regression", "unbounded-output-quantized", "note"),
    (0.1, 3, "detection", "coarse-output-step", None),
    (1.7, 3, "detection", "coarse-output-step", "note"),
]


@pytest.mark.parametrize(("scale", "zero", "task", "rule", "severity"), INT8_OUTPUTS)
def test_the_range_of_a_raw_int8_output_is_judged_in_tflite(
    scale: float, zero: int, task: str, rule: str, severity: str | None, tmp_path: Path
) -> None:
    b = ModelBuilder()
    given = b.tensor("x", (1, 8), "INT8", scale=[0.5], zero_point=[0])
    weights = b.tensor("w", (3, 8), "INT8", bytes(24), scale=[0.1], zero_point=[0])
    made = b.tensor("y", (1, 3), "INT8", scale=[scale], zero_point=[zero])
    b.operator("FULLY_CONNECTED", [given, weights, -1], [made], "FullyConnectedOptions")
    b.ends([given], [made])
    path = b.write(tmp_path)
    assert said(path, rule, task) == ([("y", severity)] if severity else [])


@pytest.mark.parametrize(("scale", "zero", "task", "rule", "severity"), INT8_OUTPUTS)
def test_the_range_of_a_raw_int8_output_is_judged_in_onnx(
    scale: float, zero: int, task: str, rule: str, severity: str | None, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    make, kinds = onnx.helper, onnx.TensorProto
    constants = [
        make.make_tensor("w", kinds.FLOAT, (8, 3), [1.0] * 24),
        make.make_tensor("scale", kinds.FLOAT, (), [scale]),
        make.make_tensor("zero", kinds.INT8, (), [zero]),
    ]
    nodes = [
        make.make_node("MatMul", ["x", "w"], ["scores"], "dense"),
        make.make_node("QuantizeLinear", ["scores", "scale", "zero"], ["stored"]),
        make.make_node("DequantizeLinear", ["stored", "scale", "zero"], ["y"]),
    ]
    ends = [make.make_tensor_value_info(name, kinds.FLOAT, (1, size)) for name, size in (("x", 8), ("y", 3))]
    graph = make.make_graph(nodes, "main", ends[:1], ends[1:], constants)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert said(path, rule, task) == ([("dense", severity)] if severity else [])


def test_losses_of_a_dictionary_of_outputs_go_to_their_outputs(tmp_path: Path) -> None:
    def read_by(name: str, units: int, activation: str) -> dict[str, Any]:
        tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}
        layer = _keras_layer("Dense", name, units=units, activation=activation)
        return {**layer, "name": name, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]}

    given = {**_keras_layer("InputLayer", "x", batch_shape=[None, 8]), "name": "x", "inbound_nodes": []}
    config = {
        "module": "keras",
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": [given, read_by("first", 3, "softmax"), read_by("second", 2, "softmax")],
            "input_layers": [["x", 0, 0]],
            "output_layers": {"species": ["first", 0, 0], "height": ["second", 0, 0]},
        },
        "compile_config": {"optimizer": "adam", "loss": {"species": TRAINED, "height": "mse"}},
    }
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        file.writestr("config.json", json.dumps(config))
    assert said(path, "softmax-on-regression-head") == [("second", "error")]
