"""What operators ask the arena for with the CMSIS-NN kernels, where that differs from the portable ones.

Sources: tensorflow/tflite-micro@90b983c2, micro/kernels/cmsis_nn/*.cc, built for speed (the
Makefile's default) with GCC; ARM-software/CMSIS-NN@4ab83cc3, Source/*/*_get_buffer_sizes_*.c.
`simd` is "base" (no DSP extension), "dsp" or "mve" (Helium).
"""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.analysis.tflm.requests import (
    LSTM_CELL_STATE,
    LSTM_HIDDEN_STATE,
    NOTHING,
    QUANTIZED,
    Call,
    Formula,
    Requests,
    Unmodelled,
    batch_matmul,
    dims,
    lstm_gate_bytes,
    per_channel,
    rank,
    scales_of_weights,
    svdf,
    transpose_conv,
)
from edgelint.analysis.tflm.sizes import round_up
from edgelint.deferred import dataclass, replace
from edgelint.ir.dtype import DType
from edgelint.ir.model import Value

DEPTHWISE_BLOCK = 496
"""Bytes per filter element of the Helium depthwise kernel: 4 buffers of 124 channels (CH_IN_BLOCK_MVE)."""

REVERSE_CHANNELS = 16
"""Input channels above which int8 TRANSPOSE_CONV runs as a convolution (REVERSE_TCOL_EFFICIENT_THRESHOLD)."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A convolution as CMSIS-NN sees it; pairs are (height, width)."""

    batch: int
    size: tuple[int, int]
    channels: int
    kernel: tuple[int, int]
    kernel_channels: int
    out_width: int
    out_channels: int
    strides: tuple[int, int]
    dilations: tuple[int, int]
    padding: tuple[int, int]

    @property
    def columns(self) -> int:
        return self.channels * self.kernel[0] * self.kernel[1]


def _window(call: Call) -> _Window:
    batch, height, width, channels = _four(call.input(0))
    _, kernel_height, kernel_width, kernel_channels = _four(call.input(1))
    _, _, out_width, out_channels = _four(call.output())
    strides = call.pair("strides")
    if min(strides) < 1:
        raise Unmodelled("strides")
    return _Window(
        batch=batch,
        size=(height, width),
        channels=channels,
        kernel=(kernel_height, kernel_width),
        kernel_channels=kernel_channels,
        out_width=out_width,
        out_channels=out_channels,
        strides=strides,
        dilations=call.pair("dilations", (1, 1)),
        padding=call.pair("pads"),
    )


def _four(value: Value) -> tuple[int, int, int, int]:
    found = dims(value)
    if len(found) != 4:
        raise Unmodelled("rank")
    return found[0], found[1], found[2], found[3]


def _conv(call: Call) -> Requests:
    if call.dtype not in QUANTIZED:
        return NOTHING
    window = _window(call)
    size = _conv_int8(window, call.simd) if call.dtype is DType.INT8 else _conv_int16(window, call.simd)
    return Requests(per_channel(dims(call.input(1))[0]), _unless_zero(size))


def _conv_int16(window: _Window, simd: str) -> int:
    return 8 * round_up(window.columns, 8) if simd == "mve" else 4 * window.columns


def _conv_int8(window: _Window, simd: str) -> int:
    whole = window.channels == window.kernel_channels
    if window.kernel == (1, 1) and window.padding == (0, 0) and window.dilations == (1, 1) and whole:
        return 0
    one_row = window.size[0] == 1 and window.kernel[0] == 1 and window.dilations[1] == 1 and whole
    if simd == "mve" and one_row and window.strides[1] * window.channels % 4 == 0:
        return _one_row(window)
    return _im2col_int8(window.columns, simd)


def _im2col_int8(columns: int, simd: str) -> int:
    return 4 * round_up(columns, 16 if simd == "mve" else 4)


