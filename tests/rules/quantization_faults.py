"""Files with a fault of quantization, and the same files without, for the tests of these rules."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Write = Callable[[Path, bool], Path]
"""Writes the file into a folder, with the fault or without."""


class Fault(NamedTuple):
    """A file with a fault.

    code: of the rule that must tell it. op: the operator it is told of; "" for the whole model.
    target: "" for a check without one.
    """

    code: str
    op: str
    write: Write
    target: str = ""


def tflite(build: Callable[[Any, bool], None]) -> Write:
    """A TFLite file whose content `build` adds to a ModelBuilder."""

    def write(folder: Path, faulty: bool) -> Path:
        from tests.loaders.tflite.builder import ModelBuilder

        model = ModelBuilder()
        build(model, faulty)
        return model.write(folder)

    return write


def onnx(build: Callable[[Any, bool], tuple[Sequence[Any], Sequence[Any], int]]) -> Write:
    """An ONNX file of the nodes and constants that `build` makes, and with its opset."""

    def write(folder: Path, faulty: bool) -> Path:
        helper = pytest.importorskip("onnx").helper
        from tests.loaders.onnx.builder import graph, model, saved, value

        nodes, constants, opset = build(helper, faulty)
        main = graph(nodes, [value("x", [1, 4])], [value("y", None)], constants)
        domains = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        return saved(model(main, opset_imports=domains), folder)

    return write


def keras(build: Callable[[bool], dict[str, Any]]) -> Write:
    """A Keras file of one layer, whose class and configuration `build` gives; without weights."""

    def write(folder: Path, faulty: bool) -> Path:
        layer = build(faulty)
        first = {
            "class_name": "InputLayer",
            "module": "keras.layers",
            "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "x"},
        }
        config = {
            "class_name": "Sequential",
            "module": "keras",
            "config": {"name": "model", "layers": [first, layer]},
            "build_config": {"input_shape": [None, 4]},
        }
        path = folder / "model.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.0"}))
            archive.writestr("config.json", json.dumps(config))
        return path

    return write


def quantized(model: Any, name: str, scale: float, zero_point: int = 0, kind: str = "INT8") -> int:
    """An activation of 1×4 with one scale."""
    return int(model.tensor(name, [1, 4], kind, scale=[scale], zero_point=[zero_point]))


def unary(
    builtin: str, wrong: tuple[float, int], right: tuple[float, int], kind: str = "INT8", start: int = 0
) -> Write:
    """An operator from scale 0.1 and zero point `start` to `wrong` or `right`."""

    def build(model: Any, faulty: bool) -> None:
        x, y = (
            quantized(model, "x", 0.1, start, kind),
            quantized(model, "y", *(wrong if faulty else right), kind),
        )
        if builtin == "SOFTMAX":
            model.operator(builtin, [x], [y], "SoftmaxOptions", beta=1.0)
        else:
            model.operator(builtin, [x], [y])
        model.ends([x], [y])

    return tflite(build)


def product(
    weights: Sequence[int] = (127, -3) * 8,
    scale: Sequence[float] = (0.1,),
    zero_point: Sequence[int] = (0,),
    bias: Sequence[int] = (5,) * 4,
    bias_scale: float = 0.01,
    bare: bool = False,
) -> Callable[[Any], None]:
    """A FULLY_CONNECTED of 4 units on 4 inputs of scale 0.1."""

    def build(model: Any) -> None:
        x = model.tensor("x", [1, 4], "INT8") if bare else quantized(model, "x", 0.1)
        data = struct.pack("<16b", *weights)
        w = model.tensor("w", [4, 4], "INT8", data, scale=scale, zero_point=zero_point)
        b = model.tensor("b", [4], "INT32", struct.pack("<4i", *bias), scale=[bias_scale], zero_point=[0])
        y = quantized(model, "y", 0.1)
        model.operator("FULLY_CONNECTED", [x, w, b], [y], "FullyConnectedOptions")
        model.ends([x], [y])

    return build


def either(wrong: Callable[[Any], None], right: Callable[[Any], None]) -> Write:
    """The one with the fault and the one without."""
    return tflite(lambda model, faulty: wrong(model) if faulty else right(model))


def convolution(scale: Sequence[float], zero_point: Sequence[int], axis: int = 0) -> Callable[[Any], None]:
    """A CONV_2D of 2 channels, 1×1, whose second channel has small weights."""

    def build(model: Any) -> None:
        x = model.tensor("x", [1, 4, 4, 2], "INT8", scale=[0.1], zero_point=[0])
        data = struct.pack("<4b", 127, 5, 4, -3)
        w = model.tensor("w", [2, 1, 1, 2], "INT8", data, scale=scale, zero_point=zero_point, axis=axis)
        y = model.tensor("y", [1, 4, 4, 2], "INT8", scale=[0.1], zero_point=[0])
        model.operator("CONV_2D", [x, w], [y], "Conv2DOptions", strideH=1, strideW=1)
        model.ends([x], [y])

    return build


def conversions(model: Any, kinds: Sequence[str], names: str) -> None:
    """A chain of QUANTIZE, DEQUANTIZE and other operators through tensors of the kinds given."""
    places = [
        model.tensor(name, [1, 4]) if kind == "FLOAT32" else quantized(model, name, 0.1, 0, kind)
        for kind, name in zip(kinds, "abcdefg", strict=False)
    ]
    for place, word in enumerate(names.split()):
        model.operator(word, [places[place]], [places[place + 1]])
    model.ends([places[0]], [places[-1]])


def chained(wrong: tuple[str, str], right: tuple[str, str]) -> Write:
    """Chains of operators and the types between them, as words."""
    return tflite(
        lambda model, faulty: conversions(
            model, (wrong if faulty else right)[0].split(), (wrong if faulty else right)[1]
        )
    )


def floats(model: Any, faulty: bool) -> None:
    """A float layer of 4,096 MACs, or of 16 that no one would notice."""
    size = 64 if faulty else 4
    x, y = model.tensor("x", [1, size]), model.tensor("y", [1, size])
    w = model.tensor("w", [size, size], data=bytes(4 * size * size))
    model.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    model.ends([x], [y])


def half_weights(model: Any, faulty: bool) -> None:
    kind, size = ("FLOAT16", 2) if faulty else ("FLOAT32", 4)
    x, y, w = model.tensor("x", [1, 4]), model.tensor("y", [1, 4]), model.tensor("w", [4, 4])
    stored = model.tensor("stored", [4, 4], kind, bytes(16 * size))
    if faulty:
        model.operator("DEQUANTIZE", [stored], [w])
    model.operator("FULLY_CONNECTED", [x, w if faulty else stored, -1], [y], "FullyConnectedOptions")
    model.ends([x], [y])


def legacy(model: Any, faulty: bool) -> None:
    kind, zero = ("UINT8", 128) if faulty else ("INT8", 0)
    x, y = quantized(model, "x", 0.1, zero, kind), quantized(model, "y", 0.1, zero, kind)
    w = model.tensor("w", [4, 4], kind, bytes([127] * 16), scale=[0.1], zero_point=[zero])
    model.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    model.ends([x], [y])


def fake(model: Any, faulty: bool) -> None:
    x, y = model.tensor("x", [1, 4]), model.tensor("y", [1, 4])
    if faulty:
        model.operator("FAKE_QUANT", [x], [y], "FakeQuantOptions", min=0.0, max=6.0, numBits=8)
    else:
        model.operator("RELU6", [x], [y])
    model.ends([x], [y])


def qdq(
    helper: Any,
    *,
    scale: Sequence[float] = (0.1, 0.2, 0.3, 0.4),
    axis: int = 1,
    weight: Sequence[int] = (127, -127) * 8,
    zero: str = "INT8",
    zero_point: int = 0,
    bias_scale: float | None = None,
    bias: int = 1000,
    float_weights: bool = False,
    input_scale: float = 0.1,
) -> tuple[list[Any], list[Any], int]:
    """A MatMul of 4 units in QDQ form, on an input of scale 0.1; with a bias, a Gemm."""
    from onnx import TensorProto

    kind = getattr(TensorProto, zero)
    flat = len(scale) == 1
    constants = [
        helper.make_tensor("s", TensorProto.FLOAT, [], [input_scale]),
        helper.make_tensor("z", TensorProto.INT8, [], [0]),
        helper.make_tensor("ws", TensorProto.FLOAT, [] if flat else [4], list(scale)),
        helper.make_tensor("wz", kind, [] if flat else [4], [zero_point] * len(scale)),
        helper.make_tensor("w", TensorProto.INT8, [4, 4], list(weight)),
        helper.make_tensor("wf", TensorProto.FLOAT, [4, 4], [0.5] * 16),
    ]
    named: dict[str, Any] = {} if flat else {"axis": axis}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "in"),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "deq"),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], "weights", **named),
    ]
    operands = ["d", "wf" if float_weights else "wd"]
    if bias_scale is not None:
        constants += [
            helper.make_tensor("bs", TensorProto.FLOAT, [4], [bias_scale * each for each in scale]),
            helper.make_tensor("bz", TensorProto.INT32, [4], [0] * 4),
            helper.make_tensor("b", TensorProto.INT32, [4], [bias] * 4),
        ]
        nodes.append(helper.make_node("DequantizeLinear", ["b", "bs", "bz"], ["bd"], "bias", axis=0))
        operands.append("bd")
    op = "MatMul" if bias_scale is None else "Gemm"
    nodes += [
        helper.make_node(op, operands, ["m"], "layer"),
        helper.make_node("QuantizeLinear", ["m", "s", "z"], ["o"], "out"),
        helper.make_node("DequantizeLinear", ["o", "s", "z"], ["y"], "end"),
    ]
    return nodes, constants, 17


def qdq_with(wrong: dict[str, Any], right: dict[str, Any] | None = None) -> Write:
    """A QDQ layer with the fault, and one without."""
    return onnx(lambda helper, faulty: qdq(helper, **(wrong if faulty else right or {})))


def undone(helper: Any, faulty: bool) -> tuple[list[Any], list[Any], int]:
    """A DequantizeLinear directly followed by a QuantizeLinear of the same scale."""
    nodes, constants, opset = qdq(helper)
    if faulty:
        nodes[1:1] = [
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["e"], "idle"),
            helper.make_node("QuantizeLinear", ["e", "s", "z"], ["r"], "again"),
        ]
        nodes[3] = helper.make_node("DequantizeLinear", ["r", "s", "z"], ["d"], "deq")
    return nodes, constants, opset


def between(op: str, second_scale: float = 0.1, **attributes: Any) -> Callable[[Any], Any]:
    """An operator between DequantizeLinear of scale 0.1 and QuantizeLinear of another."""

    def build(helper: Any) -> tuple[list[Any], list[Any], int]:
        from onnx import TensorProto

        constants = [
            helper.make_tensor("s", TensorProto.FLOAT, [], [0.1]),
            helper.make_tensor("t", TensorProto.FLOAT, [], [second_scale]),
            helper.make_tensor("z", TensorProto.INT8, [], [0]),
        ]
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "in"),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "deq"),
            helper.make_node(op, ["d"], ["m"], "middle", **attributes),
            helper.make_node("QuantizeLinear", ["m", "t", "z"], ["o"], "out"),
            helper.make_node("DequantizeLinear", ["o", "t", "z"], ["y"], "end"),
        ]
        return nodes, constants, 17

    return build


def either_onnx(wrong: Callable[[Any], Any], right: Callable[[Any], Any]) -> Write:
    """The one with the fault and the one without."""
    return onnx(lambda helper, faulty: wrong(helper) if faulty else right(helper))


def float_product(helper: Any, faulty: bool) -> tuple[list[Any], list[Any], int]:
    """A float layer of 16,384 MACs, or one of 16."""
    from onnx import TensorProto

    units = 4096 if faulty else 4
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, units], [0.5] * 4 * units)
    return [helper.make_node("MatMul", ["x", "w"], ["y"], "layer")], [weights], 17


def wide_activations(model: Any, faulty: bool) -> None:
    kind = "INT16" if faulty else "INT8"
    x, y = quantized(model, "x", 0.1, 0, kind), quantized(model, "y", 0.1, 0, kind)
    w = model.tensor("w", [4, 4], "INT8", bytes([127] * 16), scale=[0.1], zero_point=[0])
    model.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    model.ends([x], [y])


def dense(kind: str, **config: Any) -> dict[str, Any]:
    module = "keras.layers" if kind == "Dense" else None
    own = {
        "name": "dense",
        "trainable": True,
        "dtype": "float32",
        "units": 2,
        "activation": "linear",
        **config,
    }
    return {"class_name": kind, "module": module, "config": own, "registered_name": None}


def wrapped(faulty: bool) -> dict[str, Any]:
    """A Dense layer as TensorFlow's model optimization toolkit wraps it for training, or without."""
    inner = dense("Dense")
    config = {"name": "quant_dense", "trainable": True, "dtype": "float32", "layer": inner}
    return {"class_name": "QuantizeWrapperV2", "config": config} if faulty else inner


