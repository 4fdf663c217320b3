"""Activations that a file writes out in single steps, and the converter puts together again."""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.lowering.onnx_to_tflite.draft import Draft, Op

_CLOSE = 1e-3


def fuse_hard_swish(draft: Draft) -> None:
    """HARD_SWISH for x · relu6(x + 3) / 6 in any order, where nothing else reads its parts."""
    producers, reads = draft.producers(), draft.reads()
    for op in draft.ops:
        if op.code != "MUL" or op.is_fused:
            continue
        factors = _factors(op, producers, reads)
        numbers = [number for name in factors if (number := _number(draft, name)) is not None]
        computed = [name for name in factors if draft.operands[name].content is None]
        if len(numbers) != 1 or abs(numbers[0] - 1 / 6) > _CLOSE or len(computed) != 2:
            continue
        for gate, given in (computed, computed[::-1]):
            if _is_gate(draft, producers.get(gate), given, reads):
                op.become(Op("HARD_SWISH", (given,), op.outputs))
                draft.changed = True
                break


def fuse_softmax(draft: Draft) -> None:
    """SOFTMAX for exp(x - max x) / sum exp(x - max x) along the last axis."""
    producers, reads = draft.producers(), draft.reads()
    for op in draft.ops:
        if op.code != "DIV":
            continue
        top, total = (producers.get(name or "") for name in op.inputs[:2])
        if top is None or total is None or top.code != "EXP" or total.code != "SUM":
            continue
        shifted = producers.get(top.inputs[0] or "")
        if total.inputs[0] != top.outputs[0] or shifted is None or shifted.code != "SUB":
            continue
        most = producers.get(shifted.inputs[1] or "")
        if most is None or most.code != "REDUCE_MAX" or most.inputs[0] != shifted.inputs[0]:
            continue
        once = reads[top.outputs[0]] == _READERS_OF_EXP and reads[shifted.outputs[0]] == 1
        if once and _folds_last(draft, most) and _folds_last(draft, total):
            op.become(Op("SOFTMAX", most.inputs[:1], op.outputs, {"beta": 1.0}))
            draft.changed = True


_READERS_OF_EXP = 2
"""The sum and the quotient."""


def _folds_last(draft: Draft, op: Op) -> bool:
    """Whether a reduction is over the last axis alone, and keeps it."""
    content = draft.operands[op.inputs[1] or ""].content
    axes = content.flat if content else None
    rank = len(draft.operands[op.inputs[0] or ""].shape)
    if axes is None or not op.options.get("keep_dims"):
        return False
    return [int(axis) % rank for axis in axes] == [rank - 1]


def _number(draft: Draft, name: str) -> float | None:
    """The number that a constant of one element holds; None for anything else."""
    operand = draft.operands[name]
    content = operand.content
    if content is None or operand.elements != 1:
        return None
    if content.flat is not None:
        return float(content.flat[0])
    key = content.key
    if isinstance(key, tuple) and key[0] == "number" and key[1] is not None:
        return float(key[1])
    return None


def _factors(op: Op, producers: Mapping[str, Op], reads: Mapping[str | None, int]) -> list[str]:
    """The operands of a product, a product among them written out where only this one reads it."""
    found = []
    for name in op.inputs:
        if name is None:
            continue
        inner = producers.get(name)
        if inner is not None and inner.code == "MUL" and not inner.is_fused and reads[name] == 1:
            found += [each for each in inner.inputs if each]
        else:
            found.append(name)
    return found


def _is_gate(draft: Draft, gate: Op | None, given: str, reads: Mapping[str | None, int]) -> bool:
    """Whether `gate` is relu6(given + 3)."""
    if gate is None or gate.code != "ADD" or gate.activation != "RELU6":
        return False
    numbers = [number for name in gate.inputs if name and (number := _number(draft, name)) is not None]
    return given in gate.inputs and reads[gate.outputs[0]] == 1 and numbers == [3.0]
