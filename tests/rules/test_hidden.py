"""The rules about hidden activations, on small files of each format that can have the fault."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import edgelint
from edgelint.rule import Finding
from tests.loaders.tflite.builder import ModelBuilder
from tests.rules.layered import WRITERS, Layer, Network, act, dense, network


def found(path: Path, code: str, target: str | None = None) -> list[Finding]:
    report = edgelint.check(path, target, select=[code])
    assert report.error is None
    return list(report.findings)


ALL = "keras onnx tflite"


class Fault(NamedTuple):
    """A network with one fault, where the fault is, and the same network without it."""

    code: str
    formats: str
    place: str
    broken: Network
    mended: Network
    target: str | None = None


def deep(activation: str, layers: int) -> Network:
    hidden = (dense(f"h{place}", 8, activation) for place in range(layers))
    return network(*hidden, dense("scores", 4))


HIDDEN, SCORES = dense("hidden", 16), dense("scores", 4)
RECTIFIED = dense("hidden", 16, "Relu")
LECUN = {"kernel_initializer": {"class_name": "LecunNormal", "config": {"seed": None}}}
GLOROT = {"kernel_initializer": "glorot_uniform"}


def selu(settings: Mapping[str, Any], noise: str = "AlphaDropout") -> Network:
    return network(
        dense("hidden", 8, "Selu", settings=settings), Layer(noise, "drop", settings={"rate": 0.2}), SCORES
    )


def dead(bias: float) -> Network:
    """A hidden layer whose sums reach 8 at most, less its bias."""
    layer = dense("hidden", 4, "Relu", bias=(bias,) * 2 + (1.0,) * 2)
    return network(act("Sigmoid", "squash"), layer, SCORES)


FAULTS = [
    Fault("EL420", ALL, "hidden", network(HIDDEN, SCORES), network(RECTIFIED, SCORES)),
    Fault("EL421", ALL, "h0", deep("Sigmoid", 3), deep("Relu", 3)),
    Fault("EL421", ALL, "h0", deep("Tanh", 5), deep("Tanh", 4)),
    Fault(
        "EL422",
        ALL,
        "act",
        network(act("Tanh", "act"), SCORES, size=8192),
        network(act("Relu", "act"), SCORES, size=8192),
        "cortex-m4",
    ),
    Fault(
        "EL423", ALL, "again", network(RECTIFIED, act("Relu", "again"), SCORES), network(RECTIFIED, SCORES)
    ),
    Fault("EL424", "onnx tflite", "hidden", dead(-9.0), dead(-7.0)),
    Fault("EL425", "keras h5", "hidden", selu(GLOROT), selu(LECUN)),
    Fault("EL425", "keras h5", "drop", selu(LECUN, "Dropout"), selu(LECUN)),
    Fault(
        "EL426",
        "onnx tflite",
        "act",
        network(HIDDEN, act("LeakyRelu", "act", alpha=2.0)),
        network(HIDDEN, act("LeakyRelu", "act", alpha=0.1)),
    ),
    Fault(
        "EL426",
        "keras h5",
        "act",
        network(HIDDEN, act("LeakyRelu", "act", negative_slope=-0.5)),
        network(HIDDEN, act("LeakyRelu", "act", negative_slope=0.3)),
    ),
]

CASES = [
    pytest.param(form, fault, id=f"{fault.code}-{fault.place}-{form}")
    for fault in FAULTS
    for form in fault.formats.split()
]


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_the_fault_is_found_where_it_is(form: str, fault: Fault, tmp_path: Path) -> None:
    findings = found(WRITERS[form](fault.broken, tmp_path), fault.code, fault.target)
    assert [finding.location.node.split("/")[0].split(";")[0] for finding in findings] == [fault.place]


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_the_mended_network_is_left_alone(form: str, fault: Fault, tmp_path: Path) -> None:
    assert found(WRITERS[form](fault.mended, tmp_path), fault.code, fault.target) == []


def convolutions(folder: Path, *steps: tuple[str, int, int]) -> Path:
    """An ONNX file of 1×1 convolutions and others on 16 channels: (kind, channels made, group)."""
    onnx = pytest.importorskip("onnx")
    make, kinds = onnx.helper, onnx.TensorProto
    nodes, constants, last, channels = [], [], "x", 16
    for place, (kind, made, group) in enumerate(steps):
        name, reads = f"{kind.lower()}{place}", [last]
        if kind == "Conv":
            shape = [made, channels // group, 1, 1]
            constants.append(
                make.make_tensor(f"w{place}", kinds.FLOAT, shape, [1.0] * (made * channels // group))
            )
            nodes.append(make.make_node("Conv", [last, f"w{place}"], [name], name, group=group))
            channels = made
        else:
            nodes.append(make.make_node(kind, reads * (1 + (kind == "Mul")), [name], name))
        last = name
    given = make.make_tensor_value_info("x", kinds.FLOAT, [1, 16, 8, 8])
    ends = [make.make_tensor_value_info(last, kinds.FLOAT, None)]
    graph = make.make_graph(nodes, "main", [given], ends, constants)
    path = folder / "m.onnx"
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


PLAIN, DEPTHWISE, WIDER = ("Conv", 16, 1), ("Conv", 16, 16), ("Conv", 72, 1)
RELU, GATED = ("Relu", 0, 1), ("Mul", 0, 1)


class TestLinearStack:
    @pytest.mark.parametrize(
        ("steps", "count"),
        [
            pytest.param([PLAIN, WIDER], 1, id="two 1×1 convolutions"),
            pytest.param([PLAIN, RELU, WIDER], 0, id="an activation between"),
            pytest.param([DEPTHWISE, WIDER], 0, id="a separable convolution"),
            pytest.param(
                [DEPTHWISE, RELU, PLAIN, WIDER], 0, id="MobileNetV2's first block, linear by design"
            ),
            pytest.param([DEPTHWISE, RELU, GATED, PLAIN, WIDER], 0, id="MobileNetV3's, with a gate"),
            pytest.param([("Conv", 8, 1), WIDER], 0, id="a bottleneck"),
        ],
    )
    def test_convolutions(self, steps: list[tuple[str, int, int]], count: int, tmp_path: Path) -> None:
        assert len(found(convolutions(tmp_path, *steps), "EL420")) == count

    @pytest.mark.parametrize(("zero_point", "count"), [(0, 1), (-128, 0)])
    def test_a_quantization_without_negative_numbers_is_a_relu(
        self, zero_point: int, count: int, tmp_path: Path
    ) -> None:
        builder = ModelBuilder()
        sizes = {"x": 8, "h": 16, "y": 4}
        x, h, y = (
            builder.tensor(name, [1, size], "INT8", scale=[0.1], zero_point=[zero_point])
            for name, size in sizes.items()
        )
        for reads, made, shape in ((x, h, [16, 8]), (h, y, [4, 16])):
            data = bytes(shape[0] * shape[1])
            weights = builder.tensor(f"w{made}", shape, "INT8", data, scale=[0.1], zero_point=[0])
            builder.operator("FULLY_CONNECTED", [reads, weights, -1], [made], "FullyConnectedOptions")
        builder.ends([x], [y])
        assert len(found(builder.write(tmp_path), "EL420")) == count

    def test_float16_weights_are_looked_through(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x, h, y = (builder.tensor(name, [1, size]) for name, size in {"x": 8, "h": 16, "y": 4}.items())
        for reads, made, shape in ((x, h, [16, 8]), (h, y, [4, 16])):
            half = builder.tensor(f"half{made}", shape, "FLOAT16", bytes(2 * shape[0] * shape[1]))
            weights = builder.tensor(f"w{made}", shape)
            builder.operator("DEQUANTIZE", [half], [weights])
            builder.operator("FULLY_CONNECTED", [reads, weights, -1], [made], "FullyConnectedOptions")
        builder.ends([x], [y])
        assert [finding.location.node for finding in found(builder.write(tmp_path), "EL420")] == ["h"]

    @pytest.mark.parametrize("form", ALL.split())
    @pytest.mark.parametrize(
        "layers",
        [
            pytest.param((dense("code", 2), dense("out", 8)), id="a bottleneck, narrower than both ends"),
            pytest.param((dense("a", 16, "Tanh"), dense("b", 4)), id="an activation between"),
        ],
    )
    def test_what_is_done_on_purpose_is_left_alone(
        self, form: str, layers: tuple[Layer, ...], tmp_path: Path
    ) -> None:
        assert found(WRITERS[form](network(*layers), tmp_path), "EL420") == []

    @pytest.mark.parametrize("form", ["keras", "onnx"])
    def test_dropout_between_is_no_activation(self, form: str, tmp_path: Path) -> None:
        path = WRITERS[form](network(HIDDEN, act("Dropout", "drop", rate=0.2), SCORES), tmp_path)
        assert [finding.data["merged_parameters"] for finding in found(path, "EL420")] == [8 * 4]

    @pytest.mark.parametrize("form", ["keras", "onnx"])
    def test_batch_normalisation_between_is_left_alone(self, form: str, tmp_path: Path) -> None:
        path = WRITERS[form](network(HIDDEN, act("BatchNormalization", "norm"), SCORES), tmp_path)
        assert found(path, "EL420") == []

    @pytest.mark.parametrize(
        ("tail", "count"),
        [
            pytest.param([("MatMul", "h v y")], 1, id="one reader"),
            pytest.param([("MatMul", "h v o"), ("Concat", "o h y")], 0, id="the middle is read elsewhere"),
            pytest.param([("Relu", "h r"), ("MatMul", "r v y")], 0, id="an activation between"),
        ],
    )
    def test_a_dense_layer_written_as_product_and_sum(
        self, tail: list[tuple[str, str]], count: int, tmp_path: Path
    ) -> None:
        onnx = pytest.importorskip("onnx")
        make, kinds = onnx.helper, onnx.TensorProto
        nodes = [
            make.make_node("MatMul", ["x", "w"], ["p"], "p"),
            make.make_node("Add", ["p", "b"], ["h"], "h"),
        ]
        for kind, names in tail:
            *reads, made = names.split()
            attributes = {"axis": 1} if kind == "Concat" else {}
            nodes.append(make.make_node(kind, reads, [made], made, **attributes))
        constants = [
            make.make_tensor(name, kinds.FLOAT, shape, [1.0] * size)
            for name, shape, size in (("w", [8, 16], 128), ("b", [16], 16), ("v", [16, 4], 64))
        ]
        path = tmp_path / "m.onnx"
        given = make.make_tensor_value_info("x", kinds.FLOAT, [1, 8])
        ends = [make.make_tensor_value_info("y", kinds.FLOAT, None)]
        graph = make.make_graph(nodes, "main", [given], ends, constants)
        model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
        path.write_bytes(model.SerializeToString())
        assert len(found(path, "EL420")) == count


class TestCostlyActivation:
    def test_nothing_is_said_without_a_target_or_for_a_pc(self, tmp_path: Path) -> None:
        path = WRITERS["tflite"](network(act("Tanh", "act"), SCORES, size=8192), tmp_path)
        assert found(path, "EL422") == []
        assert found(path, "EL422", "litert-cpu") == []

    def test_a_sigmoid_times_its_input_is_a_swish(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x, gate, y = (builder.tensor(name, [1, 8192]) for name in ("x", "gate", "y"))
        out = builder.tensor("out", [1, 4])
        weights = builder.tensor("w", [4, 8192], "FLOAT32", bytes(4 * 4 * 8192))
        builder.operator("LOGISTIC", [x], [gate])
        builder.operator("MUL", [x, gate], [y], "MulOptions")
        builder.operator("FULLY_CONNECTED", [y, weights, -1], [out], "FullyConnectedOptions")
        builder.ends([x], [out])
        (finding,) = found(builder.write(tmp_path), "EL422", "cortex-m4")
        assert finding.data["activation"] == "Swish"
        assert "hard_silu" in finding.hint


class TestExponentialOverflow:
    @pytest.mark.parametrize(
        ("first", "severities"),
        [("Identity", ["warning"]), ("Tanh", [])],
        ids=["anything goes in", "what goes in is bounded"],
    )
    def test_a_softplus_in_float16(self, first: str, severities: list[str], tmp_path: Path) -> None:
        onnx = pytest.importorskip("onnx")
        make, kind = onnx.helper, onnx.TensorProto.FLOAT16
        nodes = [
            make.make_node(op, reads.split(), [made], made)
            for op, reads, made in (
                (first, "x", "a"),
                ("Exp", "a", "e"),
                ("Add", "e one", "s"),
                ("Log", "s", "y"),
            )
        ]
        ends = [make.make_tensor_value_info(name, kind, [1, 8]) for name in "xy"]
        one = make.make_tensor("one", kind, [], [1.0])
        graph = make.make_graph(nodes, "main", ends[:1], ends[1:], [one])
        path = tmp_path / "m.onnx"
        model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
        path.write_bytes(model.SerializeToString())
        assert [finding.severity.value for finding in found(path, "EL427")] == severities

    @pytest.mark.parametrize(("scale", "count"), [(0.1, 1), (3.0, 0)])
    def test_the_codes_of_an_int8_exponential(self, scale: float, count: int, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x = builder.tensor("x", [1, 8], "INT8", scale=[0.05], zero_point=[0])
        y = builder.tensor("y", [1, 8], "INT8", scale=[scale], zero_point=[-128])
        builder.operator("EXP", [x], [y], "ExpOptions")
        builder.ends([x], [y])
        assert len(found(builder.write(tmp_path), "EL427")) == count

    @pytest.mark.parametrize(("policy", "count"), [("mixed_float16", 1), ("float32", 0)])
    def test_an_exponential_layer_under_a_keras_policy(self, policy: str, count: int, tmp_path: Path) -> None:
        layers = [
            {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 8]}},
            {"class_name": "Dense", "config": {"name": "d", "units": 4, "activation": "exponential"}},
        ]
        layers[1]["config"]["dtype"] = {"class_name": "DTypePolicy", "config": {"name": policy}}  # type: ignore[index]
        path = tmp_path / "m.keras"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
            content = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
            file.writestr("config.json", json.dumps(content))
        assert len(found(path, "EL427")) == count


class TestDeadRelu:
    def test_a_quantized_relu_below_zero(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x = builder.tensor("x", [1, 8], "INT8", scale=[0.1], zero_point=[127])
        y = builder.tensor("y", [1, 8], "INT8", scale=[0.1], zero_point=[-128])
        builder.operator("RELU", [x], [y])
        builder.ends([x], [y])
        (finding,) = found(builder.write(tmp_path), "EL424")
        assert finding.message.endswith("is 0 for every input: what it reads is never above 0")

    @pytest.mark.parametrize(
        ("weights", "biases", "dead"),
        [
            pytest.param([1, 1, -1, -1], [0, -1], 1, id="no weight above 0 and no bias"),
            pytest.param([1, 1, 1, 1], [-511, -509], 1, id="the bias outweighs all that can come in"),
            pytest.param([0, 0, 1, 1], [-1, 0], 0, id="a unit without weights is another rule's"),
        ],
    )
    def test_units_of_an_int8_layer(
        self, weights: list[int], biases: list[int], dead: int, tmp_path: Path
    ) -> None:
        """Inputs are 0 to 255 codes above the zero point; a unit of weights 1 and 1 sums to 510."""
        builder = ModelBuilder()
        x = builder.tensor("x", [1, 2], "INT8", scale=[0.5], zero_point=[-128])
        kernel = builder.tensor(
            "w", [2, 2], "INT8", struct.pack("<4b", *weights), scale=[0.25], zero_point=[0]
        )
        bias = builder.tensor("b", [2], "INT32", struct.pack("<2i", *biases), scale=[0.125], zero_point=[0])
        y = builder.tensor("y", [1, 2], "INT8", scale=[1.0], zero_point=[-128])
        builder.operator(
            "FULLY_CONNECTED", [x, kernel, bias], [y], "FullyConnectedOptions", fusedActivationFunction=1
        )
        builder.ends([x], [y])
        assert sum(finding.data["dead"] for finding in found(builder.write(tmp_path), "EL424")) == dead
