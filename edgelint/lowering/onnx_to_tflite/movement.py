"""Operators that move elements: reshape, transpose, join, cut, gather, pad, resize."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.lowering.onnx_to_tflite.conversion import (
    Conversion,
    Order,
    Unlowerable,
    channels_last,
    permuted,
    plain,
)


def reshape(low: Conversion, node: Node) -> None:
    """RESHAPE of the elements in ONNX's own order."""
    name = low.input(node, 0)
    given = low.read(name, plain(len(low.shape(name))))
    shape = low.shape(node.outputs[0])
    low.store(node.outputs[0], low.reshape(given, shape, node.outputs[0] or ""), plain(len(shape)))


def squeeze(low: Conversion, node: Node) -> None:
    """RESHAPE that drops axes from the order at hand."""
    name = low.input(node, 0)
    shape = low.shape(name)
    order = low.order(name) or plain(len(shape))
    axes = low.numbers(node, 1, "axes")
    dropped = {axis % len(shape) for axis in axes} if axes is not None else {
        axis for axis, dim in enumerate(shape) if dim == 1
    }  # fmt: skip
    kept = [axis for axis in order if axis not in dropped]
    final = tuple(sum(1 for other in kept if other < axis) for axis in kept)
    out = permuted(low.shape(node.outputs[0]), final)
    low.store(node.outputs[0], low.reshape(low.read(name), out, node.outputs[0] or ""), final)


