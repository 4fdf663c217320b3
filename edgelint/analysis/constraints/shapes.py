"""Ranks and sizes of operands."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

from edgelint.analysis.constraints.use import Check, Use, nonunit, one_of, size_at, whole
from edgelint.analysis.operands import Operand
from edgelint.ir.model import Value


def _ranked(operand: Operand, wrong: bool, passes: str) -> str | None:
    rank = len(operand.value.shape or ())
    return f"has {operand} of rank {rank}; {passes}" if wrong else None


def _rank_is(use: Use, asked: Any) -> str | None:
    return _rank(use.maps[:1], lambda rank: rank != asked, f"exactly {asked}")


def _rank_in(use: Use, asked: Any) -> str | None:
    return _rank(use.maps[:1], lambda rank: rank not in asked, one_of(asked))


def _min_rank(use: Use, asked: Any) -> str | None:
    return _rank(use.maps[:1], lambda rank: rank < asked, f"at least {asked}")


def _max_rank(use: Use, asked: Any) -> str | None:
    return _rank((*use.maps, *use.results), lambda rank: rank > asked, f"at most {asked}")


def _output_min_rank(use: Use, asked: Any) -> str | None:
    return _rank(use.results, lambda rank: rank < asked, f"at least {asked}")


def _rank(operands: Any, wrong: Any, passes: str) -> str | None:
    for operand in operands:
        if operand.value.shape is not None and wrong(len(operand.value.shape)):
            return _ranked(operand, True, passes)
    return None


def _role_rank(role: str, at_least: bool = False) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        if at_least:
            return _rank(list(use.of(role)), lambda rank: rank < asked, f"at least {asked}")
        return _rank(list(use.of(role)), lambda rank: rank != asked, f"exactly {asked}")

    return check


def _nonunit(operands: Any, asked: int) -> str | None:
    """Dims of size 1 do not count: how the Edge TPU and TIDL see a shape."""
    for operand in operands:
        count = nonunit(operand.value.shape)
        if count is not None and count > asked:
            return f"has {operand} of {count} dims that are not 1; at most {asked}"
    return None


def _max_nonunit(use: Use, asked: Any) -> str | None:
    return _nonunit((*use.maps, *use.results), asked)


def _input_nonunit(use: Use, asked: Any) -> str | None:
    return _nonunit(use.maps, asked)


def _output_nonunit(use: Use, asked: Any) -> str | None:
    return _nonunit(use.results, asked)


def _alpha_nonunit(use: Use, asked: Any) -> str | None:
    return _nonunit(use.of("alpha"), asked)


def _batch(use: Use, asked: Any) -> str | None:
    # A TFLite shape of fewer than four dims is padded in front: its first is no batch (as Vela sees it).
    needed = 4 if use.channels_last else 2
    size = size_at(use.input.shape, 0) if use.input and len(use.input.shape or ()) >= needed else None
    return f"has a batch of {size}; exactly {asked}" if size is not None and size != asked else None


def _no_batch_broadcast(use: Use, allowed: Any) -> str | None:
    if allowed or len(use.maps) < 2:
        return None
    shapes = [operand.value.shape for operand in use.maps if operand.value.shape is not None]
    # Only shapes of full rank have a batch in front: [C, 1, 1] has none.
    rank = max(map(len, shapes), default=0)
    sizes = {size_at(shape, 0) for shape in shapes if len(shape) == rank > 2}
    if None in sizes or len(sizes) < 2:
        return None
    return "broadcasts over the batch; equal batches only"


def _depth(use: Use, asked: Any) -> str | None:
    size = use.dim("C", use.input)
    return f"has an input of depth {size}; at most {asked}" if size is not None and size > asked else None


def _output_depth(use: Use, asked: Any) -> str | None:
    size = size_at(use.output.shape, -1) if use.output else None
    return f"makes depth {size}; at most {asked}" if size is not None and size > asked else None


def _inner(use: Use, asked: Any) -> str | None:
    size = size_at(use.input.shape, -1) if use.input else None
    return f"sums over {size} elements; at most {asked}" if size is not None and size > asked else None


def _elements(use: Use, asked: Any) -> str | None:
    count = use.input.elements if use.input else None
    if count is None or count <= asked:
        return None
    return f"reads {count} elements; at most {asked}"


def _plane_below(use: Use, asked: Any) -> str | None:
    return _plane(use, asked - 1)


def _plane(use: Use, asked: Any) -> str | None:
    height, width = use.dim("H", use.input), use.dim("W", use.input)
    if height is None or width is None or height * width <= asked:
        return None
    return f"reads planes of {height}×{width}; height × width at most {asked}"


def _same_shape(use: Use, asked: Any) -> str | None:
    one, other = use.input, use.output
    if one is None or other is None or one.elements is None or other.elements is None:
        return None
    return None if one.shape == other.shape else "changes the shape; only equal shapes"


def axes_of(use: Use) -> list[int] | None:
    """The axes that it reduces, pads or packs along, as positive numbers; None where unknown."""
    rank = len(use.input.shape) if use.input and use.input.shape is not None else None
    stated = use.attributes.get("axes", use.attributes.get("axis"))
    pads = use.attributes.get("pads")
    if use.node.op == "Pad" and isinstance(pads, list):
        half = len(pads) // 2
        return [axis for axis in range(half) if pads[axis] or pads[axis + half]]
    axes = whole([stated] if isinstance(stated, int) else stated)
    if rank is None or axes is None:
        return None
    return [axis + rank if axis < 0 else axis for axis in axes]


def _not_along_batch(use: Use, asked: Any) -> str | None:
    axes = axes_of(use)
    rank = len(use.input.shape) if use.input and use.input.shape is not None else 0
    # Only a shape with its batch in front has one: a vector may be summed up.
    if axes is None or 0 not in axes or rank < 2 or size_at(use.input.shape if use.input else None, 0) == 1:
        return None
    return "works along the batch; any other axis"


def _reduced_below(use: Use, asked: Any) -> str | None:
    axes, shape = axes_of(use), use.input.shape if use.input else None
    for axis in axes or ():
        size = size_at(shape, axis)
        if size is not None and size >= asked:
            return f"reduces an axis of {size}; less than {asked}"
    return None


def _reduced_elements(use: Use, asked: Any) -> str | None:
    axes, shape = axes_of(use), use.input.shape if use.input else None
    sizes = [size_at(shape, axis) for axis in axes or ()]
    label = use.maps[0].label if use.maps else ""
    if not sizes or label not in asked:
        return None
    count = math.prod(size for size in sizes if size is not None) if None not in sizes else 0
    return f"reduces {count} elements at once; at most {asked[label]}" if count > asked[label] else None


def _steps_on(use: Use, letters: Any) -> str | None:
    """`strides_on_axes`: where a slice may step by more than one."""
    steps = whole(use.attributes.get("steps")) or ()
    allowed = {use.axis(letter) for letter in letters}
    for axis, step in enumerate(steps):
        if step != 1 and axis not in allowed:
            return f"steps by {step} along axis {axis}; steps along {' and '.join(letters)} only"
    return None


def _least_step(use: Use, asked: Any) -> str | None:
    steps = whole(use.attributes.get("steps")) or ()
    return f"steps by {min(steps)}; at least {asked}" if steps and min(steps) < asked else None


def _splits(use: Use, asked: Any) -> str | None:
    count = use.attributes.get("num_splits")
    if not isinstance(count, int) or count == len(use.node.outputs):
        return None
    return f"has {len(use.node.outputs)} outputs for {count} splits; as many as splits"


def _paddings_shape(use: Use, asked: Any) -> str | None:
    operand = next(use.of("paddings"), None)
    shape = operand.value.shape if operand else None
    if shape is None or list(shape) in asked:
        return None
    return f"has paddings of shape {list(shape)}; {one_of(asked)}"


def _weights_rank(use: Use, asked: Any) -> str | None:
    return _rank(list(use.of("filter")), lambda rank: rank != asked, f"exactly {asked}")


def _weights_min_rank(use: Use, asked: Any) -> str | None:
    # The second factor of a product has no name of its own in every format.
    weights = list(use.of("filter")) or list(use.of("B"))
    return _rank(weights, lambda rank: rank < asked, f"at least {asked}")


def _any_axes(use: Use, asked: Any) -> str | None:
    """`product_of_any_rank_minus_2_axes_max`."""
    shape = use.input.shape if use.input else None
    sizes = [size_at(shape, axis) for axis in range(len(shape))] if shape else []
    if len(sizes) < 3 or len(sizes) > 8 or any(size is None for size in sizes):
        return None
    known = [size for size in sizes if size is not None]
    most = max(math.prod(some) for some in combinations(known, len(known) - 2))
    return f"moves {most} elements together; at most {asked}" if most > asked else None


def _axis_max(letter: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        size = use.dim(letter, use.input)
        return f"has {letter} = {size}; at most {asked}" if size is not None and size > asked else None

    return check


def _axis_is(letter: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        size = use.dim(letter, use.input)
        return f"has {letter} = {size}; exactly {asked}" if size is not None and size != asked else None

    return check


def is_static(value: Value) -> bool:
    """Whether every dim is in the file."""
    return value.shape is not None and all(isinstance(dim, int) for dim in value.shape)


def _static(use: Use, asked: Any) -> str | None:
    for operand in (*use.maps, *use.results):
        if operand.value.shape is not None and not is_static(operand.value):
            return f"has {operand} of open shape; only shapes that the file fixes"
    return None


def _one_flat(use: Use, asked: Any) -> str | None:
    """`require`, of which this one sentence can be checked."""
    sizes = [use.dim(letter, use.input) for letter in "HWC"]
    if asked != "at least one of input H, W, C is 1" or None in sizes or 1 in sizes:
        return None
    return f"reduces depth with H, W, C = {', '.join(map(str, sizes))}; {asked.removeprefix('at least ')}"


CHECKS: dict[str, Check] = {
    "require": _one_flat,
    "rank": _rank_is,
    "rank_in": _rank_in,
    "min_rank": _min_rank,
    "input_min_rank": _min_rank,
    "max_rank": _max_rank,
    "output_min_rank": _output_min_rank,
    "max_nonunit_dims": _max_nonunit,
    "max_nonunit_rank": _max_nonunit,
    "input_rank": _input_nonunit,
    "output_rank": _output_nonunit,
    "alpha_rank": _alpha_nonunit,
    "indices_rank": _role_rank("indices"),
    "indices_min_rank": _role_rank("indices", at_least=True),
    "start_indices_rank": _role_rank("start_indices"),
    "ids_rank": _role_rank("ids"),
    "alpha_min_rank": _role_rank("alpha", at_least=True),
    "values_min_rank": _role_rank("values", at_least=True),
    "weights_rank": _weights_rank,
    "weights_min_rank": _weights_min_rank,
    "static_input_shape": _static,
    "static_shape": _static,
    "batch": _batch,
    "batch_broadcast": _no_batch_broadcast,
    "batch_axis_excluded": _not_along_batch,
    "max_input_depth": _depth,
    "output_depth_max": _output_depth,
    "reduced_axis_max": _inner,
    "reduced_axis_len_lt": _reduced_below,
    "max_reduced_elements": _reduced_elements,
    "max_elements": _elements,
    "input_hw_product_lt": _plane_below,
    "plane_max": _plane,
    "same_in_out_shape": _same_shape,
    "num_splits_equals_outputs": _splits,
    "strides_min": _least_step,
    "strides_on_axes": _steps_on,
    "paddings_shape_in": _paddings_shape,
    "product_of_any_rank_minus_2_axes_max": _any_axes,
    "H_max": _axis_max("H"),
    "W_max": _axis_max("W"),
    "C_max": _axis_max("C"),
    "input_h": _axis_is("H"),
    "input_w": _axis_is("W"),
}
