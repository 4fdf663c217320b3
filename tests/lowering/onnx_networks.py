"""Small ONNX networks as exporters write them, for the lowering and its oracle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Build = Callable[["Network"], None]


class Network:
    """Nodes one after the other; each call returns the name of the output it makes."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.random = np.random.default_rng(7)

    def input(self, *shape: int | str, name: str = "x") -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, kind: int = TensorProto.FLOAT) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, kind, None))

    def weight(self, *shape: int) -> str:
        return self.constant(self.random.normal(size=shape).astype(np.float32))

    def constant(self, content: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(content), name))
        return name

    def scalar(self, number: float) -> str:
        return self.constant(np.array(number, np.float32))

    def ints(self, *numbers: int) -> str:
        return self.constant(np.array(numbers, np.int64))

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [f"v{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"n{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(
        self, x: str, given: int, made: int, kernel: int = 3, *, bias: bool = True, **attributes: Any
    ) -> str:
        group = attributes.get("group", 1)
        weights = [self.weight(made, given // group, kernel, kernel)] + ([self.weight(made)] if bias else [])
        attributes.setdefault("pads", [kernel // 2] * 4)
        return str(self.op("Conv", x, *weights, kernel_shape=[kernel] * 2, **attributes))

    def save(self, path: Path, opset: int = 17) -> Path:
        graph = helper.make_graph(self.nodes, "main", self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        return path


def build(name: str, folder: Path) -> Path:
    """The network called `name`, saved in `folder`."""
    network = Network()
    NETWORKS[name](network)
    return network.save(folder / f"{name}.onnx")


def _normalized(net: Network, x: str, channels: int) -> str:
    statistics = [net.weight(channels) for _ in range(3)] + [net.constant(np.ones(channels, np.float32))]
    return str(net.op("BatchNormalization", x, *statistics))


def _pre_activation(net: Network) -> None:
    x = net.input(1, 6, 12, 10)
    y = net.conv(net.op("Relu", _normalized(net, x, 6)), 6, 8)
    net.output(net.conv(net.op("Relu", _normalized(net, y, 8)), 8, 4))


def _inverted_residual(net: Network) -> None:
    zero, six = net.scalar(0), net.scalar(6)
    x = net.conv(net.input(1, 3, 24, 20), 3, 8, strides=[2, 2])
    x = net.op("Clip", x, zero, six)
    y = net.op("Clip", net.conv(x, 8, 24, 1), zero, six)
    y = net.op("Clip", net.conv(y, 24, 24, group=24), zero, six)
    x = net.op("Add", x, net.conv(y, 24, 8, 1))
    y = net.op("Clip", net.conv(x, 8, 24, 1), zero, six)
    y = net.op("Clip", net.conv(y, 24, 24, group=24, strides=[2, 2]), zero, six)
    x = net.op("GlobalAveragePool", net.conv(y, 24, 12, 1))
    net.output(net.op("Gemm", net.op("Flatten", x), net.weight(5, 12), net.weight(5), transB=1))


def _squeeze_excite(net: Network) -> None:
    x = net.conv(net.input(1, 3, 20, 16), 3, 8, strides=[2, 2])
    gate = net.op("Clip", net.op("Add", x, net.scalar(3)), net.scalar(0), net.scalar(6))
    x = net.op("Div", net.op("Mul", x, gate), net.scalar(6))
    y = net.op("Relu", net.conv(net.op("GlobalAveragePool", x), 8, 4, 1))
    y = net.op("HardSigmoid", net.conv(y, 4, 8, 1), alpha=1 / 6, beta=0.5)
    net.output(net.op("HardSwish", net.conv(net.op("Mul", x, y), 8, 6, 1)))


def _flatten_classifier(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 14, 10), 3, 6))
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.op("Relu", net.op("Gemm", net.op("Flatten", x), net.weight(16, 210), net.weight(16), transB=1))
    net.output(net.op("Softmax", net.op("Gemm", x, net.weight(5, 16), net.weight(5), transB=1), axis=1))


def _unet(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 16, 12), 3, 6))
    y = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    y = net.op("Relu", net.conv(y, 6, 10))
    y = net.op(
        "ConvTranspose", y, net.weight(10, 6, 2, 2), net.weight(6), kernel_shape=[2, 2], strides=[2, 2]
    )
    net.output(net.op("Sigmoid", net.conv(net.op("Concat", x, y, axis=1), 12, 2, 1)))


def _resized(**attributes: Any) -> Build:
    def make(net: Network) -> None:
        x = net.conv(net.input(1, 3, 8, 6), 3, 5)
        scales = net.constant(np.array([1, 1, 2, 2], np.float32))
        net.output(net.conv(net.op("Resize", x, "", scales, **attributes), 5, 4))

    return make


def _channel_shuffle(net: Network) -> None:
    x = net.conv(net.input(1, 3, 10, 6), 3, 8)
    x = net.op("Reshape", x, net.ints(1, 2, 4, 10, 6))
    x = net.op("Reshape", net.op("Transpose", x, perm=[0, 2, 1, 3, 4]), net.ints(1, 8, 10, 6))
    left, right = net.op("Split", x, outputs=2, axis=1)
    right = net.op("Relu", net.conv(right, 4, 4, group=4))
    net.output(net.op("Concat", left, right, axis=1))


def _padded(mode: str) -> Build:
    def make(net: Network) -> None:
        x = net.op("Pad", net.input(1, 3, 9, 7), net.ints(0, 0, 1, 2, 0, 0, 1, 2), mode=mode)
        net.output(net.conv(x, 3, 4, pads=[0] * 4))

    return make


def _activations(net: Network) -> None:
    x = net.conv(net.input(1, 3, 10, 6), 3, 4)
    x = net.op("Mul", x, net.op("Sigmoid", x))
    x = net.op("LeakyRelu", net.conv(x, 4, 5), alpha=0.1)
    x = net.op("PRelu", net.conv(x, 5, 4), net.weight(4, 1, 1))
    x = net.op("Elu", net.conv(x, 4, 5), alpha=1.0)
    x = net.op("Clip", net.conv(x, 5, 4), net.scalar(0), net.scalar(1))
    net.output(net.op("Tanh", net.conv(x, 4, 5)))


def _average_pools(net: Network) -> None:
    x = net.op("AveragePool", net.input(1, 3, 21, 17), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    x = net.op(
        "AveragePool",
        net.conv(x, 3, 5),
        kernel_shape=[3, 3],
        strides=[1, 1],
        pads=[1] * 4,
        count_include_pad=1,
    )
    net.output(net.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2]))


def _max_pools(net: Network) -> None:
    x = net.op(
        "MaxPool", net.conv(net.input(1, 3, 21, 17), 3, 4), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    )
    x = net.op("MaxPool", net.conv(x, 4, 5), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    net.output(net.op("Relu", net.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4)))


def _layer_norm(net: Network, x: str, size: int) -> str:
    centred = net.op("Sub", x, net.op("ReduceMean", x, axes=[-1]))
    variance = net.op("ReduceMean", net.op("Pow", centred, net.scalar(2)), axes=[-1])
    scaled = net.op("Div", centred, net.op("Sqrt", net.op("Add", variance, net.scalar(1e-5))))
    return str(net.op("Add", net.op("Mul", scaled, net.weight(size)), net.weight(size)))


def _dense(net: Network, x: str, given: int, made: int) -> str:
    return str(net.op("Add", net.op("MatMul", x, net.weight(given, made)), net.weight(made)))


def _encoder(net: Network) -> None:
    x = net.input(1, 7, 12)
    y = _layer_norm(net, x, 12)
    heads = [
        net.op(
            "Transpose", net.op("Reshape", _dense(net, y, 12, 12), net.ints(1, 7, 3, 4)), perm=[0, 2, 1, 3]
        )
        for _ in range(3)
    ]
    scores = net.op("MatMul", heads[0], net.op("Transpose", heads[1], perm=[0, 1, 3, 2]))
    scores = net.op("Softmax", net.op("Div", scores, net.scalar(2)), axis=-1)
    y = net.op("Transpose", net.op("MatMul", scores, heads[2]), perm=[0, 2, 1, 3])
    x = net.op("Add", x, _dense(net, net.op("Reshape", y, net.ints(1, 7, 12)), 12, 12))
    y = _dense(net, net.op("LayerNormalization", x, net.weight(12), net.weight(12), axis=-1), 12, 20)
    y = net.op("Relu", y)
    net.output(net.op("Add", x, _dense(net, y, 20, 12)))


def _gelu_by_erf(net: Network) -> None:
    x = _dense(net, net.input(1, 10), 10, 8)
    y = net.op("Add", net.op("Erf", net.op("Div", x, net.scalar(1.4142135))), net.scalar(1))
    x = net.op("Mul", net.op("Mul", x, y), net.scalar(0.5))
    net.output(_dense(net, x, 8, 4))


def _reduced_mean(keep: int) -> Build:
    def make(net: Network) -> None:
        x = net.op("ReduceMean", net.conv(net.input(1, 3, 10, 6), 3, 8), axes=[2, 3], keepdims=keep)
        x = net.op("Flatten", x) if keep else x
        net.output(net.op("Gemm", x, net.weight(5, 8), net.weight(5), transB=1))

    return make


def _convolution_1d(net: Network) -> None:
    x = net.op(
        "Conv",
        net.input(1, 3, 32),
        net.weight(8, 3, 5),
        net.weight(8),
        kernel_shape=[5],
        strides=[2],
        pads=[2, 2],
    )
    x = net.op("MaxPool", net.op("Relu", x), kernel_shape=[2], strides=[2])
    x = net.op("Conv", x, net.weight(6, 8, 3), net.weight(6), kernel_shape=[3], pads=[1, 1])
    x = net.op("Flatten", net.op("GlobalAveragePool", net.op("Relu", x)))
    net.output(net.op("Gemm", x, net.weight(4, 6), net.weight(4), transB=1))


def _kinds_of_convolution(net: Network) -> None:
    x = net.conv(net.input(1, 4, 20, 14), 4, 8, dilations=[2, 2], pads=[2] * 4)
    x = net.conv(x, 8, 12, group=2)
    x = net.conv(x, 12, 24, group=12)
    x = net.op("Conv", x, net.weight(6, 24, 1, 5), kernel_shape=[1, 5], pads=[0, 2, 0, 2])
    net.output(net.conv(x, 6, 6, pads=[0] * 4, group=6, strides=[2, 2]))


def _transposed_convolutions(net: Network) -> None:
    x = net.conv(net.input(1, 3, 8, 6), 3, 6)
    x = net.op(
        "ConvTranspose",
        x,
        net.weight(6, 5, 4, 4),
        net.weight(5),
        kernel_shape=[4, 4],
        strides=[2, 2],
        pads=[1] * 4,
    )
    x = net.op("Relu", x)
    window: dict[str, Any] = {
        "kernel_shape": [3, 3],
        "strides": [2, 2],
        "pads": [1] * 4,
        "output_padding": [1, 1],
    }
    net.output(net.op("ConvTranspose", x, net.weight(5, 2, 3, 3), **window))


def _segmentation_head(net: Network) -> None:
    x = net.op("Softmax", net.conv(net.input(1, 3, 10, 6), 3, 5, 1), axis=1)
    net.output(x)
    net.output(net.op("ArgMax", x, axis=1, keepdims=0), TensorProto.INT64)


def _normalized_input(net: Network) -> None:
    x = net.op("Sub", net.input(1, 3, 12, 8), net.weight(1, 3, 1, 1))
    x = net.op("Mul", net.op("Div", x, net.weight(1, 3, 1, 1)), net.scalar(0.5))
    net.output(net.conv(x, 3, 4))


def _inception(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 16, 12), 3, 6))
    pooled = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4)
    parts = [
        net.op("Relu", net.conv(x, 6, 4, 1)),
        net.op("Relu", net.conv(net.op("Relu", net.conv(x, 6, 4, 1)), 4, 6)),
        net.op("Relu", net.conv(net.op("Relu", net.conv(x, 6, 3, 1)), 3, 5, 5)),
        net.op("Relu", net.conv(pooled, 6, 4, 1)),
    ]
    net.output(net.conv(net.op("Concat", *parts, axis=1), 19, 4, 1))


