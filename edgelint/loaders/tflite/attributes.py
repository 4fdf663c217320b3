"""TFLite options and constant inputs, said in ONNX attributes.

Formulas for padding are the runtime's (LiteRT kernels/padding.h); ONNX meanings are those of its
operator documents. What needs a shape or a constant that the file does not hold is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from edgelint.ir.dtype import DType
from edgelint.ir.model import Dim, Value
from edgelint.ir.tensor import Inline

Attributes = dict[str, Any]


class Operation(NamedTuple):
    """An operator as the file has it: options by the schema's names, inputs and outputs in its order."""

    options: Mapping[str, Any]
    inputs: Sequence[Value | None]
    outputs: Sequence[Value | None]

    def dims(self, place: int) -> tuple[Dim, ...]:
        """The shape of input `place`, () when there is none."""
        value = self.inputs[place] if place < len(self.inputs) else None
        return value.shape or () if value else ()

    def result(self) -> tuple[Dim, ...]:
        """The shape of the first output, () when there is none."""
        value = self.outputs[0] if self.outputs else None
        return value.shape or () if value else ()

    def numbers(self, place: int) -> list[int] | None:
        """The integers that input `place` holds, None when it is no small constant of integers."""
        value = self.inputs[place] if place < len(self.inputs) else None
        if value is None or value.tensor is None or value.dtype not in (DType.INT32, DType.INT64):
            return None
        if not isinstance(value.tensor.storage, Inline):
            return None
        letter = "i" if value.dtype is DType.INT32 else "q"
        return list(struct.unpack(f"<{value.tensor.elements}{letter}", value.tensor.storage.data))


def has_normalised(builtin: str) -> bool:
    """Whether a builtin has ONNX attributes."""
    return builtin in _MAKERS


def normalised(builtin: str, operation: Operation) -> Attributes:
    """The ONNX attributes of a builtin; {} for those that have none."""
    make = _MAKERS.get(builtin)
    return make(operation) if make else {}


def _conv(op: Operation) -> Attributes:
    weights, channels = op.dims(1), op.dims(0)[-1:]
    attributes = _window(op, weights[1:3], op.dims(0)[1:3]) | {"layout": "NHWC"}
    return attributes | _known("group", _groups(channels, weights[3:4]))


def _depthwise(op: Operation) -> Attributes:
    weights, channels = op.dims(1), op.dims(0)[-1:]
    attributes = _window(op, weights[1:3], op.dims(0)[1:3]) | {"layout": "NHWC"}
    if channels and channels[0] is not None:
        return attributes | {"group": channels[0]}
    return attributes | _known("group", _groups(weights[3:4], [op.options.get("depth_multiplier")]))


def _conv3d(op: Operation) -> Attributes:
    weights, channels = op.dims(1), op.dims(0)[-1:]
    attributes = _window(op, weights[:3], op.dims(0)[1:4]) | {"layout": "NDHWC"}
    return attributes | _known("group", _groups(channels, weights[3:4]))


def _conv_transpose(op: Operation) -> Attributes:
    attributes = _window(op, op.dims(1)[1:3], op.result()[1:3], op.dims(2)[1:3])
    return attributes | {"layout": "NHWC", "group": 1}


def _conv3d_transpose(op: Operation) -> Attributes:
    attributes = _window(op, op.dims(1)[:3], op.result()[1:4], op.dims(2)[1:4])
    return attributes | {"layout": "NDHWC", "group": 1}


def _pool(op: Operation) -> Attributes:
    kernel = (op.options.get("filter_height"), op.options.get("filter_width"))
    return _window(op, kernel, op.dims(0)[1:3]) | {"layout": "NHWC"}


def _average_pool(op: Operation) -> Attributes:
    return _pool(op) | {"count_include_pad": 0}


def _l2_pool(op: Operation) -> Attributes:
    return _pool(op) | {"p": 2}


def _window(
    op: Operation, kernel: Sequence[Dim], large: Sequence[Dim], small: Sequence[Dim] = ()
) -> Attributes:
    """Kernel, strides, dilations and padding; `large` is the side of the window that is padded."""
    rank, options = len(kernel), op.options
    if not options or not rank:
        return _known("kernel_shape", _sizes(kernel))
    strides = tuple([options[name] for name in _STRIDES[-rank:]])
    dilations = tuple([options.get(name, 1) for name in _DILATIONS[-rank:]])
    same = options["padding"] == "SAME"
    return _slid(tuple(kernel), strides, dilations, tuple(large), tuple(small), same=same)


_STRIDES = ("stride_d", "stride_h", "stride_w")
_DILATIONS = ("dilation_d_factor", "dilation_h_factor", "dilation_w_factor")


def _sizes(kernel: Sequence[Dim]) -> list[Dim] | None:
    return list(kernel) if kernel and all(isinstance(dim, int) for dim in kernel) else None


