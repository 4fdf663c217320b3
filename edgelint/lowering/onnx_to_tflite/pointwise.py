"""Operators that work element by element: arithmetic, activations, batch normalization."""

from __future__ import annotations

from typing import Any

from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.lowering.onnx_to_tflite.conversion import (
    Conversion,
    Order,
    Unlowerable,
    channels_last,
    plain,
)
from edgelint.lowering.onnx_to_tflite.draft import Operand

_BINARY = {
    "Add": "ADD",
    "Sub": "SUB",
    "Mul": "MUL",
    "Div": "DIV",
    "Pow": "POW",
    "Min": "MINIMUM",
    "Max": "MAXIMUM",
    "Equal": "EQUAL",
    "Less": "LESS",
    "Greater": "GREATER",
    "LessOrEqual": "LESS_EQUAL",
    "GreaterOrEqual": "GREATER_EQUAL",
    "And": "LOGICAL_AND",
    "Or": "LOGICAL_OR",
    "PRelu": "PRELU",
}

_UNARY = {
    "Relu": "RELU",
    "Sigmoid": "LOGISTIC",
    "Tanh": "TANH",
    "Elu": "ELU",
    "Exp": "EXP",
    "Log": "LOG",
    "Sqrt": "SQRT",
    "Abs": "ABS",
    "Neg": "NEG",
    "Floor": "FLOOR",
    "Ceil": "CEIL",
    "Round": "ROUND",
    "Sin": "SIN",
    "Cos": "COS",
    "Not": "LOGICAL_NOT",
    "HardSwish": "HARD_SWISH",
    "Erf": "FlexErf",
    "Sign": "SIGN",
}


def binary(low: Conversion, node: Node) -> None:
    """The operator of two operands, which are broadcast in one common order."""
    if len(node.inputs) != 2:
        variadic(low, node)
        return
    if node.op == "Pow" and low.scalar(node, 1) in _POWERS:
        _power(low, node, int(low.scalar(node, 1) or 0))
        return
    order = _common_order(low, node)
    operands = [_broadcast(low, low.input(node, place), order) for place in range(2)]
    if node.op == "Div" and low.constant(node.inputs[1]) is not None and low.dtype(node.inputs[0]).is_float:
        low.produce(node, "MUL", [operands[0].name, _inverse(low, operands[1]).name], order)
        return
    low.produce(node, _BINARY[node.op], (operands[0].name, operands[1].name), order)


_POWERS = (2.0, 3.0)
"""Exponents that TensorFlow writes out as products (grappler/optimizers/arithmetic_optimizer.cc)."""


def _power(low: Conversion, node: Node, exponent: int) -> None:
    name = low.input(node, 0)
    base = low.read(name)
    made = base
    for _ in range(exponent - 2):
        made = low.emit("MUL", [base.name, base.name], base.shape, base.dtype, node.name)
    low.produce(node, "MUL", [base.name, made.name], low.order(name) or plain(len(base.shape)))


def variadic(low: Conversion, node: Node) -> None:
    """ADD_N for a sum of equal shapes; else one operator after the other."""
    order = _common_order(low, node)
    operands = [_broadcast(low, name, order) for name in node.inputs if name]
    shapes = {operand.shape for operand in operands}
    if node.op == "Sum" and len(shapes) == 1:
        low.produce(node, "ADD_N", [operand.name for operand in operands], order)
        return
    if len(operands) < 2 or (len(shapes) > 1 and len(operands) > 2):
        raise Unlowerable("takes operands of several shapes, which is not modelled")
    code = {"Sum": "ADD", "Max": "MAXIMUM", "Min": "MINIMUM"}[node.op]
    made = operands[0]
    for operand in operands[1:-1]:
        made = low.emit(code, [made.name, operand.name], made.shape, made.dtype, node.name)
    low.produce(node, code, [made.name, operands[-1].name], order)


def unary(low: Conversion, node: Node) -> None:
    """The operator of one operand, in the order at hand."""
    _in_place(low, node, _UNARY[node.op])


def leaky_relu(low: Conversion, node: Node) -> None:
    """LEAKY_RELU."""
    _in_place(low, node, "LEAKY_RELU", alpha=float(node.attributes.get("alpha", 0.01)))


def gelu(low: Conversion, node: Node) -> None:
    """GELU, exact or by tanh."""
    _in_place(low, node, "GELU", approximate=node.attributes.get("approximate") == "tanh")


def clip(low: Conversion, node: Node) -> None:
    """RELU, RELU6 or RELU_N1_TO_1 where the limits are theirs, else MAXIMUM and MINIMUM."""
    limits = [_limit(low, node, 1, "min"), _limit(low, node, 2, "max")]
    code = _CLIPS.get((limits[0], limits[1]))
    if code:
        _in_place(low, node, code)
        return
    name = low.input(node, 0)
    given, order = low.read(name), low.order(name) or plain(len(low.shape(name)))
    for code, limit in zip(("MINIMUM", "MAXIMUM"), reversed(limits), strict=True):
        if limit is None:
            continue
        if (code, limit) == ("MAXIMUM", 0.0):
            given = low.emit("RELU", [given.name], given.shape, given.dtype, node.outputs[0] or "")
            continue
        number = low.draft.constant("limit", given.dtype, (), ("number", limit))
        given = low.emit(code, [given.name, number.name], given.shape, given.dtype, node.outputs[0] or "")
    low.store(node.outputs[0], given, order)


_CLIPS: dict[tuple[float | None, float | None], str] = {
    (0.0, 6.0): "RELU6",
    (0.0, None): "RELU",
    (-1.0, 1.0): "RELU_N1_TO_1",
}
"""Limits that TFLite has an activation for."""