def _one_row(window: _Window) -> int:
    """arm_convolve_1_x_n_s8_get_buffer_size_mve; remainders have C's signs."""
    stride, pad = window.strides[1], window.padding[1]
    total = (window.out_width - 1) * stride + window.kernel[1] - window.size[1]
    odd = abs(total) % 2 * (1 if total > 0 else -1)
    right = max(1, int((pad + odd + stride - 1) / stride)) if pad + odd else 0
    left = max(1, (pad + stride - 1) // stride) if pad else 0
    middle = max(window.out_width - left - right, 0)
    if left + middle + right != window.out_width:
        return _im2col_int8(window.columns, "mve")
    row = window.kernel[1] * window.channels
    return max(row + pad * window.channels, row - window.channels + (right if odd else pad) * window.channels)


def _depthwise_conv(call: Call) -> Requests:
    if call.dtype not in QUANTIZED:
        return NOTHING
    persistent = per_channel(dims(call.input(1))[3])
    if call.dtype is not DType.INT8:
        return Requests(persistent)
    window = _window(call)
    if call.input(1).dtype is DType.INT4:
        return Requests(persistent, _unless_zero(_depthwise_int4(window, call.simd)))
    return Requests(persistent, _unless_zero(_depthwise_int8(window, call.simd)))


def _plain_depthwise(window: _Window) -> bool:
    return window.channels == window.out_channels and window.batch == 1 and window.dilations == (1, 1)


def _depthwise_int4(window: _Window, simd: str) -> int:
    if not _plain_depthwise(window):
        return 0
    area = window.kernel[0] * window.kernel[1]
    return (DEPTHWISE_BLOCK if simd == "mve" else 2 * window.channels) * area


def _depthwise_int8(window: _Window, simd: str) -> int:
    area = window.kernel[0] * window.kernel[1]
    if simd == "mve" and window.channels == 1 and window.out_channels > 1:
        return _as_conv(window) + window.out_channels * area
    if simd == "base" or not _plain_depthwise(window):
        return 0
    if simd == "mve":
        return DEPTHWISE_BLOCK * area
    small = window.kernel == (3, 3) and max(window.padding) <= 1
    return 0 if small else 2 * window.channels * area


def _as_conv(window: _Window) -> int:
    """The convolution that a depthwise one with a single input channel becomes.

    The caller leaves the stride unset, so what a one-row filter on a one-row input asks for depends
    on what was on the stack.
    """
    one_row = window.size[0] == 1 and window.kernel[0] == 1 and window.dilations[1] == 1
    if one_row and window.kernel[1] > 1:
        raise Unmodelled("stride")
    return _conv_int8(replace(window, kernel_channels=1), "mve")


def _fully_connected(call: Call) -> Requests:
    persistent = scales_of_weights(call)
    weights = call.input(1)
    if call.dtype is not DType.INT8 or weights.dtype is DType.INT4:
        return Requests(persistent)
    depth, channels = dims(weights)[-1], dims(call.output())[-1]
    if rank(call.output()) > 2 and depth % 4 == 0:
        # A 1x1 convolution, which wants a scale per channel even where the file has one in all.
        return Requests(persistent, () if persistent else (8 * channels,))
    if call.simd != "mve":
        return Requests(persistent)
    bias_constant = not call.has_input(2) or call.input(2).is_constant
    if weights.is_constant and bias_constant:
        return Requests((*persistent, 4 * channels))
    return Requests(persistent, (4 * channels,))


def _average_pool(call: Call) -> Requests:
    if call.dtype in QUANTIZED and call.simd == "dsp":
        return Requests((), (4 * dims(call.input(0))[-1],))
    return NOTHING


def _transpose_conv(call: Call) -> Requests:
    if call.dtype is not DType.INT8:
        return transpose_conv(call)
    _, _, width, channels = _four(call.input(2))
    filters, height, kernel_width, _ = _four(call.input(1))
    stride_height, stride_width = call.pair("strides")
    columns = channels * height * kernel_width
    if max(stride_height, stride_width) <= 2 and channels > REVERSE_CHANNELS:
        scratch = (_im2col_int8(columns, call.simd), columns * filters)
    else:
        row = (width - 1) * stride_width + max(kernel_width, stride_height)
        scratch = (4 * row * dims(call.output())[-1] * max(height, stride_height), 0)
    return Requests(per_channel(filters), scratch)


def _svdf(call: Call) -> Requests:
    portable = svdf(call)
    if call.dtype is DType.INT8 and call.simd == "mve":
        return Requests((4 * dims(call.input(1))[0],), portable.scratch)
    return portable


def _batch_matmul(call: Call) -> Requests:
    portable = batch_matmul(call)
    if call.dtype is DType.INT8 and call.simd == "mve":
        return Requests(portable.persistent, _unless_zero(4 * dims(call.output())[-1]))
    return portable


_LSTM_SUMS = {DType.INT8: 4, DType.INT16: 8}
"""Bytes of one kernel sum by the type of the activations: that of the biases."""


def _lstm(call: Call) -> Requests:
    gate = lstm_gate_bytes(call)
    if call.dtype not in QUANTIZED or call.input(LSTM_CELL_STATE).dtype is not DType.INT16:
        return Requests((), (gate,) * 4)
    state = dims(call.input(LSTM_HIDDEN_STATE))[1]
    return Requests((_LSTM_SUMS[call.dtype] * state,) * 8, (gate,) * 3)


def _unless_zero(size: int) -> tuple[int, ...]:
    return (size,) if size > 0 else ()


CMSIS_NN: Mapping[str, Formula] = {
    "AVERAGE_POOL_2D": _average_pool,
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise_conv,
    "FULLY_CONNECTED": _fully_connected,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
"""What operators ask for with CMSIS-NN; the others ask what they ask with the portable kernels."""
