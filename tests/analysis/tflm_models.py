"""TFLite files of one operator and of random chains, written with the runtime's own schema."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

INT8, INT16, INT32, INT64, FLOAT, BOOL, INT4 = "INT8", "INT16", "INT32", "INT64", "FLOAT32", "BOOL", "INT4"

_BYTES = {INT8: 1, INT16: 2, INT32: 4, INT64: 8, FLOAT: 4, BOOL: 1}


@dataclass(frozen=True)
class T:
    """A tensor: `data` True makes it a constant of zeros, bytes that constant; `scales` quantize it."""

    shape: tuple[int, ...]
    type: str = FLOAT
    data: bool | bytes = False
    scales: int | None = None
    axis: int = 0
    scale: float = 0.5
    zero_point: int = 0
    variable: bool = False

    @property
    def bytes(self) -> bytes:
        count = 1
        for dim in self.shape:
            count *= dim
        if isinstance(self.data, bytes):
            return self.data
        return bytes((count + 1) // 2 if self.type == INT4 else count * _BYTES[self.type])


@dataclass(frozen=True)
class Op:
    """An operator: operands are places in the list of tensors, -1 for none; `options` are (table, fields)."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: tuple[str, dict[str, Any]] | None = None


@dataclass(frozen=True)
class Network:
    """Tensors, operators, and the places of inputs and outputs."""

    tensors: list[T]
    ops: list[Op]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, bytes] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        schema = pytest.importorskip("tflite_micro.tensorflow.lite.micro.python.schema_py_generated")
        flatbuffers = pytest.importorskip("flatbuffers")
        model = schema.ModelT()
        model.version = 3
        model.buffers = [schema.BufferT()]
        model.operatorCodes = []
        graph = schema.SubGraphT()
        graph.tensors = [_tensor(schema, model, index, tensor) for index, tensor in enumerate(self.tensors)]
        graph.operators = [_operator(schema, model, op) for op in self.ops]
        graph.inputs, graph.outputs = list(self.inputs), list(self.outputs)
        model.subgraphs = [graph]
        model.metadata = []
        for name, data in self.metadata.items():
            entry = schema.MetadataT()
            entry.name, entry.buffer = name, _buffer(schema, model, data)
            model.metadata.append(entry)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _buffer(schema: Any, model: Any, data: bytes) -> int:
    buffer = schema.BufferT()
    buffer.data = list(data)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _tensor(schema: Any, model: Any, index: int, tensor: T) -> Any:
    stored = schema.TensorT()
    stored.name = f"t{index}"
    stored.shape = list(tensor.shape)
    stored.type = getattr(schema.TensorType, tensor.type)
    stored.isVariable = tensor.variable
    stored.buffer = _buffer(schema, model, tensor.bytes) if tensor.data else 0
    if tensor.scales is not None:
        stored.quantization = schema.QuantizationParametersT()
        stored.quantization.scale = [tensor.scale] * tensor.scales
        stored.quantization.zeroPoint = [tensor.zero_point] * tensor.scales
        stored.quantization.quantizedDimension = tensor.axis
    return stored


def _operator(schema: Any, model: Any, op: Op) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op.name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = 1
    model.operatorCodes.append(code)
    stored = schema.OperatorT()
    stored.opcodeIndex = len(model.operatorCodes) - 1
    stored.inputs, stored.outputs = list(op.inputs), list(op.outputs)
    if op.options:
        table, fields = op.options
        stored.builtinOptionsType = getattr(schema.BuiltinOptions, table)
        stored.builtinOptions = getattr(schema, f"{table}T")()
        for name, content in fields.items():
            setattr(stored.builtinOptions, name, content)
    return stored


def single(op: str, inputs: list[T], outputs: list[T], table: str = "", **fields: Any) -> Network:
    """A network of one operator, whose inputs are those that are neither constant nor variable."""
    tensors = [*inputs, *outputs]
    given = tuple(i for i, tensor in enumerate(inputs) if not tensor.data and not tensor.variable)
    made = tuple(range(len(inputs), len(tensors)))
    options = (table, fields) if table else None
    return Network(tensors, [Op(op, tuple(range(len(inputs))), made, options)], given, made)


def quantized(shape: tuple[int, ...], type: str = INT8, **rest: Any) -> T:
    """An activation with one scale."""
    return T(shape, type, scales=1, **rest)


