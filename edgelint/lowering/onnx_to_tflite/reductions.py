"""Operators that fold axes, and those that normalize along one."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.lowering.onnx_to_tflite.conversion import (
    Conversion,
    Order,
    Unlowerable,
    permuted,
    plain,
)
from edgelint.lowering.onnx_to_tflite.draft import Operand

_REDUCTIONS = {
    "ReduceMean": "MEAN",
    "ReduceSum": "SUM",
    "ReduceMax": "REDUCE_MAX",
    "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PROD",
}


def reduce(low: Conversion, node: Node) -> None:
    """The reduction over the axes where the order at hand puts them."""
    name = low.input(node, 0)
    shape = low.shape(name)
    rank = len(shape)
    axes = low.numbers(node, 1, "axes")
    if not axes:
        if node.attributes.get("noop_with_empty_axes", 0):
            low.store(node.outputs[0], low.read(name), low.order(name) or plain(rank))
            return
        axes = list(range(rank))
    folded = {axis % rank for axis in axes}
    keep = bool(node.attributes.get("keepdims", 1))
    order = low.order(name) or plain(rank)
    given = low.read(name)
    places = low.draft.numbers(sorted(order.index(axis) for axis in folded))
    final = order if keep else _without(order, folded)
    low.produce(node, _REDUCTIONS[node.op], [given.name, places.name], final, keep_dims=keep)


def softmax(low: Conversion, node: Node) -> None:
    """SOFTMAX or LOG_SOFTMAX, which work along the last axis: others are moved there and back."""
    name = low.input(node, 0)
    shape = low.shape(name)
    rank = len(shape)
    flattens = (node.source.version or 13) < 13
    axis = int(node.attributes.get("axis", 1 if flattens else -1)) % rank
    code = "SOFTMAX" if node.op == "Softmax" else "LOG_SOFTMAX"
    options = {"beta": 1.0} if node.op == "Softmax" else {}
    order = low.order(name) or plain(rank)
    if flattens and any(dim > 1 for place, dim in enumerate(shape) if place > axis):
        raise Unlowerable("normalizes over several axes at once, as before opset 13")
    if order[-1] == axis:
        low.produce(node, code, [low.read(name).name], order, **options)
        return
    moved = _last(order, axis)
    given = low.read(name, moved)
    made = low.emit(code, [given.name], given.shape, given.dtype, node.outputs[0] or "", **options)
    back = tuple(moved.index(each) for each in order)
    low.store(node.outputs[0], low.transpose(made, back, made.name), order)


def layer_normalization(low: Conversion, node: Node) -> None:
    """Mean, squared difference, mean, reciprocal root, scale and shift: TFLite has no single operator."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    axis = int(node.attributes.get("axis", -1)) % rank
    given = low.read(name, plain(rank))
    axes = low.draft.numbers(range(axis, rank))
    reduced = tuple(dim if place < axis else 1 for place, dim in enumerate(given.shape))
    wanted = node.outputs[0] or ""
    if any(node.outputs[1:]):
        raise Unlowerable("hands out its statistics")

    def step(code: str, inputs: Sequence[Operand], shape: Sequence[int], **options: bool) -> Operand:
        return low.emit(code, [each.name for each in inputs], shape, DType.FLOAT32, wanted, **options)

    mean = step("MEAN", [given, axes], reduced, keep_dims=True)
    squared = step("SQUARED_DIFFERENCE", [given, mean], given.shape)
    variance = step("MEAN", [squared, axes], reduced, keep_dims=True)
    epsilon = low.draft.constant(
        "epsilon", DType.FLOAT32, (), ("number", float(node.attributes.get("epsilon", 1e-5)))
    )
    scale, bias = (
        low.read(node.inputs[place]) if place < len(node.inputs) and node.inputs[place] else None
        for place in (1, 2)
    )
    factor = step("RSQRT", [step("ADD", [variance, epsilon], reduced)], reduced)
    if scale is not None:
        factor = step("MUL", [factor, scale], given.shape)
    scaled = step("MUL", [given, factor], given.shape)
    offset = step("MUL", [mean, factor], factor.shape)
    if bias is not None:
        made = step("ADD", [scaled, step("SUB", [bias, offset], given.shape)], given.shape)
    else:
        made = step("SUB", [scaled, offset], given.shape)
    low.store(node.outputs[0], made, plain(rank))


def _last(order: Order, axis: int) -> Order:
    return (*(each for each in order if each != axis), axis)


def _without(order: Order, folded: set[int]) -> Order:
    kept = [axis for axis in order if axis not in folded]
    return tuple(sum(1 for other in kept if other < axis) for axis in kept)


def lp_normalization(low: Conversion, node: Node) -> None:
    """L2_NORMALIZATION along the last axis."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    axis = int(node.attributes.get("axis", -1)) % rank
    order = low.order(name) or plain(rank)
    if int(node.attributes.get("p", 2)) != 2 or order[-1] != axis:
        raise Unlowerable("normalizes by another norm or axis than TFLite does")
    given = low.read(name)
    made = low.emit("L2_NORMALIZATION", [given.name], permuted(low.shape(name), order), given.dtype,
                    node.outputs[0] or "")  # fmt: skip
    low.store(node.outputs[0], made, order)
