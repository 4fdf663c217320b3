"""ONNX networks lowered to TFLite; what is expected was read from conversions by onnx2tf."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from edgelint import targets
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node, Source, Value
from edgelint.loaders import Binding, load
from edgelint.lowering import Lowered, Unconvertible
from edgelint.lowering.onnx import lower_onnx
from tests.conftest import FIXTURES
from tests.effort import growth
from tests.lowering.onnx_networks import Build, Network, build

CONVERTED = {
    "activations": "CONV_2D LOGISTIC MUL CONV_2D LEAKY_RELU CONV_2D PRELU CONV_2D ELU CONV_2D MINIMUM RELU "
    "CONV_2D TANH",
    "attention_gates": "CONV_2D+Relu MEAN REDUCE_MAX CONCATENATION CONV_2D LOGISTIC MUL MEAN "
    "FULLY_CONNECTED+Relu FULLY_CONNECTED",
    "automatic_padding": "CONV_2D+Relu MAX_POOL_2D REDUCE_MAX",
    "autoencoder": "FULLY_CONNECTED+Relu FULLY_CONNECTED+Relu FULLY_CONNECTED+Relu FULLY_CONNECTED",
    "channel_shuffle": "CONV_2D TRANSPOSE RESHAPE TRANSPOSE RESHAPE SPLIT TRANSPOSE CONV_2D+Relu "
    "TRANSPOSE CONCATENATION",
    "convolution_1d": "PAD RESHAPE CONV_2D+Relu MAX_POOL_2D CONV_2D+Relu RESHAPE MEAN FULLY_CONNECTED",
    "flatten_classifier": "CONV_2D+Relu MAX_POOL_2D TRANSPOSE RESHAPE FULLY_CONNECTED+Relu FULLY_CONNECTED "
    "SOFTMAX",
    "gelu_by_erf": "FULLY_CONNECTED MUL FlexErf ADD MUL FULLY_CONNECTED",
    "hard_swish_by_sigmoid": "CONV_2D HARD_SWISH CONV_2D MUL ADD RELU_0_TO_1 MUL",
    "inverted_residual": "PAD CONV_2D+Relu6 CONV_2D+Relu6 DEPTHWISE_CONV_2D+Relu6 CONV_2D ADD CONV_2D+Relu6 "
    "PAD DEPTHWISE_CONV_2D+Relu6 CONV_2D MEAN FULLY_CONNECTED",
    "kinds_of_convolution": "CONV_2D CONV_2D DEPTHWISE_CONV_2D CONV_2D DEPTHWISE_CONV_2D",
    "max_pools": "CONV_2D MAX_POOL_2D CONV_2D PADV2 MAX_POOL_2D MAX_POOL_2D+Relu",
    "normalized_input": "SUB MUL CONV_2D",
    "padded_reflect": "MIRROR_PAD CONV_2D",
    "pixel_shuffle": "CONV_2D RESHAPE TRANSPOSE RESHAPE CONV_2D DEPTH_TO_SPACE",
    "pre_activation": "MUL ADD+Relu CONV_2D+Relu CONV_2D",
    "reduced_mean": "CONV_2D MEAN FULLY_CONNECTED",
    "resized_corners": "CONV_2D RESIZE_BILINEAR CONV_2D",
    "resized_asymmetric": "CONV_2D RESIZE_NEAREST_NEIGHBOR CONV_2D",
    "scaled_input": "CONV_2D+Relu CONV_2D",
    "segmentation_head": "CONV_2D SOFTMAX ARG_MAX",
    "separable_keywords": "CONV_2D+Relu DEPTHWISE_CONV_2D+Relu CONV_2D+Relu DEPTHWISE_CONV_2D+Relu "
    "CONV_2D+Relu AVERAGE_POOL_2D STRIDED_SLICE STRIDED_SLICE FULLY_CONNECTED SOFTMAX",
    "squeeze_excite": "PAD CONV_2D HARD_SWISH MEAN CONV_2D+Relu CONV_2D RELU_0_TO_1 MUL CONV_2D HARD_SWISH",
    "transposed_convolutions": "CONV_2D TRANSPOSE_CONV STRIDED_SLICE RELU TRANSPOSE_CONV STRIDED_SLICE",
    "two_inputs": "FULLY_CONNECTED+Relu FULLY_CONNECTED+Relu CONCATENATION FULLY_CONNECTED+Relu "
    "FULLY_CONNECTED LOGISTIC FULLY_CONNECTED",
    "unet": "CONV_2D+Relu MAX_POOL_2D CONV_2D+Relu TRANSPOSE_CONV CONCATENATION CONV_2D LOGISTIC",
    "written_out": "FULLY_CONNECTED SOFTMAX FULLY_CONNECTED",
}
"""Network to its operators and fused activations in the converted file."""

ARENAS = {
    "digits_cnn": 7552,
    "digits_mlp": 1040,
    "digits_resnet": 7984,
    "digits_autoencoder": 1424,
    "cancer": 880,
    "diabetes": 816,
    "iris_pairs": 1328,
    "wine": 1408,
}
"""Fixture to the bytes of the arena that its conversion takes on a Cortex-M4."""


def lowered(path: Path, scheme: str | None = None) -> Lowered:
    return lower_onnx(load(path, Binding(batch=1)), scheme)


def model_of(network: Build, tmp_path: Path, scheme: str | None = None) -> Model:
    net = Network()
    network(net)
    result = lowered(net.save(tmp_path / "network.onnx"), scheme)
    assert result.model is not None, result.unconvertible
    return result.model


def named(found: Unconvertible) -> str:
    return found.node.op if found.node else ""


def operators(model: Model) -> list[str]:
    return [node.source.op + (f"+{node.activation}" if node.activation else "") for node in model.main.nodes]


@pytest.mark.parametrize("name", CONVERTED)
def test_operators_are_those_of_the_conversion(name: str, tmp_path: Path) -> None:
    model = lowered(build(name, tmp_path)).model
    assert model is not None
    assert sorted(operators(model)) == sorted(CONVERTED[name].split())


@pytest.mark.parametrize("name", ARENAS)
def test_arena_is_that_of_the_conversion(name: str) -> None:
    model = lowered(FIXTURES / "models" / f"{name}.onnx").model
    assert model is not None
    assert plan_arena(model, targets.find("cortex-m4")).value == ARENAS[name]


def test_graph_is_what_the_tflite_loader_makes() -> None:
    model = lowered(FIXTURES / "models" / "digits_cnn.onnx").model
    assert model is not None
    assert model.format == "tflite"
    graph = model.main
    assert [value.index for value in graph.values.values()] == list(range(len(graph.values)))
    assert [node.source.index for node in graph.nodes] == list(range(len(graph.nodes)))
    depthwise = next(node for node in graph.nodes if node.source.op == "DEPTHWISE_CONV_2D")
    weights = graph.value(depthwise.inputs[1])
    assert (depthwise.op, depthwise.domain, depthwise.activation) == ("Conv", "", "Relu6")
    assert depthwise.attributes["group"] == 12
    assert depthwise.attributes["layout"] == "NHWC"
    assert weights is not None
    assert weights.shape == (1, 3, 3, 12)


def test_weights_are_known_by_size_and_cannot_be_read() -> None:
    model = lowered(FIXTURES / "models" / "digits_resnet.onnx").model
    assert model is not None
    convolution = next(
        node for node in model.main.nodes if node.outputs[0] == "functional_1/activation_3_1/Relu:0"
    )
    assert convolution.source.op == "ADD"
    convolution = model.main.nodes[model.main.producers[convolution.inputs[1] or ""]]
    weights = model.main.value(convolution.inputs[1])
    assert weights is not None
    assert weights.tensor is not None
    assert weights.tensor.nbytes == 16 * 3 * 3 * 16 * 4
    with pytest.raises(EdgelintError, match="by size only"):
        weights.tensor.storage.read()


def test_file_is_about_as_large_as_the_converted_one() -> None:
    model = lowered(FIXTURES / "models" / "digits_resnet.onnx").model
    assert model is not None
    assert model.file_bytes == pytest.approx(24900, rel=0.05)


def test_convolutions_without_bias_share_one_constant_of_zeros(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.conv(net.input(1, 3, 8, 6), 3, 4, bias=False)
        net.output(net.conv(net.op("Tanh", x), 4, 4, bias=False))

    nodes = model_of(network, tmp_path).main.nodes
    assert nodes[0].inputs[2] == nodes[2].inputs[2]


def test_dropout_and_identity_leave_nothing(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        net.output(net.op("Dropout", net.op("Identity", net.op("Relu", net.input(1, 6)))))

    assert operators(model_of(network, tmp_path)) == ["RELU"]


def test_shapes_computed_by_the_graph_are_folded(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.input(1, 3, 8, 6)
        batch = net.op("Gather", net.op("Shape", x), net.ints(0))
        net.output(net.op("Reshape", net.op("Relu", x), net.op("Concat", batch, net.ints(-1), axis=0)))

    assert operators(model_of(network, tmp_path)) == ["RELU", "TRANSPOSE", "RESHAPE"]


def test_moving_axes_of_one_element_is_a_reshape(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.op("Transpose", net.op("Relu", net.input(1, 1, 8, 6)), perm=[0, 2, 3, 1])
        net.output(net.op("Tanh", net.op("Reshape", x, net.ints(1, 8, 6, 1))))

    assert operators(model_of(network, tmp_path)) == ["RELU", "TANH"]


def test_scales_in_the_file_make_an_integer_graph(tmp_path: Path) -> None:
    result = lowered(build("quantized", tmp_path))
    assert result.model is not None
    graph = result.model.main
    assert operators(result.model) == [
        "QUANTIZE", "CONV_2D+Relu", "MAX_POOL_2D", "MEAN", "FULLY_CONNECTED", "DEQUANTIZE",
    ]  # fmt: skip
    convolution = graph.nodes[1]
    given, weights, bias = graph.inputs_of(convolution)
    assert given is not None
    assert weights is not None
    assert bias is not None
    assert (given.dtype, weights.dtype, bias.dtype) == (DType.INT8, DType.INT8, DType.INT32)
    assert weights.quantization is not None
    assert (len(weights.quantization.scale), weights.quantization.axis) == (6, 0)
    assert any("QuantizeLinear" in sentence for sentence in result.assumptions)


def test_scheme_quantizes_the_lowered_model(tmp_path: Path) -> None:
    model = lowered(build("residual", tmp_path), "int8").model
    assert model is not None
    assert plan_arena(model, targets.find("cortex-m4")).value == 7764
    assert model.main.values[model.main.inputs[0]].dtype is DType.INT8


def test_pool_of_an_integer_model_is_padded_with_zeros(tmp_path: Path) -> None:
    model = lowered(build("max_pools", tmp_path), "int8").model
    assert model is not None
    assert "PADV2" not in operators(model)


@pytest.mark.parametrize(
    ("kind", "attributes", "reason"),
    [
        ("LSTM", {"hidden_size": 4}, "recurrent layer"),
        ("Conv", {"kernel_shape": [3, 3]}, "computed while the model runs"),
    ],
)
def test_what_cannot_be_lowered_is_named(
    kind: str, attributes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    def recurrent(net: Network) -> None:
        net.output(net.op(kind, net.input(3, 1, 5), net.weight(1, 16, 5), net.weight(1, 16, 4), **attributes))

    def convolution(net: Network) -> None:
        net.output(net.op(kind, net.input(1, 3, 8, 6), net.input(4, 3, 3, 3, name="w"), **attributes))

    net = Network()
    {"LSTM": recurrent, "Conv": convolution}[kind](net)
    result = lowered(net.save(tmp_path / "network.onnx"))
    assert result.model is None
    assert [(named(found), reason in found.reason) for found in result.unconvertible] == [(kind, True)]


def test_every_node_that_cannot_be_lowered_is_named(tmp_path: Path) -> None:
    net = Network()
    x = net.input(1, 4)
    net.output(net.op("Mish", net.op("Relu", net.op("Celu", x))))
    result = lowered(net.save(tmp_path / "network.onnx", opset=18))
    assert [named(found) for found in result.unconvertible] == ["Celu", "Mish"]


def test_free_dims_are_not_guessed(tmp_path: Path) -> None:
    net = Network()
    x = net.input("batch", 4)
    net.output(net.op("Relu", x))
    result = lower_onnx(load(net.save(tmp_path / "network.onnx"), Binding()))
    assert result.model is None
    assert "unknown size" in result.unconvertible[0].reason


def test_control_flow_is_named() -> None:
    result = lowered(FIXTURES / "models" / "digits_lstm.onnx")
    assert result.model is None
    assert named(result.unconvertible[0]) == "Loop"


def test_a_large_graph_takes_as_much_work_per_node_as_a_small_one() -> None:
    def lowering(count: int) -> Callable[[], Lowered]:
        model = _chain(count)
        return lambda: lower_onnx(model)

    assert lowering(100)().model is not None
    assert growth(lowering, 200, 800) < 1.1


def _chain(count: int) -> Model:
    shape = (1, 8)
    values = {f"v{place}": Value(f"v{place}", DType.FLOAT32, shape) for place in range(count + 1)}
    operators = ("Relu", "Tanh", "Neg", "Sigmoid")
    nodes = tuple(
        Node(
            f"n{place}",
            operators[place % len(operators)],
            (f"v{place}",),
            (f"v{place + 1}",),
            Source(operators[place % len(operators)], place, 17),
        )
        for place in range(count)
    )
    return Model("onnx", Path("chain.onnx"), (Graph("main", nodes, values, ("v0",), (f"v{count}",)),))


def test_constants_of_equal_content_are_kept_once(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.input(1, 6)
        first, second = (net.constant(np.full((1, 6), 3, np.float32)) for _ in range(2))
        net.output(net.op("Add", net.op("Tanh", net.op("Add", x, first)), second))

    constants = [value for value in model_of(network, tmp_path).main.values.values() if value.is_constant]
    assert len(constants) == 1


def test_operators_that_differ_in_a_constant_alone_keep_their_own_attributes(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.input(1, 4, 4, 4)
        for axis in (2, 3):
            net.output(net.op("ReduceMean", x, axes=[axis], keepdims=0))

    nodes = model_of(network, tmp_path).main.nodes
    assert sorted(node.attributes["axes"] for node in nodes) == [[1], [2]]


def test_casts_of_equal_shapes_keep_their_own_types(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        x = net.input(1, 6)
        for kind in (TensorProto.INT32, TensorProto.BOOL):
            net.output(net.op("Cast", x, to=kind), kind)

    nodes = model_of(network, tmp_path).main.nodes
    assert sorted(node.attributes["to"] for node in nodes) == ["bool", "int32"]


def test_operator_without_all_scales_stays_float(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        pair = net.scalar(0.1), net.constant(np.array(0, np.int8))
        x = net.op("DequantizeLinear", net.op("QuantizeLinear", net.input(1, 6), *pair), *pair)
        net.output(net.op("Add", x, net.weight(1, 6)))

    model = model_of(network, tmp_path)
    assert operators(model) == ["QUANTIZE", "DEQUANTIZE", "ADD"]
    assert model.main.values[model.main.outputs[0]].dtype is DType.FLOAT32


def test_activation_between_two_scales_is_not_fused(tmp_path: Path) -> None:
    def network(net: Network) -> None:
        def pair(name: str, scale: float) -> str:
            parts = net.scalar(scale), net.constant(np.array(0, np.int8))
            return str(net.op("DequantizeLinear", net.op("QuantizeLinear", name, *parts), *parts))

        x = pair(net.op("MaxPool", pair(net.input(1, 3, 8, 6), 0.1), kernel_shape=[2, 2]), 0.2)
        net.output(pair(net.op("Relu", x), 0.3))

    assert operators(model_of(network, tmp_path)) == ["QUANTIZE", "MAX_POOL_2D", "RELU", "DEQUANTIZE"]