def ints(*numbers: int) -> T:
    """A constant of int32."""
    data = b"".join(number.to_bytes(4, "little", signed=True) for number in numbers)
    return T((len(numbers),), INT32, data)


def conv(random: random.Random, type: str) -> Network:
    """CONV_2D of random size."""
    height, width = random.choice([(1, random.randint(3, 40)), (random.randint(3, 9), random.randint(3, 9))])
    channels, filters = random.randint(1, 24), random.randint(1, 40)
    kernel = (random.randint(1, min(3, height)), random.randint(1, min(5, width)))
    stride = random.randint(1, 2)
    out = (1, -(-height // stride), -(-width // stride), filters)
    return single(
        "CONV_2D",
        [
            _activation((1, height, width, channels), type),
            _weights((filters, *kernel, channels), type, filters, 0),
            _bias(filters, type),
        ],
        [_activation(out, type)],
        "Conv2DOptions",
        strideW=stride,
        strideH=stride,
        dilationWFactor=1,
        dilationHFactor=1,
    )


def depthwise(random: random.Random, type: str) -> Network:
    """DEPTHWISE_CONV_2D of random size."""
    height, width, channels = random.randint(3, 9), random.randint(3, 9), random.randint(1, 24)
    multiplier = random.randint(1, 3)
    filters = channels * multiplier
    kernel = (random.randint(1, 3), random.randint(1, 3))
    return single(
        "DEPTHWISE_CONV_2D",
        [
            _activation((1, height, width, channels), type),
            _weights((1, *kernel, filters), type, filters, 3),
            _bias(filters, type),
        ],
        [_activation((1, height, width, filters), type)],
        "DepthwiseConv2DOptions",
        strideW=1,
        strideH=1,
        depthMultiplier=multiplier,
        dilationWFactor=1,
        dilationHFactor=1,
    )


def transpose_conv(random: random.Random, type: str) -> Network:
    """TRANSPOSE_CONV of random size."""
    height, width, channels, filters = (random.randint(1, 9) for _ in range(4))
    stride, kernel = random.randint(1, 2), random.randint(2, 4)
    out = (1, height * stride, width * stride, filters)
    return single(
        "TRANSPOSE_CONV",
        [
            ints(*out),
            _weights((filters, kernel, kernel, channels), type, filters, 0),
            _activation((1, height, width, channels), type),
        ],
        [_activation(out, type)],
        "TransposeConvOptions",
        strideW=stride,
        strideH=stride,
    )


def fully_connected(random: random.Random, type: str) -> Network:
    """FULLY_CONNECTED of random size, sometimes with a scale per channel."""
    depth, channels = random.randint(1, 90), random.randint(1, 90)
    scales = random.choice([1, channels]) if type == INT8 else 1
    rows = random.randint(1, 4)
    return single(
        "FULLY_CONNECTED",
        [
            _activation((rows, depth), type),
            _weights((channels, depth), type, scales, 0),
            _bias(channels, type),
        ],
        [_activation((rows, channels), type)],
        "FullyConnectedOptions",
    )


def batch_matmul(random: random.Random, type: str) -> Network:
    """BATCH_MATMUL of random size, adjoint or not, with a constant right side or not."""
    batch, rows, inner, columns = (random.randint(1, 8) for _ in range(4))
    adj_x, adj_y = random.random() < 0.5, random.random() < 0.5
    left = (batch, inner, rows) if adj_x else (batch, rows, inner)
    right = (batch, columns, inner) if adj_y else (batch, inner, columns)
    return single(
        "BATCH_MATMUL",
        [_activation(left, type), _activation(right, type, data=random.random() < 0.3)],
        [_activation((batch, rows, columns), type)],
        "BatchMatMulOptions",
        adjX=adj_x,
        adjY=adj_y,
    )


def softmax(random: random.Random, type: str) -> Network:
    """SOFTMAX of random size."""
    shape = (random.randint(1, 4), random.randint(1, 50))
    scale, zero = {INT8: (1 / 256, -128), INT16: (1 / 32768, 0), FLOAT: (0.5, 0)}[type]
    out = T(shape, type, scales=None if type == FLOAT else 1, scale=scale, zero_point=zero)
    return single("SOFTMAX", [_activation(shape, type)], [out], "SoftmaxOptions", beta=1.0)


def reduction(name: str) -> Callable[[random.Random, str], Network]:
    """A maker of reductions over one or two axes."""

    def make(random: random.Random, type: str) -> Network:
        shape = tuple(random.randint(1, 8) for _ in range(4))
        axes = random.choice([(1, 2), (3,), (1,)])
        out = tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
        return single(
            name,
            [_activation(shape, type), ints(*axes)],
            [_activation(out, type)],
            "ReducerOptions",
            keepDims=True,
        )

    return make


def add_n(random: random.Random, type: str) -> Network:
    """ADD_N of two to six tensors."""
    shape, count = (1, random.randint(1, 40)), random.randint(2, 6)
    return single(
        "ADD_N", [_activation(shape, type) for _ in range(count)], [_activation(shape, type)], "AddNOptions"
    )


def cumsum(random: random.Random, type: str) -> Network:
    """CUMSUM along the last axis."""
    shape = (random.randint(1, 4), random.randint(1, 40))
    axis = T((1,), INT32, (1).to_bytes(4, "little"))
    return single("CUMSUM", [_activation(shape, type), axis], [_activation(shape, type)], "CumsumOptions")


def log_softmax(random: random.Random, type: str) -> Network:
    """LOG_SOFTMAX of random size."""
    shape = (random.randint(1, 4), random.randint(1, 40))
    out = T(shape, type, scales=None if type == FLOAT else 1, scale=16 / 256, zero_point=127)
    return single("LOG_SOFTMAX", [_activation(shape, type)], [out], "LogSoftmaxOptions")


def mirror_pad(random: random.Random, type: str) -> Network:
    """MIRROR_PAD by one on every side."""
    shape = (random.randint(3, 9), random.randint(3, 9))
    pads = T((2, 2), INT32, (1).to_bytes(4, "little") * 4)
    out = tuple(dim + 2 for dim in shape)
    return single(
        "MIRROR_PAD", [_activation(shape, type), pads], [_activation(out, type)], "MirrorPadOptions"
    )


def gather(random: random.Random, type: str) -> Network:
    """GATHER of a few rows."""
    rows, width, count = random.randint(2, 9), random.randint(1, 9), random.randint(1, 5)
    return single(
        "GATHER",
        [_activation((rows, width), type), T((count,), INT32, bytes(4 * count))],
        [_activation((count, width), type)],
        "GatherOptions",
        axis=0,
    )


def block(name: str) -> Callable[[random.Random, str], Network]:
    """A maker of DEPTH_TO_SPACE and SPACE_TO_DEPTH by two."""

    def make(random: random.Random, type: str) -> Network:
        height, width, channels = (2 * random.randint(1, 4) for _ in range(3))
        deep, wide = (1, height // 2, width // 2, 4 * channels), (1, height, width, channels)
        ends = (deep, wide) if name == "DEPTH_TO_SPACE" else (wide, deep)
        table = "DepthToSpaceOptions" if name == "DEPTH_TO_SPACE" else "SpaceToDepthOptions"
        return single(name, [_activation(ends[0], type)], [_activation(ends[1], type)], table, blockSize=2)

    return make


def svdf(random: random.Random, type: str) -> Network:
    """SVDF of random size and rank."""
    batch, units, rank = random.randint(1, 2), random.randint(1, 12), random.randint(1, 3)
    size, memory, filters = random.randint(1, 20), random.randint(1, 12), 0
    filters = units * rank
    integer = type == INT8
    state = INT16 if integer else FLOAT
    one = 1 if integer else None
    return single(
        "SVDF",
        [
            _activation((batch, size), type),
            T((filters, size), type, True, scales=one),
            T((filters, memory), state, True, scales=one),
            T((units,), INT32 if integer else FLOAT, True, scales=one, scale=0.25),
            T((batch, memory * filters), state, scales=one, variable=True),
        ],
        [_activation((batch, units), type)],
        "SVDFOptions",
        rank=rank,
        fusedActivationFunction=1,
    )


def elementwise(name: str, table: str) -> Callable[[random.Random, str], Network]:
    """A maker of operators with two equal inputs."""

    def make(random: random.Random, type: str) -> Network:
        shape = (1, random.randint(1, 60))
        return single(name, [_activation(shape, type)] * 2, [_activation(shape, type)], table)

    return make


def unary(name: str, table: str = "") -> Callable[[random.Random, str], Network]:
    """A maker of operators with one input."""

    def make(random: random.Random, type: str) -> Network:
        shape = (1, random.randint(1, 60))
        return single(name, [_activation(shape, type)], [_activation(shape, type)], table)

    return make


def concatenation(random: random.Random, type: str) -> Network:
    """CONCATENATION of two to six tensors."""
    widths = [random.randint(1, 20) for _ in range(random.randint(2, 6))]
    return single(
        "CONCATENATION",
        [_activation((1, width), type) for width in widths],
        [_activation((1, sum(widths)), type)],
        "ConcatenationOptions",
        axis=1,
    )


def pool(name: str) -> Callable[[random.Random, str], Network]:
    """A maker of two by two pooling."""

    def make(random: random.Random, type: str) -> Network:
        height, width, channels = 2 * random.randint(1, 6), 2 * random.randint(1, 6), random.randint(1, 20)
        return single(
            name,
            [_activation((1, height, width, channels), type)],
            [_activation((1, height // 2, width // 2, channels), type)],
            "Pool2DOptions",
            strideW=2,
            strideH=2,
            filterWidth=2,
            filterHeight=2,
        )

    return make


def _activation(shape: tuple[int, ...], type: str, data: bool = False) -> T:
    return T(shape, type, data, scales=None if type in (FLOAT, INT32, BOOL) else 1)


def _weights(shape: tuple[int, ...], type: str, scales: int, axis: int) -> T:
    if type == FLOAT:
        return T(shape, FLOAT, True)
    return T(shape, INT8, True, scales=scales, axis=axis)


def _bias(channels: int, type: str) -> T:
    kind = {FLOAT: FLOAT, INT8: INT32, INT16: INT64}[type]
    return T((channels,), kind, True, scales=None if type == FLOAT else 1, scale=0.25)


MAKERS: dict[str, tuple[Callable[[random.Random, str], Network], tuple[str, ...]]] = {
    "ABS": (unary("ABS", "AbsOptions"), (FLOAT, INT8)),
    "ADD": (elementwise("ADD", "AddOptions"), (FLOAT, INT8, INT16)),
    "ADD_N": (add_n, (FLOAT, INT8)),
    "AVERAGE_POOL_2D": (pool("AVERAGE_POOL_2D"), (FLOAT, INT8, INT16)),
    "BATCH_MATMUL": (batch_matmul, (FLOAT, INT8, INT16)),
    "CONCATENATION": (concatenation, (FLOAT, INT8, INT16)),
    "CONV_2D": (conv, (FLOAT, INT8, INT16)),
    "CUMSUM": (cumsum, (FLOAT, INT8)),
    "DEPTHWISE_CONV_2D": (depthwise, (FLOAT, INT8, INT16)),
    "DEPTH_TO_SPACE": (block("DEPTH_TO_SPACE"), (FLOAT, INT8)),
    "FULLY_CONNECTED": (fully_connected, (FLOAT, INT8, INT16)),
    "GATHER": (gather, (FLOAT, INT8)),
    "LOGISTIC": (unary("LOGISTIC"), (FLOAT,)),
    "LOG_SOFTMAX": (log_softmax, (FLOAT, INT8)),
    "MAX_POOL_2D": (pool("MAX_POOL_2D"), (FLOAT, INT8, INT16)),
    "MEAN": (reduction("MEAN"), (FLOAT, INT8, INT16)),
    "MIRROR_PAD": (mirror_pad, (FLOAT, INT8)),
    "MUL": (elementwise("MUL", "MulOptions"), (FLOAT, INT8, INT16)),
    "NEG": (unary("NEG", "NegOptions"), (FLOAT,)),
    "REDUCE_MAX": (reduction("REDUCE_MAX"), (FLOAT, INT8)),
    "REDUCE_MIN": (reduction("REDUCE_MIN"), (FLOAT, INT8)),
    "RELU": (unary("RELU"), (FLOAT, INT8)),
    "RELU6": (unary("RELU6"), (FLOAT, INT8)),
    "SOFTMAX": (softmax, (FLOAT, INT8, INT16)),
    "SPACE_TO_DEPTH": (block("SPACE_TO_DEPTH"), (FLOAT, INT8)),
    "SUB": (elementwise("SUB", "SubOptions"), (FLOAT, INT8, INT16)),
    "SUM": (reduction("SUM"), (FLOAT, INT8)),
    "SVDF": (svdf, (FLOAT, INT8)),
    "TANH": (unary("TANH"), (FLOAT,)),
    "TRANSPOSE_CONV": (transpose_conv, (FLOAT, INT8, INT16)),
}
"""Operators to makers of random networks of them, and the types they come in."""