def _residual(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 20, 14), 3, 6, bias=False))
    y = net.conv(net.op("Relu", net.conv(x, 6, 6)), 6, 6)
    x = net.op("Relu", net.op("Add", y, x))
    y = net.conv(net.op("Relu", net.conv(x, 6, 10, strides=[2, 2])), 10, 10)
    x = net.op("Relu", net.op("Add", y, net.conv(x, 6, 10, 1, strides=[2, 2])))
    net.output(net.op("Flatten", net.op("GlobalAveragePool", x)))


def _pixel_shuffle(net: Network) -> None:
    x = net.op("DepthToSpace", net.conv(net.input(1, 3, 8, 6), 3, 8), blocksize=2, mode="CRD")
    net.output(net.op("DepthToSpace", net.conv(x, 2, 8), blocksize=2, mode="DCR"))


def _slices(net: Network) -> None:
    x = net.conv(net.input(1, 3, 12, 8), 3, 8)
    left = net.op("Slice", x, net.ints(0), net.ints(5), net.ints(1))
    right = net.op("Slice", x, net.ints(0, 0), net.ints(12, 8), net.ints(2, 3), net.ints(2, 2))
    net.output(net.op("Relu", left))
    net.output(net.op("Relu", right))


def _two_inputs(net: Network) -> None:
    left, right = net.input(1, 6, name="a"), net.input(1, 4, name="b")
    x = net.op(
        "Concat", net.op("Relu", _dense(net, left, 6, 8)), net.op("Relu", _dense(net, right, 4, 8)), axis=1
    )
    x = net.op("Relu", _dense(net, x, 16, 8))
    net.output(net.op("Sigmoid", _dense(net, x, 8, 2)))
    net.output(_dense(net, x, 8, 1))


