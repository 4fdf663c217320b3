"""What TensorFlow's converter makes of the operators it was given, step by step.

Source: tensorflow/compiler/mlir/lite/transforms/optimize.cc and optimize_patterns.td (2.19),
held against converted models.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from edgelint.lowering.onnx_to_tflite.constants import (
    AFFINE,
    ARITHMETIC,
    fold_into_following,
    fold_into_weights,
    merge_constant_steps,
)
from edgelint.lowering.onnx_to_tflite.draft import FUSIBLE, Dims, Draft, Op, Operand
from edgelint.lowering.onnx_to_tflite.written_out import fuse_hard_swish, fuse_softmax

_POOLS = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D"})
_FUSING = AFFINE | ARITHMETIC | _POOLS
"""Operators that run the activation after them."""

_ROUNDS = 8
"""Passes over the graph at most; it ends with one that changes nothing, mostly the third."""


def optimize(draft: Draft) -> None:
    """Rewrites `draft` as the converter would."""
    _drop_unread(draft)
    for _ in range(_ROUNDS):
        codes, changed = {op.code for op in draft.ops}, False
        for step, about in _STEPS:
            if (not about or codes & about) and _run(draft, step):
                changed = True
                # Operators of a kind that a step brings in wait for the next pass.
                codes &= {op.code for op in draft.ops}
        if not changed:
            break


def _run(draft: Draft, step: Callable[[Draft], None]) -> bool:
    """Whether `step` changed anything; what it left unread is gone then."""
    draft.changed = False
    step(draft)
    if draft.changed:
        draft.forget_links()
        _drop_unread(draft)
    return draft.changed


def _merge_equal(draft: Draft) -> None:
    """One operator for those that do the same to the same operands."""
    if not _any_alike(draft):
        return
    alike: dict[Hashable, Op] = {}
    seen: dict[Hashable, Op] = {}
    new: dict[str, str] = {}
    kept = []
    for op in draft.ops:
        if new:
            op.inputs = tuple([new.get(name, name) if name else None for name in op.inputs])
        # Few operators do the like to the same operands: only those are looked at in full.
        before = alike.setdefault((op.code, op.inputs), op)
        if before is not op:
            seen.setdefault(_all_it_does(draft, before), before)
            first = seen.setdefault(_all_it_does(draft, op), op)
            if first is not op:
                new.update(zip(op.outputs, first.outputs, strict=True))
                continue
        kept.append(op)
    draft.ops = kept
    draft.rename(new)


def _any_alike(draft: Draft) -> bool:
    """Whether there are operators of the same kind for the same operands: then those are read repeatedly."""
    reads = draft.reads()
    kinds = [(op.code, op.inputs) for op in draft.ops if not op.inputs or reads[op.inputs[0]] > 1]
    return len(set(kinds)) < len(kinds)


def _all_it_does(draft: Draft, op: Op) -> Hashable:
    """Equal for operators of the same code and operands that make the same of them."""
    made = [(draft.operands[name].shape, draft.operands[name].dtype) for name in op.outputs]
    return (op.code, op.inputs, op.activation, *made, repr(sorted(op.options.items())))


def _simplify_moves(draft: Draft) -> None:
    """Transposes and reshapes merged with the one before, and gone where they change nothing."""
    producers: dict[str, Op] = {}
    new: dict[str, str] = {}
    kept = []
    for op in draft.ops:
        if new:
            op.inputs = tuple([new.get(name, name) if name else None for name in op.inputs])
        if op.code in ("RESHAPE", "TRANSPOSE"):
            _merge_move(draft, op, producers)
            given, made = draft.operands[op.inputs[0] or ""], draft.operands[op.outputs[0]]
            if given.content is None and _changes_nothing(draft, op, given, made):
                new[made.name] = given.name
                given.quantization = given.quantization or made.quantization
                continue
        kept.append(op)
        producers.update(dict.fromkeys(op.outputs, op))
    draft.ops = kept
    draft.rename(new)


def _merge_move(draft: Draft, op: Op, producers: dict[str, Op]) -> None:
    before = producers.get(op.inputs[0] or "")
    if op.code == "TRANSPOSE":
        perm = _perm(draft, op)
        if before is not None and before.code == "TRANSPOSE":
            first = _perm(draft, before)
            perm = tuple(first[axis] for axis in perm)
            op.inputs = (before.inputs[0], draft.numbers(perm).name)
            draft.changed = True
        shape = draft.operands[op.inputs[0] or ""].shape
        moved = [axis for axis in perm if shape[axis] > 1]
        if moved == sorted(moved) and perm != tuple(range(len(perm))):
            made = draft.operands[op.outputs[0]].shape
            op.code, op.options = "RESHAPE", {"new_shape": made}
            op.read_instead(1, draft.numbers(made).name)
            draft.changed = True
            before = producers.get(op.inputs[0] or "")
    if op.code == "RESHAPE" and before is not None and before.code == "RESHAPE":
        op.read_instead(0, before.inputs[0])
        draft.changed = True


def _perm(draft: Draft, op: Op) -> Dims:
    content = draft.operands[op.inputs[1] or ""].content
    assert content is not None
    assert content.flat is not None
    return tuple(map(int, content.flat))


def _changes_nothing(draft: Draft, op: Op, given: Operand, made: Operand) -> bool:
    if op.code == "RESHAPE":
        return given.shape == made.shape
    return _perm(draft, op) == tuple(range(len(given.shape)))


def _is_marked(draft: Draft, name: str | None) -> bool:
    """Whether the operand has a scale of its own, so that it has to be there."""
    return name is not None and draft.operands[name].quantization is not None


def _fuse_activations(draft: Draft) -> None:
    """An activation run by the operator whose result nothing else reads."""
    reads, producers, ends = draft.reads(), draft.producers(), set(draft.outputs)
    for op in draft.ops:
        given = op.inputs[0] if op.inputs else None
        before = producers.get(given) if given and op.code in FUSIBLE else None
        if before is None or before.code not in _FUSING:
            continue
        if before.is_fused or reads[given] != 1 or given in ends or _is_marked(draft, given):
            continue
        op.absorb(before, op.code)
        producers[op.outputs[0]] = op
    draft.drop_absorbed()


def _fuse_padding(draft: Draft) -> None:
    """Padding that is what SAME means, done by the convolution after it."""
    reads, producers = draft.reads(), draft.producers()
    for op in draft.ops:
        if op.code not in ("CONV_2D", "DEPTHWISE_CONV_2D") or op.options.get("padding") != "VALID":
            continue
        before = producers.get(op.inputs[0] or "")
        if before is None or before.code != "PAD" or reads[before.outputs[0]] != 1:
            continue
        content = draft.operands[before.inputs[1] or ""].content
        pairs = content.flat if content else None
        size = draft.operands[before.inputs[0] or ""].shape
        if pairs is None or len(size) != 4:
            continue
        kernel = draft.operands[op.inputs[1] or ""].shape[1:3]
        height, width = [_same(size[1 + axis], kernel[axis], letter, op) for axis, letter in enumerate("hw")]
        if list(pairs) == [0, 0, *height, *width, 0, 0]:
            draft.changed = True
            op.options = {**op.options, "padding": "SAME"}
            op.read_instead(0, before.inputs[0])


def _same(size: int, kernel: int, letter: str, op: Op) -> list[int]:
    """What SAME pads before and behind (LiteRT kernels/padding.h)."""
    stride, dilation = op.options[f"stride_{letter}"], op.options.get(f"dilation_{letter}_factor", 1)
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return [total // 2, total - total // 2]


def _drop_reshape_before_dense(draft: Draft) -> None:
    """A reshape that keeps the last dim, which FULLY_CONNECTED does not need."""
    producers = draft.producers()
    for op in draft.ops:
        before = producers.get(op.inputs[0] or "") if op.code == "FULLY_CONNECTED" else None
        if before is None or before.code != "RESHAPE" or op.options.get("keep_num_dims"):
            continue
        given, made = draft.operands[before.inputs[0] or ""], draft.operands[before.outputs[0]]
        if given.shape and given.shape[-1] == made.shape[-1]:
            op.read_instead(0, given.name)
            draft.changed = True


def _drop_unread(draft: Draft) -> None:
    """Without the operators whose results nothing reads."""
    wanted, read = set(draft.outputs), draft.reads().keys()
    last = [op for op in draft.ops if read.isdisjoint(op.outputs)]
    if not any(wanted.isdisjoint(op.outputs) for op in last):
        return
    kept = []
    for op in reversed(draft.ops):
        if not wanted.isdisjoint(op.outputs):
            kept.append(op)
            wanted.update(filter(None, op.inputs))
    draft.ops = kept[::-1]
    draft.forget_links()


def _move_activations_before_reshapes(draft: Draft) -> None:
    """An activation behind a reshape done before it, where it can be fused."""
    reads, producers, ends = draft.reads(), draft.producers(), set(draft.outputs)
    for op in draft.ops:
        before = producers.get(op.inputs[0] or "") if op.code in FUSIBLE else None
        if before is None or before.code != "RESHAPE" or reads[before.outputs[0]] != 1:
            continue
        if before.outputs[0] in ends:
            continue
        given, between = draft.operands[before.inputs[0] or ""], draft.operands[before.outputs[0]]
        between.shape = given.shape
        reshape = Op("RESHAPE", (between.name, *before.inputs[1:]), op.outputs, before.options)
        before.code, before.options, before.inputs = op.code, op.options, (given.name,)
        op.become(reshape)
        draft.changed = True


def _take_reciprocal_roots(draft: Draft) -> None:
    """A quotient by a square root as a product with RSQRT."""
    reads, producers = draft.reads(), draft.producers()
    for op in draft.ops:
        if op.code != "DIV" or len(op.inputs) != 2:
            continue
        root = producers.get(op.inputs[1] or "")
        if root is not None and root.code == "SQRT" and reads[root.outputs[0]] == 1:
            root.code, op.code = "RSQRT", "MUL"
            draft.changed = True


_STEPS: tuple[tuple[Callable[[Draft], None], frozenset[str]], ...] = (
    (_merge_equal, frozenset()),
    (_simplify_moves, frozenset({"RESHAPE", "TRANSPOSE"})),
    (fuse_softmax, frozenset({"EXP"})),
    (_take_reciprocal_roots, frozenset({"SQRT"})),
    (merge_constant_steps, frozenset({"MUL", "ADD"})),
    (fold_into_weights, AFFINE),
    (_move_activations_before_reshapes, frozenset({"RESHAPE"})),
    (_fuse_activations, FUSIBLE),
    (fuse_hard_swish, frozenset({"MUL"})),
    (fold_into_following, frozenset({"MUL"})),
    (_fuse_padding, frozenset({"PAD"})),
    (_drop_reshape_before_dense, frozenset({"FULLY_CONNECTED"})),
)
"""What is tried in turn, and the operators without which there is nothing to do."""