def transpose(low: Conversion, node: Node) -> None:
    """TRANSPOSE, or nothing where the order at hand is the one wanted."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    perm = tuple(node.attributes.get("perm") or reversed(range(rank)))
    made = low.read(name, perm)
    low.store(node.outputs[0], made, plain(rank))


def concat(low: Conversion, node: Node) -> None:
    """CONCATENATION along the axis where the order puts it."""
    rank = len(low.shape(node.outputs[0]))
    order = _order_of_most(low, node.inputs, rank)
    axis = order.index(int(node.attributes.get("axis", 0)) % rank)
    operands = [low.read(name, order).name for name in node.inputs]
    low.produce(node, "CONCATENATION", [*operands], order, axis=axis)


def split(low: Conversion, node: Node) -> None:
    """SPLIT; a STRIDED_SLICE for each part where the sizes are given as an input."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    order = low.order(name) or plain(rank)
    axis = order.index(int(node.attributes.get("axis", 0)) % rank)
    given = low.read(name)
    sizes = low.numbers(node, 1, "split")
    if len(node.inputs) > 1 and sizes is not None:
        start = 0
        for output, size in zip(node.outputs, sizes, strict=True):
            ranges = [(0, dim, 1) for dim in given.shape]
            ranges[axis] = (start, start + size, 1)
            start += size
            if output is not None:
                low.store(output, low.cut(given, ranges, output), order)
        return
    part = -(-given.shape[axis] // len(node.outputs))
    parts = sizes or [min(part, given.shape[axis] - place * part) for place in range(len(node.outputs))]
    outputs = [
        low.draft.operand(
            output or node.name,
            given.dtype,
            (size if place == axis else dim for place, dim in enumerate(given.shape)),
        )
        for output, size in zip(node.outputs, parts, strict=True)
    ]
    place = low.draft.numbers([axis], ())
    inputs: list[str | None] = [place.name, given.name]
    if len(set(parts)) > 1:
        inputs = [given.name, low.draft.numbers(parts).name, place.name]
    code = "SPLIT" if len(set(parts)) == 1 else "SPLIT_V"
    low.draft.add(code, inputs, [output.name for output in outputs], {"num_splits": len(parts)})
    for wanted, made in zip(node.outputs, outputs, strict=True):
        low.store(wanted, made, order)


def slice_(low: Conversion, node: Node) -> None:
    """STRIDED_SLICE; nothing where all of the input is kept."""
    name = low.input(node, 0)
    shape = low.shape(name)
    rank = len(shape)
    starts, ends = low.numbers(node, 1, "starts"), low.numbers(node, 2, "ends")
    if starts is None or ends is None:
        raise Unlowerable("does not say what to cut out")
    axes = low.numbers(node, 3, "axes") or list(range(len(starts)))
    steps = low.numbers(node, 4, "steps") or [1] * len(starts)
    ranges = [(0, size, 1) for size in shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step <= 0:
            raise Unlowerable("cuts backwards, which is not modelled")
        size = shape[axis % rank]
        first, last, _ = slice(start, end, step).indices(size)
        ranges[axis % rank] = (first, max(last, first), step)
    order = low.order(name) or plain(rank)
    made = low.cut(low.read(name), permuted(ranges, order), node.outputs[0] or "")
    low.store(node.outputs[0], made, order)


def gather(low: Conversion, node: Node) -> None:
    """GATHER; a part of the input where one place or a run of them is asked for."""
    name, places = low.input(node, 0), low.input(node, 1)
    shape, rank = low.shape(name), len(low.shape(name))
    axis = int(node.attributes.get("axis", 0)) % rank
    out_rank = len(low.shape(node.outputs[0]))
    inner = low.shape(places)
    order = low.order(name) or plain(rank)
    if len(inner) > 1 or (len(inner) == 0 and order != plain(rank)):
        order = plain(rank)
    given = low.read(name, order)
    at = order.index(axis)
    array = low.array(places)
    if array is not None:
        numbers = [int(number) % shape[axis] for number in array.reshape(-1)]
        indices = low.draft.numbers(numbers, inner)
    else:
        indices = low.read(places, plain(len(inner)))
    final = order if len(inner) == 1 else plain(out_rank)
    low.produce(node, "GATHER", [given.name, indices.name], final, axis=at)


def pad(low: Conversion, node: Node) -> None:
    """PAD with zeros, PADV2 with another number, MIRROR_PAD by reflection."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    pads = low.numbers(node, 1, "pads")
    axes = low.numbers(node, 3, "axes") or list(range(rank))
    if pads is None or len(pads) != 2 * len(axes):
        raise Unlowerable("does not say what to pad")
    pairs = [(0, 0)] * rank
    for axis, begin, end in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        pairs[axis % rank] = (begin, end)
    if min(number for pair in pairs for number in pair) < 0:
        raise Unlowerable("pads by less than nothing, which is not modelled")
    mode = node.attributes.get("mode", "constant")
    order = low.order(name) or plain(rank)
    given = low.read(name)
    moved = permuted(pairs, order)
    inputs: list[str | None] = [
        given.name,
        low.draft.numbers((number for pair in moved for number in pair), (rank, 2)).name,
    ]
    if mode == "reflect":
        low.produce(node, "MIRROR_PAD", inputs, order, mode="REFLECT")
        return
    if mode != "constant":
        raise Unlowerable(f"pads by {mode!r}, which TFLite has no operator for")
    number = _padding_number(low, node)
    if number:
        inputs.append(low.draft.constant("pad", given.dtype, (), ("number", number)).name)
    low.produce(node, "PADV2" if number else "PAD", inputs, order)


def _padding_number(low: Conversion, node: Node) -> float:
    if len(node.inputs) > 2 and node.inputs[2]:
        found = low.scalar(node, 2)
        if found is None:
            raise Unlowerable("pads with a number that is computed while the model runs")
        return found
    return float(node.attributes.get("value", 0.0))


def resize(low: Conversion, node: Node) -> None:
    """RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR over height and width."""
    name = low.input(node, 0)
    shape, out = low.shape(name), low.shape(node.outputs[0])
    if len(shape) != 4 or shape[:2] != out[:2]:
        raise Unlowerable("resizes what is not height and width of a four-dimensional value")
    mode = node.attributes.get("mode", "nearest")
    place = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    if node.op == "Upsample":
        place = "asymmetric"
    codes = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "linear": "RESIZE_BILINEAR"}
    if mode not in codes:
        raise Unlowerable(f"resizes by {mode!r}, which TFLite has no operator for")
    places = {"asymmetric": (False, False), "align_corners": (True, False), "half_pixel": (False, True),
              "pytorch_half_pixel": (False, True)}  # fmt: skip
    if place not in places:
        raise Unlowerable(f"takes coordinates by {place!r}, which TFLite does not know")
    corners, half = places[place]
    given = low.read(name, channels_last(4))
    size = low.draft.numbers(out[2:])
    low.produce(
        node, codes[mode], [given.name, size.name], channels_last(4),
        align_corners=corners, half_pixel_centers=half,
    )  # fmt: skip


def depth_to_space(low: Conversion, node: Node) -> None:
    """DEPTH_TO_SPACE for the column-row order; a reshape, a transpose and a reshape for the other."""
    name = low.input(node, 0)
    block = int(node.attributes.get("blocksize", 1))
    given = low.read(name, channels_last(4))
    if node.attributes.get("mode", "DCR") == "DCR":
        low.produce(node, "DEPTH_TO_SPACE", [given.name], channels_last(4), block_size=block)
        return
    batch, height, width, depth = given.shape
    wanted = node.outputs[0] or ""
    parts = low.reshape(given, (batch, height, width, depth // block**2, block, block), wanted)
    moved = low.transpose(parts, (0, 1, 4, 2, 5, 3), wanted)
    out = permuted(low.shape(node.outputs[0]), channels_last(4))
    low.store(node.outputs[0], low.reshape(moved, out, wanted), channels_last(4))


def space_to_depth(low: Conversion, node: Node) -> None:
    """SPACE_TO_DEPTH."""
    given = low.read(low.input(node, 0), channels_last(4))
    block = int(node.attributes.get("blocksize", 1))
    low.produce(node, "SPACE_TO_DEPTH", [given.name], channels_last(4), block_size=block)


def expand(low: Conversion, node: Node) -> None:
    """BROADCAST_TO, or nothing where the shape stays."""
    name = low.input(node, 0)
    shape, out = low.shape(name), low.shape(node.outputs[0])
    given = low.read(name, plain(len(shape)))
    if shape == out:
        low.store(node.outputs[0], given, plain(len(out)))
        return
    low.produce(node, "BROADCAST_TO", [given.name, low.draft.numbers(out).name], plain(len(out)))


def tile(low: Conversion, node: Node) -> None:
    """TILE in the order at hand."""
    name = low.input(node, 0)
    repeats = low.numbers(node, 1, "repeats")
    rank = len(low.shape(name))
    if repeats is None or len(repeats) != rank:
        raise Unlowerable("does not say how often to repeat")
    order = low.order(name) or plain(rank)
    low.produce(node, "TILE", [low.read(name).name, low.draft.numbers(permuted(repeats, order)).name], order)


def _order_of_most(low: Conversion, names: Sequence[str | None], rank: int) -> Order:
    """Channels last where any operand is, else ONNX's own order."""
    last = channels_last(rank)
    return last if any(low.order(name) == last for name in names) else plain(rank)


def argument(low: Conversion, node: Node) -> None:
    """ARG_MAX or ARG_MIN, its axis dropped or kept."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    axis = int(node.attributes.get("axis", 0)) % rank
    order = low.order(name) or plain(rank)
    given, at = low.read(name), order.index(axis)
    kept = [each for each in order if each != axis]
    flat = tuple(dim for place, dim in enumerate(given.shape) if place != at)
    place = low.draft.numbers([at], ())
    code = "ARG_MAX" if node.op == "ArgMax" else "ARG_MIN"
    made = low.emit(
        code, [given.name, place.name], flat, DType.INT64, node.outputs[0] or "", output_type="INT64"
    )
    if node.attributes.get("keepdims", 1):
        low.store(
            node.outputs[0], low.reshape(made, permuted(low.shape(node.outputs[0]), order), made.name), order
        )
    else:
        low.store(node.outputs[0], made, tuple(sum(1 for other in kept if other < each) for each in kept))