def _recurrent(kind: str, gates: int) -> Build:
    def make(net: Network) -> None:
        x = net.op("Transpose", net.input(1, 9, 5), perm=[1, 0, 2])
        weights = net.weight(1, gates * 6, 5), net.weight(1, gates * 6, 6), net.weight(1, 2 * gates * 6)
        y = net.op(kind, x, *weights, outputs=1, hidden_size=6)
        y = net.op("Squeeze", y, net.ints(1))
        y = net.op("Gather", y, net.constant(np.array(-1, np.int64)), axis=0)
        net.output(_dense(net, y, 6, 3))

    return make


def _quantized(net: Network) -> None:
    def pair(name: str, scale: float, zero: int = 0) -> str:
        parts = net.scalar(scale), net.constant(np.array(zero, np.int8))
        return str(net.op("DequantizeLinear", net.op("QuantizeLinear", name, *parts), *parts))

    def weight(*shape: int) -> str:
        codes = net.constant(net.random.integers(-127, 127, shape).astype(np.int8))
        scales = net.constant(np.full(shape[0], 0.01, np.float32))
        zeros = net.constant(np.zeros(shape[0], np.int8))
        return str(net.op("DequantizeLinear", codes, scales, zeros, axis=0))

    def bias(size: int) -> str:
        codes = net.constant(net.random.integers(-99, 99, size).astype(np.int32))
        scales, zeros = net.constant(np.full(size, 1e-4, np.float32)), net.constant(np.zeros(size, np.int32))
        return str(net.op("DequantizeLinear", codes, scales, zeros, axis=0))

    x = pair(net.input(1, 3, 14, 10), 0.01, -3)
    x = net.op("Conv", x, weight(6, 3, 3, 3), bias(6), kernel_shape=[3, 3], pads=[1] * 4)
    x = pair(net.op("Relu", x), 0.02, -128)
    x = pair(net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), 0.02, -128)
    x = pair(net.op("Flatten", pair(net.op("GlobalAveragePool", x), 0.02, -128)), 0.02, -128)
    net.output(pair(net.op("Gemm", x, weight(5, 6), bias(5), transB=1), 0.05, 4))