def hard_sigmoid(low: Conversion, node: Node) -> None:
    """A product, a sum, and RELU_0_TO_1; the first two go into a convolution before them."""
    name = low.input(node, 0)
    given, order = low.read(name), low.order(name) or plain(len(low.shape(name)))
    steps = (("MUL", node.attributes.get("alpha", 0.2)), ("ADD", node.attributes.get("beta", 0.5)))
    for code, number in steps:
        constant = low.draft.constant("number", DType.FLOAT32, (), ("number", float(number)))
        given = low.emit(code, [given.name, constant.name], given.shape, given.dtype, node.outputs[0] or "")
    low.produce(node, "RELU_0_TO_1", [given.name], order)


def batch_normalization(low: Conversion, node: Node) -> None:
    """A product and a sum per channel, which go into a convolution before them."""
    name = low.input(node, 0)
    rank = len(low.shape(name))
    if any(node.outputs[1:]) or node.attributes.get("training_mode", 0):
        raise Unlowerable("normalizes by the statistics of its batch")
    names = [low.input(node, place) for place in range(1, 5)]
    keys = [low.source.constants[each].content.key for each in names if each in low.source.constants]
    if len(keys) < len(names):
        raise Unlowerable("has statistics that are computed while the model runs")
    order = low.order(name) or channels_last(rank)
    channels = low.shape(names[0])[0]
    shape = tuple([channels if axis == 1 else 1 for axis in order])
    given = low.read(name, order)
    factor = low.draft.constant("scale", DType.FLOAT32, shape, ("scale", *keys))
    offset = low.draft.constant("offset", DType.FLOAT32, shape, ("offset", *keys))
    scaled = low.emit("MUL", (given.name, factor.name), given.shape, given.dtype, node.name)
    low.produce(node, "ADD", (scaled.name, offset.name), order)


def where(low: Conversion, node: Node) -> None:
    """SELECT_V2."""
    order = _common_order(low, node)
    operands = [_broadcast(low, low.input(node, place), order) for place in range(3)]
    low.produce(node, "SELECT_V2", [operand.name for operand in operands], order)


def cast(low: Conversion, node: Node) -> None:
    """CAST, or nothing where the type stays."""
    if low.dtype(node.inputs[0]) is low.dtype(node.outputs[0]):
        same(low, node)
    else:
        _in_place(low, node, "CAST")


def same(low: Conversion, node: Node) -> None:
    """Nothing: the output is the input."""
    name = low.input(node, 0)
    if any(node.outputs[1:]):
        raise Unlowerable("hands out more than its input")
    low.store(node.outputs[0], low.read(name), low.order(name) or plain(len(low.shape(name))))


def reciprocal(low: Conversion, node: Node) -> None:
    """One divided by the operand."""
    name = low.input(node, 0)
    one = low.draft.constant("one", DType.FLOAT32, (), ("number", 1.0))
    order = low.order(name) or plain(len(low.shape(name)))
    low.produce(node, "DIV", [one.name, low.read(name).name], order)


def _in_place(low: Conversion, node: Node, code: str, **options: Any) -> None:
    given, order = low.at_hand(low.input(node, 0))
    low.produce(node, code, (given.name,), order, **options)


def _limit(low: Conversion, node: Node, place: int, attribute: str) -> float | None:
    """A limit as input or, before opset 11, attribute; None for none."""
    if place < len(node.inputs) and node.inputs[place]:
        found = low.scalar(node, place)
        if found is None:
            raise Unlowerable("clips to limits that are computed while the model runs")
    else:
        found = node.attributes.get(attribute)
    return None if found is None or abs(found) >= _UNLIMITED else float(found)


_UNLIMITED = 3.4e38
"""Where exporters write the largest float32 for no limit."""


def _common_order(low: Conversion, node: Node) -> Order:
    """The order in which operands meet. Where it differs, onnx2tf puts three dims in ONNX's own order."""
    rank = len(low.shape(node.outputs[0]))
    orders = [low.order(name) for name in node.inputs if name]
    full = [order for order in orders if order is not None and len(order) == rank]
    last = channels_last(rank)
    if rank == _IN_DOUBT and plain(rank) in full:
        return plain(rank)
    return last if last in full else full[0] if full else plain(rank)


_IN_DOUBT = 3
"""Dims of which nothing tells whether the second one is channels."""


def _broadcast(low: Conversion, name: str | None, order: Order) -> Operand:
    """The operand that holds a value, for an operator whose output is in `order`."""
    if name is None:
        raise Unlowerable("lacks an operand")
    shape = low.shape(name)
    rank = len(order)
    if len(shape) == rank:
        return low.read(name, order)
    if len(shape) == 0 or max(shape) == 1:
        return low.weight(name, plain(len(shape)), ()) if low.constant(name) else low.read(name)
    # Axes missing in front count as 1, so that only the others have to be put in order.
    missing = rank - len(shape)
    own = tuple(axis - missing for axis in order if axis >= missing)
    if order[:missing] == plain(rank)[:missing]:
        return low.read(name, own)
    padded = tuple(shape[axis - missing] if axis >= missing else 1 for axis in order)
    if low.constant(name) is not None:
        return low.weight(name, own, padded)
    return low.reshape(low.read(name, own), padded, name)


def _inverse(low: Conversion, operand: Operand) -> Operand:
    import numpy as np

    content = operand.content
    if content is None:
        raise Unlowerable("divides by what is no constant")
    array = content.array
    with np.errstate(all="ignore"):
        inverse = None if array is None else np.asarray(1 / array, array.dtype)
    key = ("inverse", content.key)
    return low.draft.constant(operand.name, operand.dtype, operand.shape, key, inverse)
