"""Operators that slide a window: convolutions and pools.

TFLite pads a window only as SAME or VALID; other padding becomes an operator of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.lowering.onnx_to_tflite.averages import corrected, counts, factors
from edgelint.lowering.onnx_to_tflite.conversion import (
    Conversion,
    Order,
    Unlowerable,
    channels_last,
    permuted,
)
from edgelint.lowering.onnx_to_tflite.draft import Dims, Operand


class _Window(NamedTuple):
    """What a node says about its window; hashable, as many are alike."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    auto_pad: str
    pads: tuple[int, ...]


class _Convolution(NamedTuple):
    """A convolution of TFLite's, and the padding that has to be done before it.

    order, filters: how the weights have to lie. made: the shape of what it makes.
    result: the same with the axes that ONNX has.
    """

    code: str
    options: dict[str, Any]
    pads: list[int]
    order: Order
    filters: Dims | None
    made: Dims
    result: Dims


def conv(low: Conversion, node: Node) -> None:
    """CONV_2D, DEPTHWISE_CONV_2D or CONV_3D, a PAD before it where it needs one."""
    name = low.input(node, 0)
    shape = low.shape(name)
    rank = len(shape)
    weight = _constant_weight(low, node, 1)
    if not 3 <= rank <= 5:
        raise Unlowerable(f"convolves over {rank - 2} dims")
    window, group = _window(node, rank - 2), int(node.attributes.get("group", 1))
    # onnx2tf looks for the channels where they are last, before it puts them there.
    stored = low.read(name)
    is_depthwise = rank == 4 and 1 < group == stored.shape[-1] and len(set(window.strides)) == 1
    if is_depthwise and max(window.dilations) > 1 and max(window.strides) > 1:
        raise Unlowerable("is depthwise with strides and dilations at once, which is not modelled")
    out = low.shape(node.outputs[0])
    given = low.read(name, channels_last(rank))
    alike = ("convolution", window, group, is_depthwise, shape, out)
    found: _Convolution | None = low.memo.get(alike)
    if found is None:
        found = low.memo[alike] = _convolution(window, group, shape, out, is_depthwise=is_depthwise)
    if found.pads:
        given = _padded(low, given, found.pads)
    if rank == 3:
        given = low.reshape(given, (given.shape[0], 1, *given.shape[1:]), given.name)
    filters = low.weight(weight, found.order, found.filters)
    bias = _bias(low, node, 2, out[1])
    made = low.draft.operand(node.outputs[0] or "", low.dtype(name), found.made)
    low.draft.add(found.code, (given.name, filters.name, bias.name), (made.name,), found.options)
    low.store(node.outputs[0], low.reshape(made, found.result, made.name), channels_last(len(out)))