def _written_out(net: Network) -> None:
    """Softmax, and hard swish by a hard sigmoid, in single steps."""
    x = _dense(net, net.input(1, 10), 10, 8)
    x = net.op("Exp", net.op("Sub", x, net.op("ReduceMax", x, axes=[1])))
    x = net.op("Div", x, net.op("ReduceSum", x, net.ints(1)))
    net.output(_dense(net, x, 8, 4))


def _hard_swish_by_sigmoid(net: Network) -> None:
    x = net.conv(net.input(1, 3, 10, 6), 3, 8)
    gate = net.op("Clip", net.op("Add", x, net.scalar(3)), net.scalar(0), net.scalar(6))
    x = net.conv(net.op("Mul", x, net.op("Div", gate, net.scalar(6))), 8, 5)
    net.output(net.op("Mul", x, net.op("HardSigmoid", x, alpha=1 / 6, beta=0.5)))


def _gelu_by_tanh(net: Network) -> None:
    x = _dense(net, net.input(1, 10), 10, 8)
    y = net.op("Mul", net.op("Pow", x, net.scalar(3)), net.scalar(0.044715))
    y = net.op("Tanh", net.op("Mul", net.op("Add", x, y), net.scalar(0.7978846)))
    x = net.op("Mul", net.op("Mul", x, net.scalar(0.5)), net.op("Add", y, net.scalar(1)))
    net.output(_dense(net, x, 8, 4))


