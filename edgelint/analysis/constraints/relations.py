"""How the shapes of an operator's operands must go together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from edgelint.analysis.constraints.use import Check, Use, nonunit, one_of, size_at, whole
from edgelint.analysis.operands import Operand
from edgelint.ir.model import Value

Sizes = tuple[int, ...]


def sizes_of(value: Value | None) -> Sizes | None:
    """The shape of `value` where every dim is known."""
    return whole(value.shape) if value is not None else None


def _first(use: Use, *roles: str) -> Operand | None:
    return next((operand for role in roles for operand in use.of(role)), None)


def _is_vector(shape: Sizes, axis: int = -1) -> bool:
    """Whether only the axis `axis` measures more than 1."""
    return bool(shape) and math.prod(shape) == shape[axis]


def _bias_shape(use: Use, asked: Any) -> str | None:
    """`bias_shape`: "channel_axis_only" or "[N] or [1, N]"; both leave the last axis alone."""
    return _vector_operand(use, ("bias", "C"), asked)


def _scale_bias_shape(use: Use, asked: Any) -> str | None:
    return _vector_operand(use, ("Scale",), asked) or _vector_operand(use, ("B",), asked)


def _vector_operand(use: Use, roles: tuple[str, ...], asked: Any) -> str | None:
    operand = _first(use, *roles)
    shape = sizes_of(operand.value) if operand else None
    if operand is None or not shape:
        return None
    if _is_vector(shape) and (asked == "channel_axis_only" or len(shape) <= 2):
        return None
    return f"has {operand} of shape {list(shape)}; a vector along the last axis"


def _slope_shape(use: Use, asked: Any) -> str | None:
    """`slope_shape` of a PRelu: "[C,1,1] or one element"."""
    operand = _first(use, "slope")
    shape = sizes_of(operand.value) if operand else None
    if operand is None or shape is None or math.prod(shape) == 1:
        return None
    if len(shape) == 3 and shape[1:] == (1, 1):
        return None
    return f"has {operand} of shape {list(shape)}; [C, 1, 1] or one element"


def _bias_size(use: Use, asked: Any) -> str | None:
    """`bias_size`: as many as there are output channels."""
    operand, made = _first(use, "bias"), size_at(use.output.shape if use.output else None, -1)
    count = operand.value.elements if operand else None
    if operand is None or count is None or made is None or count == made:
        return None
    return f"has {operand} of {count} elements; {made}, one per output channel"


def _output_channels(use: Use, asked: Any) -> str | None:
    """`output_channels`: "input_channels * depth_multiplier" of a depthwise convolution."""
    factor = use.attributes.get("depth_multiplier")
    before, made = use.dim("C", use.input), use.dim("C", use.output)
    # The file may leave the multiplier at 0 for its readers to work out.
    if not isinstance(factor, int) or not factor or before is None or made is None or before * factor == made:
        return None
    return f"makes {made} channels of {before} by a multiplier of {factor}; {before * factor}"


def _channel_multiple(use: Use, asked: Any) -> str | None:
    factor, made = use.attributes.get("depth_multiplier"), use.dim("C", use.output)
    if not isinstance(factor, int) or not factor or made is None or made % factor == 0:
        return None
    return f"makes {made} channels by a multiplier of {factor}; a multiple of it"


def _branches(use: Use, asked: Any) -> str | None:
    """`branches` of a SELECT: shaped as the output or of one element; a 2-D one must be constant."""
    made = sizes_of(use.output)
    for operand in (*use.of("x"), *use.of("y")):
        shape = sizes_of(operand.value)
        if shape is None or made is None:
            continue
        if shape != made and math.prod(shape) != 1:
            return f"has {operand} of shape {list(shape)}; {list(made)} or one element"
        if len(shape) == 2 and not use.is_constant(operand.value):
            return f"computes {operand} of two dims at run time; only a constant one"
    return None


def _condition_shape(use: Use, asked: Any) -> str | None:
    """`cond_shape_equals_input`."""
    operand, like = _first(use, "cond", "condition"), _first(use, "x")
    one, other = (sizes_of(each.value) if each else None for each in (operand, like))
    if not asked or one is None or other is None or one == other:
        return None
    return f"has {operand} of shape {list(one)}; {list(other)}, as its branches"


def _broadcast_shapes(use: Use, asked: Any) -> str | None:
    """`broadcast_shapes_nchw`: which axes an operand may have, the others being 1."""
    made = sizes_of(use.output)
    if made is None or len(made) != 4:
        return None
    letters = "BHWC" if use.channels_last else "BCHW"
    for operand in use.maps:
        shape = sizes_of(operand.value)
        if shape is None or len(shape) > 4 or math.prod(shape) == 1:
            continue
        full = (1,) * (4 - len(shape)) + shape
        own = {letter for letter, size in zip(letters, full, strict=True) if size != 1}
        if not any(_spans(own, each, dict(zip(letters, made, strict=True))) for each in asked):
            return f"broadcasts {operand} of shape {list(shape)}; the shape {one_of(asked)}"
    return None


def _spans(own: set[str], pattern: str, made: dict[str, int]) -> bool:
    """Whether an operand with these axes is shaped like `pattern` ("B,C,1,1")."""
    wanted = {letter for letter in pattern.split(",") if letter != "1" and made[letter] != 1}
    return own - {"B"} == wanted - {"B"}


def _constant_vector(use: Use, names: Any) -> str | None:
    """`const_vector_axis`: along which axes a constant of one dim may lie."""
    rank = max((len(operand.value.shape or ()) for operand in use.maps), default=0)
    places = {"width": -2, "channel": -1} if use.channels_last else {"width": -1, "channel": 1 - rank}
    if rank < 3 or set(names) - set(places):
        return None
    for operand in use.maps:
        shape = sizes_of(operand.value)
        if shape is None or not use.is_constant(operand.value) or nonunit(shape) != 1:
            continue
        axis = next(place - len(shape) for place, size in enumerate(shape) if size != 1)
        if axis not in {places[name] for name in names}:
            return f"has {operand} of shape {list(shape)}; a constant along {' or '.join(names)}"
    return None


def _constant_nonunit(use: Use, asked: Any) -> str | None:
    """`sub_const_max_nonunit_dims`."""
    for operand in use.maps:
        count = nonunit(operand.value.shape) if use.is_constant(operand.value) else None
        if count is not None and count > asked:
            return f"has the constant {operand} of {count} dims that are not 1; at most {asked}"
    return None


def _broadcastable(use: Use, asked: Any) -> str | None:
    shapes = [sizes_of(operand.value) for operand in use.maps]
    known = [shape for shape in shapes if shape is not None]
    if not asked or len(known) < len(shapes):
        return None
    for axis in range(1, max(map(len, known), default=0) + 1):
        found = {shape[-axis] for shape in known if len(shape) >= axis} - {1}
        if len(found) > 1:
            return f"has shapes {' and '.join(str(list(shape)) for shape in known)}; ones that broadcast"
    return None


def _block_multiple(axes: str, power: int) -> Check:
    """The check that some axes are multiples of `blocksize`, or of its square."""

    def check(use: Use, asked: Any) -> str | None:
        block = use.attributes.get("blocksize")
        if not isinstance(block, int) or block < 1 or not isinstance(asked, str):
            return None
        for letter in axes:
            size = use.dim(letter, use.input)
            if size is not None and size % block**power:
                return f"has {letter} = {size}; a multiple of {block**power}"
        return None

    return check


def _leading_ones(use: Use, asked: Any) -> str | None:
    shape = sizes_of(use.input)
    if not asked or not shape or _is_vector(shape):
        return None
    return f"has an input of shape {list(shape)}; one row only"


def _equal_parts(use: Use, asked: Any) -> str | None:
    axis = use.attributes.get("axis", 0)
    parts = [size_at(operand.value.shape, axis) for operand in use.results] if isinstance(axis, int) else []
    if not asked or None in parts or len(set(parts)) < 2:
        return None
    return f"splits into {' and '.join(map(str, parts))}; equal parts only"


def _not_empty(operands: Iterable[Operand], word: str) -> str | None:
    empty = next((each for each in operands if each.value.elements == 0), None)
    return f"{word} {empty} of shape {list(empty.value.shape or ())}; no empty one" if empty else None


def _made_nonempty(use: Use, asked: Any) -> str | None:
    """`empty_slice`, `slice_must_be_nonempty`, `sizes_nonzero`: all ask the same of what is made."""
    return _not_empty(use.results, "makes")


def _no_zero_dims(use: Use, allowed: Any) -> str | None:
    return None if allowed else _not_empty((*use.maps, *use.results), "has")


def _flat_indices(use: Use, asked: Any) -> str | None:
    """`indices_channels` of a SCATTER_ND: how long each index is."""
    operand = _first(use, "indices")
    size = size_at(operand.value.shape, -1) if operand else None
    if size is None or size == asked:
        return None
    return f"has indices of {size} numbers each; exactly {asked}"


def _rank_kept(use: Use, asked: Any) -> str | None:
    """`keep_num_dims_requires_equal_rank` of a FULLY_CONNECTED."""
    if not asked or not use.attributes.get("keep_num_dims") or use.input is None or use.output is None:
        return None
    one, other = use.input.shape, use.output.shape
    if one is None or other is None or len(one) == len(other):
        return None
    return f"keeps dims and makes rank {len(other)} of rank {len(one)}; equal ranks"


def _batch_and_channels(use: Use, asked: Any) -> str | None:
    """`only_batch_and_channel_non_singleton`."""
    shape = sizes_of(use.output)
    if not asked or not shape or math.prod(shape[1:-1]) == 1:
        return None
    return f"makes the shape {list(shape)}; ones between batch and channels"


def _scalars(use: Use, asked: Any) -> str | None:
    """`values_scalar` of a ONE_HOT."""
    for operand in (*use.of("on_value"), *use.of("off_value")):
        if asked and operand.value.elements not in (None, 1):
            return f"has {operand} of {operand.value.elements} elements; exactly 1"
    return None


def _like_operand(use: Use, asked: Any) -> str | None:
    """`update_rank_equals_operand`."""
    one, other = _first(use, "operand"), _first(use, "update")
    ranks = [len(each.value.shape) for each in (one, other) if each and each.value.shape is not None]
    if not asked or len(ranks) < 2 or ranks[0] == ranks[1]:
        return None
    return f"updates rank {ranks[0]} with rank {ranks[1]}; equal ranks"


def _kernel_as_weights(use: Use, asked: Any) -> str | None:
    """`weights_match_kernel_shape`, where the file states the kernel beside its weights."""
    stated, operand = whole(use.attributes.get("kernel_shape")), _first(use, "W")
    shape = sizes_of(operand.value) if operand else None
    if (
        not asked
        or stated is None
        or shape is None
        or stated == (shape[1:-1] if use.channels_last else shape[2:])
    ):
        return None
    return f"has a kernel of {list(stated)} with weights of {list(shape)}; equal ones"


def _flat_weights(use: Use, asked: Any) -> str | None:
    """`weights_shape` of a FULLY_CONNECTED: "O,1,...,1,I"."""
    operand = _first(use, "filter")
    shape = sizes_of(operand.value) if operand else None
    if operand is None or shape is None or len(shape) < 3 or math.prod(shape[1:-1]) == 1:
        return None
    return f"has {operand} of shape {list(shape)}; ones between outputs and inputs"


def _grid(use: Use, asked: Any) -> str | None:
    """`grid_dims`: over how many axes a GridSample samples."""
    operand = _first(use, "grid")
    size = size_at(operand.value.shape, -1) if operand else None
    return f"samples along {size} axes; exactly {asked}" if size is not None and size != asked else None


CHECKS: dict[str, Check] = {
    "bias_shape": _bias_shape,
    "scale_bias_shape": _scale_bias_shape,
    "slope_shape": _slope_shape,
    "bias_size": _bias_size,
    "output_channels": _output_channels,
    "output_channels_multiple_of": _channel_multiple,
    "branches": _branches,
    "cond_shape_equals_input": _condition_shape,
    "broadcast_shapes_nchw": _broadcast_shapes,
    "const_vector_axis": _constant_vector,
    "sub_const_max_nonunit_dims": _constant_nonunit,
    "inputs_broadcastable": _broadcastable,
    "channels_multiple_of": _block_multiple("C", 2),
    "hw_multiple_of": _block_multiple("HW", 1),
    "leading_dims_all_1": _leading_ones,
    "equal_splits": _equal_parts,
    "empty_slice": _made_nonempty,
    "slice_must_be_nonempty": _made_nonempty,
    "sizes_nonzero": _made_nonempty,
    "zero_dims": _no_zero_dims,
    "indices_channels": _flat_indices,
    "keep_num_dims_requires_equal_rank": _rank_kept,
    "only_batch_and_channel_non_singleton": _batch_and_channels,
    "values_scalar": _scalars,
    "update_rank_equals_operand": _like_operand,
    "weights_match_kernel_shape": _kernel_as_weights,
    "weights_shape": _flat_weights,
    "grid_dims": _grid,
}
