"""Sums and products with constants, which the converter takes into the constants around them."""

from __future__ import annotations

from collections.abc import Hashable

from edgelint.lowering.onnx_to_tflite.draft import FUSIBLE, Draft, Op, Operand

AFFINE = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
"""Operators whose weights and bias take in what is done before or behind them."""

ARITHMETIC = frozenset({"ADD", "SUB", "MUL", "DIV"})


def fold_into_weights(draft: Draft) -> None:
    """Sums and products with a constant per channel, taken into the weights of the operator before them."""
    reads, producers, ends = draft.reads(), draft.producers(), set(draft.outputs)
    for op in draft.ops:
        if op.code not in ARITHMETIC:
            continue
        given, constant = _sides(draft, op)
        before = producers.get(given) if given and constant else None
        if before is None or constant is None or before.code not in AFFINE or before.is_fused:
            continue
        between, made = draft.operands[before.outputs[0]], draft.operands[op.outputs[0]]
        if reads[given] != 1 or given in ends or between.quantization is not None:
            continue
        channels = between.shape[-1] if between.shape else 1
        if between.shape != made.shape and between.elements != made.elements:
            continue
        if not _is_per_channel(constant, channels) or (op.code in ("DIV", "SUB") and op.inputs[0] != given):
            continue
        if before.options.get("keep_num_dims") and _is_activated(draft, op):
            continue
        if _take_in(draft, before, op, constant, channels):
            op.absorb(before, op.activation)
            producers[op.outputs[0]] = op
    draft.drop_absorbed()


def merge_constant_steps(draft: Draft) -> None:
    """Two products, or two sums, with a constant each, as one with both."""
    reads, producers, ends = draft.reads(), draft.producers(), set(draft.outputs)
    for op in draft.ops:
        if op.code not in ("MUL", "ADD"):
            continue
        given, constant = _sides(draft, op)
        before = producers.get(given or "")
        if before is None or constant is None or before.code != op.code or before.is_fused:
            continue
        inner, first = _sides(draft, before)
        if inner is None or first is None or reads[given] != 1 or given in ends:
            continue
        if first.content is None or constant.content is None:
            continue
        larger, smaller = (first, constant) if first.elements >= constant.elements else (constant, first)
        if smaller.elements > 1 and smaller.shape != larger.shape:
            continue
        key = draft.combined(op.code, first.content.key, constant.content.key)
        made = draft.constant(larger.name, larger.dtype, larger.shape, key)
        op.inputs = (inner, made.name)
        draft.changed = True


def fold_into_following(draft: Draft) -> None:
    """A product with one number, taken into the weights of the operator behind it."""
    readers, ends = draft.readers(), set(draft.outputs)
    new: dict[str, str] = {}
    for op in draft.ops:
        if op.code != "MUL" or op.is_fused or op.outputs[0] in ends:
            continue
        given, constant = _sides(draft, op)
        behind = readers.get(op.outputs[0], [])
        if given is None or constant is None or constant.elements != 1 or len(behind) != 1:
            continue
        after = behind[0]
        weights = draft.operands[after.inputs[1] or ""] if after.code in AFFINE else None
        if weights is None or weights.content is None or constant.content is None:
            continue
        if after.inputs[0] != op.outputs[0]:
            continue
        after.read_instead(1, _folded(draft, weights, "MUL", constant.content.key).name)
        new[op.outputs[0]] = given
    draft.rename(new)


def _is_activated(draft: Draft, op: Op) -> bool:
    """Whether an activation follows: it is fused before a batched product becomes FULLY_CONNECTED."""
    behind = draft.readers().get(op.outputs[0], [])
    return op.is_fused or (len(behind) == 1 and behind[0].code in FUSIBLE)


def _sides(draft: Draft, op: Op) -> tuple[str | None, Operand | None]:
    """The operand that is computed, and the one that is stored; None where there is no such pair."""
    if len(op.inputs) != 2:
        return None, None
    computed, constant = op.inputs
    if computed in draft.stored:
        computed, constant = constant, computed
    if constant is None or constant not in draft.stored or computed in draft.stored:
        return None, None
    return computed, draft.operands[constant]


def _is_per_channel(constant: Operand, channels: int) -> bool:
    """Whether it is one number, or one for each channel."""
    elements = constant.elements
    return elements == 1 or (elements == channels == constant.shape[-1])


def _take_in(draft: Draft, before: Op, op: Op, constant: Operand, channels: int) -> bool:
    """Puts the constant into weights and bias; False where they are no constants."""
    weights = draft.operands[before.inputs[1] or ""]
    bias = draft.operands[before.inputs[2]] if len(before.inputs) > 2 and before.inputs[2] else None
    if weights.content is None or constant.content is None or (bias and bias.content is None):
        return False
    key = constant.content.key
    if op.code in ("MUL", "DIV"):
        before.read_instead(1, _folded(draft, weights, op.code, key).name)
        if bias is not None and bias.content is not None and bias.content.key != ("zeros",):
            before.read_instead(2, _folded(draft, bias, op.code, key).name)
        return True
    if bias is None or (bias.content is not None and bias.content.key == ("zeros",)):
        spread = key if constant.elements == channels else ("spread", key, channels)
        array = constant.content.array
        flat = (
            array.reshape(-1) if array is not None and array.size == channels and op.code == "ADD" else None
        )
        spread = ("negative", spread) if op.code == "SUB" else spread
        made = draft.constant(constant.name, weights.dtype, (channels,), spread, flat)
    else:
        made = _folded(draft, bias, op.code, key)
    before.inputs = (*before.inputs[:2], made.name)
    return True


def _folded(draft: Draft, operand: Operand, code: str, key: Hashable) -> Operand:
    assert operand.content is not None
    combined = draft.combined(code, operand.content.key, key)
    return draft.constant(operand.name, operand.dtype, operand.shape, combined)