def _scaled_input(net: Network) -> None:
    x = net.op("Mul", net.input(1, 3, 12, 8), net.scalar(1 / 255))
    net.output(net.conv(net.op("Relu", net.conv(x, 3, 4)), 4, 5, bias=False))


def _automatic_padding(net: Network) -> None:
    x = net.input(1, 3, 13, 10)
    x = net.op("Conv", x, net.weight(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3])
    x = net.op("MaxPool", net.op("Relu", x), kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    net.output(net.op("GlobalMaxPool", x))


def _uneven_split(net: Network) -> None:
    x = net.conv(net.input(1, 3, 12, 8), 3, 9)
    parts = net.op("Split", x, net.ints(2, 3, 4), outputs=3, axis=1)
    net.output(net.op("Concat", net.op("Relu", parts[2]), parts[0], net.op("Sigmoid", parts[1]), axis=1))


def _attention_gates(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 12, 10), 3, 8))
    mean, most = net.op("ReduceMean", x, axes=[1], keepdims=1), net.op("ReduceMax", x, axes=[1], keepdims=1)
    gate = net.op("Sigmoid", net.conv(net.op("Concat", mean, most, axis=1), 2, 1, 7))
    x = net.op("Mul", x, gate)
    pooled = net.op("Squeeze", net.op("GlobalAveragePool", x), net.ints(2, 3))
    net.output(_dense(net, net.op("Relu", _dense(net, pooled, 8, 6)), 6, 4))


def _spread(net: Network) -> None:
    x = net.conv(net.input(1, 3, 6, 5), 3, 4)
    x = net.op("Tile", x, net.ints(1, 1, 2, 1))
    x = net.op("Add", net.op("Abs", x), net.weight(4, 1, 1))
    x = net.op("Sub", net.scalar(1), net.op("Mul", x, net.weight(1, 1, 12, 5)))
    net.output(net.op("Sqrt", net.op("Max", net.op("Neg", x), net.scalar(0.1))))


def _pyramid(net: Network) -> None:
    x = net.op("Relu", net.conv(net.input(1, 3, 24, 16), 3, 6, strides=[2, 2]))
    levels = [x]
    for given, made in ((6, 8), (8, 10)):
        x = net.op("Relu", _normalized(net, net.conv(x, given, made, strides=[2, 2], bias=False), made))
        levels.append(x)
    scales = net.constant(np.array([1, 1, 2, 2], np.float32))
    top = net.conv(levels[2], 10, 6, 1)
    middle = net.op("Add", net.conv(levels[1], 8, 6, 1), net.op("Resize", top, "", scales, mode="nearest"))
    for level in (top, middle):
        y = net.op("Transpose", net.conv(level, 6, 5), perm=[0, 2, 3, 1])
        net.output(net.op("Sigmoid", net.op("Reshape", y, net.ints(1, -1, 5))))


