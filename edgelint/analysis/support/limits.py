"""The structured limits of an operator row, held against one node.

Each limit kind is a function from (operands, limit) to what is wrong, a phrase that follows the
operator's name, and after the last semicolon what would pass; None when the limit is kept or what
it needs is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgelint.analysis.operands import Operand, Operands, named
from edgelint.ir.model import Shape
from edgelint.targets.rows import Limit

Check = Callable[[Operands, Limit], "str | None"]


def binding(operands: Operands, limits: tuple[Limit, ...], kernels: str) -> tuple[Limit, ...]:
    """The limits that bind operands of these roles and element types, for builds with these kernels."""
    return tuple(limit for limit in limits if limit.kernels in ("", kernels) and _binds(operands, limit))


def broken(operands: Operands, limits: tuple[Limit, ...]) -> Iterator[tuple[str, str]]:
    """For each broken one of the limits that bind, what the node does and what would pass."""
    for limit in limits:
        phrase = CHECKS[limit.kind](operands, limit)
        if phrase:
            wrong, _, passes = phrase.rpartition("; ")
            yield wrong, passes


def _binds(operands: Operands, limit: Limit) -> bool:
    for role, labels in (limit.when or {}).items():
        operand = operands.first(role)
        if operand is None or operand.label not in labels:
            return False
    return True


def _chosen(operands: Operands, limit: Limit) -> Iterator[Operand]:
    return (operand for operand in operands.every if operand.role in limit.of)


def _absent(operands: Operands, limit: Limit) -> str | None:
    operand = next(_chosen(operands, limit), None)
    return f"has {operand.role.replace('_', ' ')} {named(operand.value)}; none" if operand else None


def _activation(operands: Operands, limit: Limit) -> str | None:
    activation = operands.node.activation
    if activation is None or activation in limit.value:
        return None
    return f"has {activation} fused into it; none"


def _broadcast_rank_max(operands: Operands, limit: Limit) -> str | None:
    shapes = [operand.value.shape for operand in operands.every if not operand.is_output]
    if any(shape is None for shape in shapes) or len(set(shapes)) < 2:
        return None
    rank = max(len(shape) for shape in shapes if shape is not None)
    return f"broadcasts over {rank} dims; at most {limit.value}" if rank > limit.value else None


def _constant(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        if not operand.value.is_constant:
            role = operand.role.replace("_", " ")
            return f"computes its {role} {named(operand.value)} at run time; only a constant {role}"
    return None


def _count(operands: Operands, limit: Limit) -> str | None:
    low, high = limit.value
    count = len(operands.node.inputs)
    return f"has {count} inputs; {_range(low, high)}" if not _within(count, low, high) else None


def _elements(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        elements = operand.value.elements
        if elements is not None and elements != limit.value:
            return f"has {operand} of {elements} elements; exactly {limit.value}"
    return None


def _grouped(operands: Operands, limit: Limit) -> str | None:
    data, weights = operands.first("input"), operands.first("weights")
    channels, taken = (_dim(each.value.shape, -1) if each else None for each in (data, weights))
    if not channels or not taken or channels % taken == 0:
        return None
    return f"reads {channels} channels with weights for {taken}; only a multiple of {taken}"


def _last_dim_max(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        size = _dim(operand.value.shape, -1)
        if size is not None and size > limit.value:
            return f"has {operand} of depth {size}; at most {limit.value}"
    return None


def _one_scale(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        scales = _scales(operand)
        if len(scales) > 1:
            return f"has {operand} with {len(scales)} scales; only one scale for the whole tensor"
    return None


def _quantized(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        quantization = operand.value.quantization
        if quantization is None or (not quantization.scale and quantization.scale_value is None):
            return f"has {operand} without scale and zero point; only with them"
    return None


def _quotient(operands: Operands, limit: Limit) -> str | None:
    equals = limit.equals or {}
    whole = operands.first(limit.value["of"])
    other = operands.first(equals["of"])
    divisor = operands.node.attributes.get(limit.value["by"])
    top = _dim(whole.value.shape, limit.value["axis"]) if whole else None
    size = _dim(other.value.shape, equals["axis"]) if other else None
    if not isinstance(divisor, int) or divisor < 1 or top is None or size is None or top // divisor == size:
        return None
    return f"makes {size} units from {top} filters of {limit.value['by']} {divisor}; only {top // divisor}"


def _rank(operands: Operands, limit: Limit) -> str | None:
    low, high = limit.value
    for operand in _chosen(operands, limit):
        shape = operand.value.shape
        if shape is not None and not _within(len(shape), low, high):
            return f"has {operand} of rank {len(shape)}; {_range(low, high)}"
    return None


def _same_elements(operands: Operands, limit: Limit) -> str | None:
    one, other = (operands.first(role) for role in limit.of)
    if one is None or other is None or one.value.elements is None or other.value.elements is None:
        return None
    if one.value.elements == other.value.elements:
        return None
    return f"makes {other.value.elements} elements of {one.value.elements}; only as many as it reads"


def _same_shape(operands: Operands, limit: Limit) -> str | None:
    chosen = list(_chosen(operands, limit))
    for operand in chosen[1:]:
        one, other = chosen[0].value.shape, operand.value.shape
        if one is not None and other is not None and _known(one) and _known(other) and one != other:
            return f"has shapes {list(one)} and {list(other)}; only equal shapes"
    return None


def _same_quantization(operands: Operands, limit: Limit) -> str | None:
    chosen = [operand for operand in _chosen(operands, limit) if _calibrated(operand)]
    for operand in chosen[:-1]:
        one, other = _scale_and_zero(operand), _scale_and_zero(chosen[-1])
        if abs(one[0] - other[0]) > limit.tolerance or one[1] != other[1]:
            return (
                f"has {operand} with scale {one[0]:.6g} and zero point {one[1]}, but "
                f"{chosen[-1]} with {other[0]:.6g} and {other[1]}; only equal ones"
            )
    return None


def _scale(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        if _calibrated(operand):
            scale = _scale_and_zero(operand)[0]
            if abs(scale - limit.value) > limit.tolerance * limit.value:
                return f"has {operand} with scale {scale:.9g}; only 1/{1 / limit.value:.0f}"
    return None


def _scale_ratio_below(operands: Operands, limit: Limit) -> str | None:
    one, other = (operands.first(role) for role in limit.of)
    if one is None or other is None or not (_calibrated(one) and _calibrated(other)):
        return None
    top, bottom = _scale_and_zero(one)[0], _scale_and_zero(other)[0]
    if not bottom or top / bottom < limit.value:
        return None
    return f"has {one} with scale {top:.6g} and {other} with {bottom:.6g}; a ratio below {limit.value:g}"


def _scales_along(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        count = len(_scales(operand))
        size = _dim(operand.value.shape, limit.value)
        if count > 1 and size is not None and count != size:
            return f"has {operand} with {count} scales; only 1, or {size} along axis {limit.value}"
    return None


def _squeezes(operands: Operands, limit: Limit) -> str | None:
    """The axes of an attribute measure 1, and the output has room for the others, in order."""
    read, made = (operands.first(role) for role in limit.of)
    axes = operands.node.attributes.get(limit.value) or []
    shape = read.value.shape if read else None
    if read is None or shape is None or not _known(shape) or not all(isinstance(each, int) for each in axes):
        return None
    for axis in axes:
        if _dim(shape, axis) != 1:
            return f"takes away axis {axis} of {read} of shape {list(shape)}; only axes of size 1"
    gone = {axis % len(shape) for axis in axes}
    rest = [size for axis, size in enumerate(shape) if (axis not in gone if axes else size != 1)]
    given = made.value.shape if made else None
    if given is None or not _known(given):
        return None
    if len(given) >= len(rest) and all(given[place] >= size for place, size in enumerate(rest)):  # type: ignore[operator]
        return None
    return f"makes {list(given)} of {list(shape)}; the shape {rest} there"


def _unquantized(operands: Operands, limit: Limit) -> str | None:
    operand = next((each for each in _chosen(operands, limit) if _scales(each)), None)
    return f"has {operand} with a scale; only plain {operand.label}" if operand else None


def _variable(operands: Operands, limit: Limit) -> str | None:
    operand = next((each for each in _chosen(operands, limit) if not each.value.is_variable), None)
    return f"has {operand} that is no variable tensor; only a variable one" if operand else None


def _zero_point(operands: Operands, limit: Limit) -> str | None:
    for operand in _chosen(operands, limit):
        if _calibrated(operand) and _scale_and_zero(operand)[1] != limit.value:
            return f"has {operand} with zero point {_scale_and_zero(operand)[1]}; only {limit.value}"
    return None


CHECKS: dict[str, Check] = {
    "absent": _absent,
    "activation": _activation,
    "broadcast_rank_max": _broadcast_rank_max,
    "constant": _constant,
    "count": _count,
    "elements": _elements,
    "grouped": _grouped,
    "last_dim_max": _last_dim_max,
    "one_scale": _one_scale,
    "quantized": _quantized,
    "quotient": _quotient,
    "rank": _rank,
    "same_elements": _same_elements,
    "same_quantization": _same_quantization,
    "same_shape": _same_shape,
    "scale": _scale,
    "scale_ratio_below": _scale_ratio_below,
    "scales_along": _scales_along,
    "squeezes": _squeezes,
    "unquantized": _unquantized,
    "variable": _variable,
    "zero_point": _zero_point,
}
"""Limit kind to its check."""

BY_SHAPES = frozenset(
    {
        "broadcast_rank_max",
        "count",
        "elements",
        "grouped",
        "last_dim_max",
        "rank",
        "same_elements",
        "same_shape",
    }
)
"""Kinds whose checks look at nothing but which operands there are, and their shapes."""


def _scales(operand: Operand) -> tuple[float, ...]:
    return operand.value.quantization.scale if operand.value.quantization else ()


def _calibrated(operand: Operand) -> bool:
    """Whether it has a scale and zero point that are known."""
    quantization = operand.value.quantization
    return quantization is not None and bool(quantization.scale) and quantization.calibrated


def _scale_and_zero(operand: Operand) -> tuple[float, int]:
    """The first scale and zero point, as the kernels read them; a missing zero point is 0."""
    quantization = operand.value.quantization
    if quantization is None or not quantization.scale:
        return 0.0, 0
    return quantization.scale[0], quantization.zero_point[0] if quantization.zero_point else 0


def _dim(shape: Shape | None, axis: int) -> int | None:
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    size = shape[axis]
    return size if isinstance(size, int) else None


def _known(shape: Shape) -> bool:
    return all(isinstance(dim, int) for dim in shape)


def _within(number: int, low: int, high: int | None) -> bool:
    return low <= number and (high is None or number <= high)


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"exactly {low}" if low == high else f"at most {high}" if low == 0 else f"{low} to {high}"