ROUND_TRIP = ("INT8 FLOAT32 FLOAT32 INT8", "DEQUANTIZE GELU QUANTIZE")

FAULTS = {
    "float-model": Fault("EL302", "", tflite(floats), "cortex-m0plus"),
    "float-model-with-fpu": Fault(
        "EL302", "", tflite(lambda model, faulty: wide(model, faulty)), "cortex-m7"
    ),
    "float-model-onnx": Fault("EL302", "", onnx(float_product), "cortex-m7"),
    "float-input": Fault(
        "EL303", "QUANTIZE", chained(("FLOAT32 INT8 INT8", "QUANTIZE RELU"), ("INT8 INT8", "RELU"))
    ),
    "float-output": Fault(
        "EL303", "DEQUANTIZE", chained(("INT8 INT8 FLOAT32", "RELU DEQUANTIZE"), ("INT8 INT8", "RELU"))
    ),
    "island": Fault("EL304", "GELU", chained(ROUND_TRIP, ("INT8 INT8", "RELU"))),
    "tail": Fault("EL304", "EXP", chained(("INT8 FLOAT32 FLOAT32", "DEQUANTIZE EXP"), ("INT8 INT8", "RELU"))),
    "per-tensor": Fault(
        "EL305", "CONV_2D", either(convolution([0.1], [0]), convolution([0.1, 0.01], [0, 0]))
    ),
    "per-tensor-onnx": Fault(
        "EL305", "MatMul", qdq_with({"scale": (0.1,), "weight": (127, 1, 2, 3) * 4}, {"scale": (0.1,)})
    ),
    "asymmetric": Fault(
        "EL306", "CONV_2D", either(convolution([0.1, 0.01], [0, 4]), convolution([0.1, 0.01], [0, 0]))
    ),
    "asymmetric-product": Fault("EL306", "FULLY_CONNECTED", either(product(zero_point=[9]), product())),
    "asymmetric-onnx": Fault("EL306", "MatMul", qdq_with({"zero_point": 3})),
    "unscaled": Fault("EL307", "FULLY_CONNECTED", either(product(bare=True), product())),
    "zero-scale": Fault("EL308", "RELU", unary("RELU", (0.0, 0), (0.1, -128))),
    "denormal-scale": Fault("EL308", "RELU", unary("RELU", (1e-40, 0), (0.1, -128))),
    "nan-scale-onnx": Fault("EL308", "QuantizeLinear", qdq_with({"input_scale": float("nan")})),
    "zero-scale-onnx": Fault("EL308", "QuantizeLinear", qdq_with({"input_scale": 0.0})),
    "asymmetric-int16": Fault("EL309", "TANH", unary("TANH", (2**-15, 3), (2**-15, 0), "INT16")),
    "softmax-scale": Fault("EL310", "SOFTMAX", unary("SOFTMAX", (0.01, -128), (1 / 256, -128))),
    "sigmoid-scale": Fault("EL310", "LOGISTIC", unary("LOGISTIC", (1 / 128, 0), (1 / 256, -128))),
    "tanh-scale": Fault("EL310", "TANH", unary("TANH", (1 / 200, 0), (1 / 128, 0)), "cortex-m4"),
    "reshape-scales": Fault("EL311", "RESHAPE", unary("RESHAPE", (0.2, 0), (0.1, 0)), "cortex-m4"),
    "transpose-zero-points": Fault("EL311", "TRANSPOSE", unary("TRANSPOSE", (0.1, 9), (0.1, 0))),
    "transpose-scales-onnx": Fault(
        "EL311", "Transpose", either_onnx(between("Transpose", 0.3), between("Transpose"))
    ),
    "bias-scale": Fault("EL312", "FULLY_CONNECTED", either(product(bias_scale=0.5), product())),
    "bias-scale-refused": Fault(
        "EL312", "FULLY_CONNECTED", either(product(bias_scale=0.5, bias=(0,) * 4), product())
    ),
    "bias-scale-onnx": Fault("EL312", "Gemm", qdq_with({"bias_scale": 0.5}, {"bias_scale": 0.1})),
    "bias-cut-off": Fault("EL313", "FULLY_CONNECTED", either(product(bias=[2**31 - 1, 1, 1, 1]), product())),
    "bias-cut-off-onnx": Fault(
        "EL313", "Gemm", qdq_with({"bias_scale": 0.1, "bias": -(2**31)}, {"bias_scale": 0.1})
    ),
    "negative-codes-of-relu": Fault("EL314", "RELU", unary("RELU", (0.1, 0), (0.1, -128))),
    "codes-beyond-6": Fault("EL314", "RELU6", unary("RELU6", (0.1, -128), (0.0235, -128))),
    "small-codes": Fault("EL315", "FULLY_CONNECTED", either(product(weights=(20, -31) * 8), product())),
    "small-codes-onnx": Fault("EL315", "MatMul", qdq_with({"weight": (20, -31) * 8})),
    "saturation": Fault("EL316", "QUANTIZE", unary("QUANTIZE", (0.01, 0), (0.11, 0), start=5)),
    "uint8": Fault("EL317", "FULLY_CONNECTED", tflite(legacy), "litert-cpu"),
    "float16": Fault("EL318", "", tflite(half_weights)),
    "undone": Fault("EL319", "QUANTIZE", chained(("INT8 FLOAT32 INT8", "DEQUANTIZE QUANTIZE"), ROUND_TRIP)),
    "rounded": Fault(
        "EL319", "DEQUANTIZE", chained(("FLOAT32 INT8 FLOAT32", "QUANTIZE DEQUANTIZE"), ROUND_TRIP)
    ),
    "undone-onnx": Fault("EL319", "QuantizeLinear", onnx(undone)),
    "requantized-twice": Fault(
        "EL320", "QUANTIZE", chained(("INT8 UINT8 INT16", "QUANTIZE QUANTIZE"), ("INT8 INT16", "QUANTIZE"))
    ),
    "axis": Fault(
        "EL321", "CONV_2D", either(convolution([0.1, 0.2], [0, 0], 3), convolution([0.1, 0.2], [0, 0]))
    ),
    "axis-onnx": Fault("EL321", "MatMul", qdq_with({"axis": 0})),
    "float-weights-onnx": Fault("EL322", "MatMul", qdq_with({"float_weights": True})),
    "zero-point-type": Fault("EL323", "DequantizeLinear", qdq_with({"zero": "UINT8"})),
    "fake-quantization": Fault("EL324", "FAKE_QUANT", tflite(fake)),
    "hard-swish-onnx": Fault(
        "EL326", "HardSwish", either_onnx(between("HardSwish"), between("Sigmoid")), "onnxruntime-cpu"
    ),
    "int16-without-kernel": Fault("EL327", "FULLY_CONNECTED", tflite(wide_activations), "esp32s3"),
    "training-wrapper": Fault("EL324", "QuantizeWrapperV2", keras(lambda faulty: wrapped(faulty))),
    "qkeras": Fault("EL324", "QDense", keras(lambda faulty: dense("QDense" if faulty else "Dense"))),
}


def wide(model: Any, faulty: bool) -> None:
    """A float layer of 16,384 MACs, or one of 64."""
    width = 256 if faulty else 1
    x, y = model.tensor("x", [1, 64]), model.tensor("y", [1, width])
    w = model.tensor("w", [width, 64], data=bytes(4 * width * 64))
    model.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    model.ends([x], [y])