def _dense_block(net: Network) -> None:
    x = net.conv(net.input(1, 3, 12, 10), 3, 6, bias=False)
    for given in (6, 10, 14):
        y = net.op("Relu", _normalized(net, x, given))
        x = net.op("Concat", x, net.conv(y, given, 4, bias=False), axis=1)
    x = net.op("AveragePool", net.op("Relu", _normalized(net, x, 18)), kernel_shape=[2, 2], strides=[2, 2])
    net.output(net.op("Reshape", net.op("GlobalAveragePool", x), net.ints(1, -1)))


def _separable_keywords(net: Network) -> None:
    """A depthwise-separable network on spectrograms, as keyword spotting uses."""
    window: dict[str, Any] = {"kernel_shape": [10, 4], "strides": [2, 2], "pads": [4, 1, 5, 1]}
    x = net.op("Conv", net.input(1, 1, 49, 10), net.weight(16, 1, 10, 4), net.weight(16), **window)
    x = net.op("Relu", x)
    for _ in range(2):
        x = net.op("Relu", _normalized(net, net.conv(x, 16, 16, group=16, bias=False), 16))
        x = net.op("Relu", net.conv(x, 16, 16, 1))
    x = net.op("AveragePool", net.op("Dropout", x), kernel_shape=[25, 5])
    x = net.op("Flatten", x)
    net.output(net.op("Softmax", net.op("Gemm", x, net.weight(12, 16), net.weight(12), transB=1), axis=1))


def _autoencoder(net: Network) -> None:
    x = net.input(1, 40)
    for given, made in ((40, 16), (16, 8), (8, 16)):
        x = net.op("Relu", _normalized(net, _dense(net, x, given, made), made))
    net.output(_dense(net, x, 16, 40))


NETWORKS: dict[str, Build] = {
    "activations": _activations,
    "average_pools": _average_pools,
    "channel_shuffle": _channel_shuffle,
    "convolution_1d": _convolution_1d,
    "encoder": _encoder,
    "flatten_classifier": _flatten_classifier,
    "gelu_by_erf": _gelu_by_erf,
    "gru": _recurrent("GRU", 3),
    "inception": _inception,
    "inverted_residual": _inverted_residual,
    "kinds_of_convolution": _kinds_of_convolution,
    "lstm": _recurrent("LSTM", 4),
    "max_pools": _max_pools,
    "normalized_input": _normalized_input,
    "padded_constant": _padded("constant"),
    "padded_reflect": _padded("reflect"),
    "pixel_shuffle": _pixel_shuffle,
    "pre_activation": _pre_activation,
    "quantized": _quantized,
    "reduced_mean": _reduced_mean(0),
    "reduced_mean_kept": _reduced_mean(1),
    "residual": _residual,
    "resized_asymmetric": _resized(
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "resized_corners": _resized(mode="linear", coordinate_transformation_mode="align_corners"),
    "resized_half_pixel": _resized(mode="linear", coordinate_transformation_mode="half_pixel"),
    "segmentation_head": _segmentation_head,
    "slices": _slices,
    "squeeze_excite": _squeeze_excite,
    "transposed_convolutions": _transposed_convolutions,
    "two_inputs": _two_inputs,
    "written_out": _written_out,
    "hard_swish_by_sigmoid": _hard_swish_by_sigmoid,
    "gelu_by_tanh": _gelu_by_tanh,
    "scaled_input": _scaled_input,
    "automatic_padding": _automatic_padding,
    "uneven_split": _uneven_split,
    "attention_gates": _attention_gates,
    "spread": _spread,
    "pyramid": _pyramid,
    "dense_block": _dense_block,
    "separable_keywords": _separable_keywords,
    "autoencoder": _autoencoder,
    "unet": _unet,
}
"""Network name to what builds it."""