def _convolution(window: _Window, group: int, shape: Dims, out: Dims, *, is_depthwise: bool) -> _Convolution:
    """The convolution of a map of `shape` to one of `out`, both as ONNX has them."""
    rank = len(shape)
    pads = _pads(window, shape[2:])
    same = _is_same(window, shape[2:], out[2:], pads)
    options: dict[str, Any] = {"padding": "SAME" if same else "VALID"}
    # One row where ONNX has none.
    flat = (1,) if rank == 3 else ()
    kernel = (*flat, *window.kernel)
    options |= _steps(_STRIDES, (*flat, *window.strides)) | _steps(_DILATIONS, (*flat, *window.dilations))
    channels, order, filters = out[1], channels_last(rank), None
    if is_depthwise:
        options["depth_multiplier"] = channels // group
        code, order, filters = "DEPTHWISE_CONV_2D", (1, 2, 3, 0), (1, *kernel, channels)
    elif rank == 5:
        code, order = "CONV_3D", (2, 3, 4, 1, 0)
    else:
        code, filters = "CONV_2D", (channels, *kernel, shape[1] // group)
    made = (out[0], *flat, *out[2:], channels)
    result = permuted(out, channels_last(len(out)))
    return _Convolution(code, options, [] if same or not any(pads) else pads, order, filters, made, result)


def conv_transpose(low: Conversion, node: Node) -> None:
    """TRANSPOSE_CONV without padding, and a slice where ONNX's padding cuts its edges off."""
    name = low.input(node, 0)
    shape, rank = low.shape(name), len(low.shape(name))
    weight = _constant_weight(low, node, 1)
    kernel, strides, dilations, auto_pad, _ = _window(node, rank - 2)
    if rank != 4:
        raise Unlowerable(f"is a transposed convolution over {rank - 2} dims, which is not modelled")
    if int(node.attributes.get("group", 1)) > 1:
        raise Unlowerable("is a grouped transposed convolution, which is not modelled")
    if max(dilations) > 1 or auto_pad not in ("NOTSET", "VALID"):
        raise Unlowerable("is a transposed convolution with dilations or automatic padding")
    out = low.shape(node.outputs[0])
    pads = node.attributes.get("pads", [0] * 4)
    extra = node.attributes.get("output_padding", [0, 0])
    full = [
        stride * (size - 1) + more + window
        for stride, size, more, window in zip(strides, shape[2:], extra, kernel, strict=True)
    ]
    given = low.read(name, channels_last(4))
    filters = low.weight(weight, (1, 2, 3, 0))
    made_shape = (out[0], *full, out[1])
    inputs: list[str | None] = [low.draft.numbers(made_shape).name, filters.name, given.name]
    if len(node.inputs) > 2 and node.inputs[2]:
        inputs.append(_bias(low, node, 2, out[1]).name)
    made = low.emit(
        "TRANSPOSE_CONV", inputs, made_shape, low.dtype(name), node.outputs[0] or "",
        padding="VALID", **_steps(_STRIDES, strides),
    )  # fmt: skip
    if any(pads):
        sizes = (out[0], *out[2:], out[1])
        ranges = [(first, first + size, 1) for first, size in zip((0, *pads[:2], 0), sizes, strict=True)]
        made = low.cut(made, ranges, made.name)
    _finish(low, node, made)


def pool(low: Conversion, node: Node) -> None:
    """MAX_POOL_2D or AVERAGE_POOL_2D, padding before it where it needs one."""
    name = low.input(node, 0)
    shape, rank = low.shape(name), len(low.shape(name))
    is_max = node.op == "MaxPool"
    if any(node.outputs[1:]):
        raise Unlowerable("hands out the places of its maxima")
    if not 3 <= rank <= 4:
        raise Unlowerable(f"pools over {rank - 2} dims, which TFLite has no operator for")
    window = _window(node, rank - 2)
    kernel, strides = window.kernel, window.strides
    if max(window.dilations) > 1:
        raise Unlowerable("is a dilated pool, which TFLite has no operator for")
    out = low.shape(node.outputs[0])
    pads = _pads(window, shape[2:])
    given = low.read(name, channels_last(rank))
    same = any(pads) and pads == _same_pads(window, shape[2:])
    same = same or window.auto_pad == "SAME_UPPER"
    if not same:
        pads = _with_ceil(node, shape[2:], out[2:], kernel, strides, pads)
        if any(pads):
            # The lowest number would spoil the scale of an integer tensor, so onnx2tf pads with 0 there.
            given = _padded(low, given, pads, lowest=is_max and not low.integers)
    if rank == 3:
        given = low.reshape(given, (given.shape[0], 1, *given.shape[1:]), given.name)
        kernel, strides = (1, *kernel), (1, *strides)
    made_shape = (out[0], *([1] if rank == 3 else []), *out[2:], out[1])
    made = low.emit(
        "MAX_POOL_2D" if is_max else "AVERAGE_POOL_2D", [given.name], made_shape, low.dtype(name),
        node.outputs[0] or "", padding="SAME" if same else "VALID", **_steps(_STRIDES, strides),
        filter_height=kernel[0], filter_width=kernel[1],
    )  # fmt: skip
    included = bool(node.attributes.get("count_include_pad", 0))
    explicit = not same and window.auto_pad in ("NOTSET", "SAME_LOWER")
    if not is_max and rank == 4 and (included if not explicit else not included):
        pairs = zip(pads[: rank - 2], pads[rank - 2 :], strict=True)
        if max(out[2:]) > _LARGEST_MAP:
            raise Unlowerable(f"averages to more than {_LARGEST_MAP} places along one axis")
        sides = list(zip(shape[2:], out[2:], kernel, strides, pairs, strict=True))
        inside = [counts(*side) for side in sides]
        if len({count for each in inside for count in each}) > 1:
            made = corrected(low, made, [factors(each, window, included=included) for each, window in
                                         zip(inside, kernel, strict=True)])  # fmt: skip
    _finish(low, node, made)


_LARGEST_MAP = 1 << 16
"""Places along one axis of an average pool whose edges are followed one by one."""


def global_pool(low: Conversion, node: Node) -> None:
    """MEAN or REDUCE_MAX over the spatial axes."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    if rank < 3:
        raise Unlowerable("pools over no dims")
    given = low.read(name, channels_last(rank))
    axes = low.draft.numbers(range(1, rank - 1))
    code = "MEAN" if node.op == "GlobalAveragePool" else "REDUCE_MAX"
    low.produce(node, code, [given.name, axes.name], channels_last(rank), keep_dims=True)


def _finish(low: Conversion, node: Node, made: Operand) -> None:
    name = node.outputs[0]
    rank = len(low.shape(name))
    shape = permuted(low.shape(name), channels_last(rank))
    low.store(name, low.reshape(made, shape, made.name), channels_last(rank))


def _constant_weight(low: Conversion, node: Node, place: int) -> str:
    name = low.input(node, place)
    if low.constant(name) is None:
        raise Unlowerable("has weights that are computed while the model runs")
    return name


def _bias(low: Conversion, node: Node, place: int, channels: int) -> Operand:
    name = node.inputs[place] if place < len(node.inputs) else None
    if name is None:
        return low.draft.zeros(DType.FLOAT32, (channels,))
    if low.constant(name) is None:
        raise Unlowerable("has a bias that is computed while the model runs")
    return low.weight(name, (0,))


def _window(node: Node, rank: int) -> _Window:
    """The window over `rank` axes. Raises Unlowerable where the kernel is not known."""
    given = node.attributes.get
    kernel = given("kernel_shape")
    if not kernel or len(kernel) != rank:
        raise Unlowerable("has a kernel of unknown size")
    strides, dilations = given("strides") or [1] * rank, given("dilations") or [1] * rank
    if len(strides) != rank or len(dilations) != rank or min(*strides, *dilations, *kernel) < 1:
        raise Unlowerable("has a window that does not fit its input")
    pads = given("pads") or [0] * 2 * rank
    return _Window(tuple(kernel), tuple(strides), tuple(dilations), given("auto_pad", "NOTSET"), tuple(pads))


def _steps(names: Sequence[str], numbers: Sequence[int]) -> dict[str, int]:
    """Options by axis: height and width, and depth before them in three dims."""
    return dict(zip(names[-len(numbers) :], numbers, strict=True))


_STRIDES = ("stride_d", "stride_h", "stride_w")
_DILATIONS = ("dilation_d_factor", "dilation_h_factor", "dilation_w_factor")


def _pads(window: _Window, size: Sequence[int]) -> list[int]:
    """ONNX's padding, begins before ends."""
    if window.auto_pad == "SAME_UPPER":
        return _same_pads(window, size)
    if window.auto_pad == "SAME_LOWER":
        found = _same_pads(window, size)
        return found[len(size) :] + found[: len(size)]
    if window.auto_pad == "VALID":
        return [0] * 2 * len(size)
    if len(window.pads) != 2 * len(size) or min(window.pads) < 0:
        raise Unlowerable("has padding that does not fit its input")
    return list(window.pads)


def _same_pads(window: _Window, size: Sequence[int]) -> list[int]:
    """What TFLite pads as SAME: the odd row at the end (LiteRT kernels/padding.h)."""
    totals = [
        max((-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
        for length, kernel, stride, dilation in zip(
            size, window.kernel, window.strides, window.dilations, strict=True
        )
    ]
    return [total // 2 for total in totals] + [total - total // 2 for total in totals]


def _is_same(window: _Window, size: Sequence[int], out: Sequence[int], pads: Sequence[int]) -> bool:
    """Whether the padding is written as SAME: as onnx2tf decides, before anything is fused."""
    if window.auto_pad == "SAME_UPPER":
        return True
    half = len(pads) // 2
    return list(pads[:half]) == list(pads[half:]) and tuple(size) == tuple(out)


def _with_ceil(
    node: Node, size: Sequence[int], out: Sequence[int], kernel: Sequence[int], strides: Sequence[int],
    pads: Sequence[int],
) -> list[int]:  # fmt: skip
    """`pads` and what `ceil_mode` adds at the ends, so that the output gets its size."""
    if not node.attributes.get("ceil_mode", 0):
        return list(pads)
    half = len(pads) // 2
    ends = [
        end + max((made - 1) * stride + window - (length + begin + end), 0)
        for length, made, window, stride, begin, end in zip(
            size, out, kernel, strides, pads[:half], pads[half:], strict=True
        )
    ]
    return [*pads[:half], *ends]


def _padded(low: Conversion, given: Operand, pads: Sequence[int], *, lowest: bool = False) -> Operand:
    """`given`, channels last, with its spatial axes padded: with zeros, or with the lowest number."""
    half = len(pads) // 2
    pairs = [0, 0, *(number for pair in zip(pads[:half], pads[half:], strict=True) for number in pair), 0, 0]
    sizes = [size + pairs[2 * axis] + pairs[2 * axis + 1] for axis, size in enumerate(given.shape)]
    inputs: list[str | None] = [given.name, low.draft.numbers(pairs, (half + 2, 2)).name]
    if lowest:
        inputs.append(low.draft.constant("lowest", given.dtype, (), ("lowest",)).name)
    return low.emit("PADV2" if lowest else "PAD", inputs, sizes, given.dtype, given.name)
