"""QuantizeLinear and DequantizeLinear as what they mean: the scale and zero point of a tensor.

While the graph is lowered every value counts as float32 and is only marked. `settle` gives marked
operands their integer types, where an operator has all it needs to run on integers.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.deferred import replace
from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.ir.quantization import Quantization
from edgelint.lowering.onnx_to_tflite.conversion import Conversion, Unlowerable, plain
from edgelint.lowering.onnx_to_tflite.draft import Draft, Op, Operand

ASSUMPTION = (
    "QuantizeLinear and DequantizeLinear become the tensors' own int8 quantization, as TFLite stores it"
)

_STORED = frozenset({DType.INT8, DType.UINT8})
"""Types of activations that become int8."""

_PASSING = frozenset(
    [
        "RESHAPE",
        "TRANSPOSE",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "PAD",
        "SLICE",
        "STRIDED_SLICE",
        "GATHER",
        "SPLIT",
        "SPLIT_V",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "RELU",
        "RELU6",
        "DEPTH_TO_SPACE",
        "SPACE_TO_DEPTH",
        "TILE",
        "BROADCAST_TO",
        "MAXIMUM",
        "MINIMUM",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "MIRROR_PAD",
    ]
)
"""Operators whose result can have the scale of what they are given."""

_WEIGHTED = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "FULLY_CONNECTED": (1, 2),
    "TRANSPOSE_CONV": (1, 3),
}
"""Operators with weights and a bias, and the places of those."""


def quantize(low: Conversion, node: Node) -> None:
    """A mark on the operand, QUANTIZE for an input of the graph or a change of scale."""
    name = low.input(node, 0)
    given = low.read(name)
    order = low.order(name) or plain(len(given.shape))
    found = _quantization(low, node.outputs[0])
    low.assumptions[ASSUMPTION] = None
    if given.quantization is None and given.name not in low.draft.inputs:
        given.quantization = found
    elif given.quantization != found:
        given = low.emit("QUANTIZE", [given.name], given.shape, DType.FLOAT32, node.outputs[0] or "")
        given.quantization = found
    low.store(node.outputs[0], given, order)


def dequantize(low: Conversion, node: Node) -> None:
    """Nothing: the mark stays. DEQUANTIZE for an output of the graph, and behind an integer input."""
    name = low.input(node, 0)
    given = low.read(name)
    order = low.order(name) or plain(len(given.shape))
    if given.quantization is None:
        given.quantization = _quantization(low, name)
    if node.outputs[0] in low.source.graph.outputs:
        given = low.emit("DEQUANTIZE", [given.name], given.shape, DType.FLOAT32, node.outputs[0] or "")
    low.store(node.outputs[0], given, order)


def _quantization(low: Conversion, name: str | None) -> Quantization:
    """The scale and zero point of a value, as int8 has them. Raises Unlowerable where they are not stored."""
    value = low.value(name)
    if value.quantization is None or value.quantization.block_size or value.quantization.is_per_channel:
        raise Unlowerable("has scales that are not stored, or several for an activation")
    if value.dtype not in _STORED:
        raise Unlowerable(f"quantizes to {value.dtype}, which TFLite has no kernels for")
    return _shifted(value.quantization) if value.dtype is DType.UINT8 else value.quantization


def _shifted(quantization: Quantization) -> Quantization:
    """What describes the same numbers stored as int8 that `quantization` describes as uint8."""
    return replace(quantization, zero_point=tuple(zero - 128 for zero in quantization.zero_point))


def settle(draft: Draft) -> None:
    """Gives marked operands their integer types.

    An operator that lacks the scale of any operand stays float32, between DEQUANTIZE and QUANTIZE.
    """
    if all(operand.quantization is None for operand in draft.operands.values()):
        return
    _spread(draft)
    reals: dict[str, str] = {}
    ops: list[Op] = []
    for op in draft.ops:
        if op.code not in ("QUANTIZE", "DEQUANTIZE"):
            marks = [
                draft.operands[name].quantization
                for name in (*op.inputs, *op.outputs)
                if name and _flows(draft, name)
            ]
            integers = all(marks) and any(marks) and _has_integer_constants(draft, op)
            _settle_constants(draft, op, integers=integers)
            if not integers and any(marks):
                ops += _in_reals(draft, op, reals)
                continue
        ops.append(op)
    draft.ops = ops
    made_real = {*draft.inputs, *reals.values()}
    made_real |= {name for op in ops if op.code == "DEQUANTIZE" for name in op.outputs}
    for operand in draft.operands.values():
        if operand.quantization is not None and operand.content is None and operand.name not in made_real:
            operand.dtype = DType.INT8


def _in_reals(draft: Draft, op: Op, reals: dict[str, str]) -> list[Op]:
    """`op` on float32, and what it takes to get there and back. reals: marked operand to its float32 one."""
    before, after = [], []
    inputs, outputs = list(op.inputs), list(op.outputs)
    for place, name in enumerate(op.inputs):
        if name is None or not _flows(draft, name) or draft.operands[name].quantization is None:
            continue
        if name not in reals:
            real = draft.operand(name, DType.FLOAT32, draft.operands[name].shape)
            reals[name] = real.name
            before.append(Op("DEQUANTIZE", (name,), (real.name,)))
        inputs[place] = reals[name]
    for place, name in enumerate(op.outputs):
        if draft.operands[name].quantization is not None:
            real = draft.operand(name, DType.FLOAT32, draft.operands[name].shape)
            outputs[place] = real.name
            after.append(Op("QUANTIZE", (real.name,), (name,)))
    op.inputs, op.outputs = tuple(inputs), tuple(outputs)
    return [*before, op, *after]


def _spread(draft: Draft) -> None:
    """Marks passed through operators that keep the scale: onwards, then back."""
    ends = {*draft.inputs, *draft.outputs}
    for op in draft.ops:
        if op.code in _PASSING:
            marks = [draft.operands[name].quantization for name in op.inputs if name and _flows(draft, name)]
            if marks and marks[0] is not None:
                _mark(draft, set(op.outputs) - ends, marks[0])
    for op in reversed(draft.ops):
        mark = draft.operands[op.outputs[0]].quantization if op.code in _PASSING else None
        if mark is not None:
            _mark(draft, {name for name in op.inputs if name} - ends, mark)


def _flows(draft: Draft, name: str | None) -> bool:
    """Whether the operand is computed, and of real numbers."""
    operand = draft.operands.get(name or "")
    return operand is not None and operand.content is None and operand.dtype.is_float


def _mark(draft: Draft, names: Iterable[str], mark: Quantization) -> None:
    for name in names:
        operand = draft.operands[name]
        if operand.quantization is None and _flows(draft, name):
            operand.quantization = mark


def _has_integer_constants(draft: Draft, op: Op) -> bool:
    """Whether every stored operand but a bias, or a number to pad with, is stored in integers."""
    free = (_WEIGHTED.get(op.code, (-1, -1))[1], 2 if op.code == "PADV2" else -1)
    stored = [
        draft.operands[name] for place, name in enumerate(op.inputs) if name is not None and place not in free
    ]
    return not any(operand.content is not None and operand.dtype.is_float for operand in stored)


def _settle_constants(draft: Draft, op: Op, *, integers: bool) -> None:
    """Weights, bias and the number to pad with in the types that go with the activations."""
    bias = _WEIGHTED.get(op.code, (-1, -1))[1]
    inputs = list(op.inputs)
    for place, name in enumerate(op.inputs):
        operand = draft.operands[name] if name else None
        if operand is None or operand.content is None:
            continue
        if not integers and operand.quantization is not None:
            inputs[place] = _retyped(draft, operand, DType.FLOAT32, None).name
        elif integers and place == bias and operand.dtype is not DType.INT32:
            inputs[place] = _retyped(draft, operand, DType.INT32, None).name
        elif integers and operand.dtype is DType.UINT8 and operand.quantization is not None:
            inputs[place] = _retyped(draft, operand, DType.INT8, _shifted(operand.quantization)).name
        elif integers and operand.dtype.is_float:
            given = draft.operands[op.inputs[0] or ""].quantization
            inputs[place] = _retyped(draft, operand, DType.INT8, given).name
    op.inputs = tuple(inputs)


def _retyped(draft: Draft, operand: Operand, dtype: DType, quantization: Quantization | None) -> Operand:
    assert operand.content is not None
    key = (dtype.label, operand.content.key)
    return draft.constant(operand.name, dtype, operand.shape, key, None, quantization)