@lru_cache(maxsize=1024)
def _slid(
    kernel: tuple[Dim, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    large: tuple[Dim, ...],
    small: tuple[Dim, ...],
    *,
    same: bool,
) -> Attributes:
    """The attributes of such a window, of which a network has few kinds: not to be changed."""
    rank = len(kernel)
    attributes = _known("kernel_shape", _sizes(kernel)) | {
        "strides": list(strides),
        "dilations": list(dilations),
        "auto_pad": "SAME_UPPER" if same else "VALID",
    }
    if not same:
        attributes["pads"] = [0] * 2 * rank
    elif len(large) == rank and "kernel_shape" in attributes and min(strides) > 0:
        totals = [
            _padding(*sides)
            for sides in zip(kernel, strides, dilations, large, small or [None] * rank, strict=True)
        ]
        if None not in totals:
            attributes["pads"] = [total // 2 for total in totals if total is not None]
            attributes["pads"] += [total - total // 2 for total in totals if total is not None]
    return attributes


def _padding(kernel: Dim, stride: int, dilation: int, large: Dim, small: Dim) -> int | None:
    """Rows added in all: max((small - 1)·stride + (kernel - 1)·dilation + 1 - large, 0)."""
    if not isinstance(large, int) or not isinstance(kernel, int):
        return None
    steps = small if isinstance(small, int) else -(-large // stride)
    return max((steps - 1) * stride + (kernel - 1) * dilation + 1 - large, 0)


def _groups(channels: Sequence[Dim], each: Sequence[Dim]) -> int | None:
    """How many times `each` goes into `channels`, None where either is unknown."""
    for whole, part in zip(channels, each, strict=False):
        if isinstance(whole, int) and isinstance(part, int) and 0 < part <= whole:
            return whole // part
    return None


def _gemm(op: Operation) -> Attributes:
    return {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}


def _matmul(op: Operation) -> Attributes:
    return {"transA": int(op.options.get("adj_x", 0)), "transB": int(op.options.get("adj_y", 0))}


def _reduce(op: Operation) -> Attributes:
    attributes: Attributes = {"keepdims": int(op.options.get("keep_dims", False))}
    axes = op.numbers(1)
    return attributes if axes is None else attributes | {"axes": axes}


def _arg(op: Operation) -> Attributes:
    return _first("axis", op.numbers(1)) | {"keepdims": 0}


def _softmax(op: Operation) -> Attributes:
    return {"axis": -1}


def _normalization(op: Operation) -> Attributes:
    return {"axis": -1, "p": 2}


def _lrn(op: Operation) -> Attributes:
    """ONNX divides alpha by the size of the window, TFLite doesn't."""
    if not op.options:
        return {}
    size = 2 * op.options["radius"] + 1
    return {"size": size, "alpha": op.options["alpha"] * size, "layout": "NHWC"}


def _pad(op: Operation) -> Attributes:
    attributes: Attributes = {"mode": str(op.options.get("mode", "constant")).lower()}
    pairs = op.numbers(1)
    return attributes if pairs is None else attributes | {"pads": pairs[::2] + pairs[1::2]}


def _slice(op: Operation) -> Attributes:
    starts, sizes = op.numbers(1), op.numbers(2)
    if starts is None or sizes is None or len(starts) != len(sizes):
        return {}
    dims = op.dims(0)
    ends: list[Any] = [start + size for start, size in zip(starts, sizes, strict=True)]
    for axis, size in enumerate(sizes):
        if size < 0:
            ends[axis] = dims[axis] if axis < len(dims) else None
    if None in ends:
        return {}
    return {"starts": starts, "ends": ends, "axes": list(range(len(starts))), "steps": [1] * len(starts)}


def _strided_slice(op: Operation) -> Attributes:
    """Bounds as stored; the masks, which ONNX has no word for, stay in the options."""
    found = {"starts": op.numbers(1), "ends": op.numbers(2), "steps": op.numbers(3)}
    return {name: numbers for name, numbers in found.items() if numbers is not None}


def _split(op: Operation) -> Attributes:
    return _first("axis", op.numbers(0)) | {"num_outputs": len(op.outputs)}


def _split_v(op: Operation) -> Attributes:
    return _first("axis", op.numbers(2)) | _known("split", op.numbers(1))


def _reshape(op: Operation) -> Attributes:
    """The input with the shape wins over the option, as in the runtime (LiteRT kernels/reshape.cc)."""
    return _known("shape", op.numbers(1) if len(op.inputs) > 1 else list(op.options.get("new_shape", ())))


def _resize(mode: str) -> Callable[[Operation], Attributes]:
    def make(op: Operation) -> Attributes:
        if op.options.get("align_corners"):
            place = "align_corners"
        else:
            place = "half_pixel" if op.options.get("half_pixel_centers") else "asymmetric"
        attributes = {"mode": mode, "coordinate_transformation_mode": place, "layout": "NHWC"}
        return attributes | _known("sizes", op.numbers(1))

    return make


def _block(mode: str) -> Callable[[Operation], Attributes]:
    def make(op: Operation) -> Attributes:
        return {"blocksize": op.options.get("block_size", 0), "layout": "NHWC"} | (
            {"mode": mode} if mode else {}
        )

    return make


def _lstm(op: Operation) -> Attributes:
    """Weights to the forget gate are [units, inputs]; those from the state [units, outputs]."""
    attributes = _hidden(op.dims(2)[:1]) | {"direction": "forward"}
    if op.options.get("kernel_type") == "BASIC":
        rows = op.dims(2)[:1]
        return attributes | _hidden([rows[0] // 4] if rows and isinstance(rows[0], int) else [])
    return attributes | _known("output_size", _single(op.dims(6)[1:2]))


def _lstm_both(op: Operation) -> Attributes:
    return _lstm(op) | {"direction": "bidirectional"}


def _rnn(op: Operation) -> Attributes:
    return _hidden(op.dims(1)[:1]) | {"direction": "forward"}


def _rnn_both(op: Operation) -> Attributes:
    return _hidden(op.dims(1)[:1]) | {"direction": "bidirectional"}


def _hidden(units: Sequence[Dim]) -> Attributes:
    return _known("hidden_size", _single(units))


def _single(dims: Sequence[Dim]) -> Dim:
    return dims[0] if dims else None


def _cast(op: Operation) -> Attributes:
    value = op.outputs[0] if op.outputs else None
    return {"to": value.dtype.label} if value and value.dtype else {}


def _gelu(op: Operation) -> Attributes:
    return {"approximate": "tanh" if op.options.get("approximate") else "none"}


def _cumsum(op: Operation) -> Attributes:
    flags = {name: int(op.options.get(name, False)) for name in ("exclusive", "reverse")}
    return _first("axis", op.numbers(1)) | flags


def _reverse_sequence(op: Operation) -> Attributes:
    return {"time_axis": op.options.get("seq_dim", 0), "batch_axis": op.options.get("batch_dim", 0)}


def _top_k(op: Operation) -> Attributes:
    return {"axis": -1, "largest": 1, "sorted": 1} | _first("k", op.numbers(1))


def _given(**attributes: Any) -> Callable[[Operation], Attributes]:
    return lambda op: dict(attributes)


def _constant(name: str, place: int) -> Callable[[Operation], Attributes]:
    return lambda op: _known(name, op.numbers(place))


def _option(name: str, option: str) -> Callable[[Operation], Attributes]:
    def make(op: Operation) -> Attributes:
        content = op.options.get(option)
        return _known(name, list(content) if isinstance(content, tuple) else content)

    return make


def _known(name: str, content: Any) -> Attributes:
    return {} if content is None else {name: content}


def _first(name: str, numbers: Sequence[int] | None) -> Attributes:
    return {name: numbers[0]} if numbers else {}


_MAKERS: dict[str, Callable[[Operation], Attributes]] = {
    "ARG_MAX": _arg,
    "ARG_MIN": _arg,
    "AVERAGE_POOL_2D": _average_pool,
    "BATCH_MATMUL": _matmul,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _lstm_both,
    "BIDIRECTIONAL_SEQUENCE_RNN": _rnn_both,
    "BROADCAST_TO": _constant("shape", 1),
    "CAST": _cast,
    "CONV_2D": _conv,
    "CONV_3D": _conv3d,
    "CONV_3D_TRANSPOSE": _conv3d_transpose,
    "CUMSUM": _cumsum,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEPTH_TO_SPACE": _block("DCR"),
    "ELU": _given(alpha=1.0),
    "EMBEDDING_LOOKUP": _given(axis=0),
    "EXPAND_DIMS": _constant("axes", 1),
    "FLOOR_MOD": _given(fmod=0),
    "FULLY_CONNECTED": _gemm,
    "GELU": _gelu,
    "L2_NORMALIZATION": _normalization,
    "L2_POOL_2D": _l2_pool,
    "LOCAL_RESPONSE_NORMALIZATION": _lrn,
    "LOG_SOFTMAX": _softmax,
    "LSTM": _lstm,
    "MAX_POOL_2D": _pool,
    "MEAN": _reduce,
    "MIRROR_PAD": _pad,
    "PAD": _pad,
    "PADV2": _pad,
    "REDUCE_ALL": _reduce,
    "REDUCE_ANY": _reduce,
    "REDUCE_MAX": _reduce,
    "REDUCE_MIN": _reduce,
    "REDUCE_PROD": _reduce,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize("linear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "REVERSE_SEQUENCE": _reverse_sequence,
    "REVERSE_V2": _constant("axes", 1),
    "RIGHT_SHIFT": _given(direction="RIGHT"),
    "RNN": _rnn,
    "SLICE": _slice,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _block(""),
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SQUEEZE": _option("axes", "squeeze_dims"),
    "STABLEHLO_CONCATENATE": _option("axis", "dimension"),
    "STABLEHLO_CONVERT": _cast,
    "STABLEHLO_SHIFT_LEFT": _given(direction="LEFT"),
    "STABLEHLO_TRANSPOSE": _option("perm", "permutation"),
    "STRIDED_SLICE": _strided_slice,
    "SUM": _reduce,
    "TILE": _constant("repeats", 1),
    "TOPK_V2": _top_k,
    "TRANSPOSE": _constant("perm", 1),
    "TRANSPOSE_CONV": _conv_transpose,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
}
