"""Arithmetic on dims: exact on numbers, a symbol where it comes through unchanged, else unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers.settings import ConfigProblem


def plus(dim: Dim, amount: Dim) -> Dim:
    """Dim + amount."""
    if isinstance(dim, int) and isinstance(amount, int):
        if dim + amount < 0:
            raise ConfigProblem(f"cuts {-amount} off a dim of {dim}")
        return dim + amount
    return dim if amount == 0 else amount if dim == 0 else None


def times(dim: Dim, factor: Dim) -> Dim:
    """Dim · factor."""
    if isinstance(dim, int) and isinstance(factor, int):
        return dim * factor
    return dim if factor == 1 else factor if dim == 1 else None


def product(dims: Iterable[Dim]) -> Dim:
    """All dims multiplied; 1 for none."""
    total: Dim = 1
    for dim in dims:
        total = times(total, dim)
    return total


def window(dim: Dim, kernel: int, stride: int, dilation: int, padding: str) -> Dim:
    """Places a sliding window takes along `dim`; padding is valid, same or causal."""
    reach = (kernel - 1) * dilation + 1
    if not isinstance(dim, int):
        return dim if stride == 1 and (padding != "valid" or reach == 1) else None
    if padding != "valid":
        return -(-dim // stride)
    places = (dim - reach) // stride + 1
    if places < 1:
        raise ConfigProblem(f"has a window of {reach} for an input of {dim}")
    return places


def transposed(dim: Dim, kernel: int, stride: int, dilation: int, padding: str, extra: int | None) -> Dim:
    """Size that a transposed convolution makes of `dim`; `extra` is Keras's output_padding.

    As `_get_output_shape_given_tf_padding` in keras/src/backend/common/backend_utils.py.
    """
    if not isinstance(dim, int):
        return dim if stride == 1 and padding == "same" and extra is None else None
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        spare = max(reach - stride, 0) if extra is None else reach - stride + extra
        return dim * stride + spare
    if extra is None:
        return dim * stride
    return (dim - 1) * stride + reach % 2 + extra


def broadcast(shapes: Sequence[Shape | None]) -> Shape | None:
    """The common shape of `shapes` by NumPy's rule."""
    if any(shape is None for shape in shapes):
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max((len(shape) for shape in known), default=0)
    result: list[Dim] = []
    for place in range(-rank, 0):
        result.append(_common([shape[place] for shape in known if len(shape) >= -place]))
    return tuple(result)


def agree(dims: Iterable[Dim]) -> Dim:
    """What all dims are that must be equal: the number if any is one."""
    found: Dim = None
    for dim in dims:
        if isinstance(dim, int):
            if isinstance(found, int) and found != dim:
                raise ConfigProblem(f"joins inputs of {found} and {dim}, which differ")
            found = dim
        elif found is None:
            found = dim
    return found


def reshape(source: Shape | None, target: Sequence[Dim]) -> Shape:
    """`target` with its -1 worked out from `source` (both without batch)."""
    known = [dim for dim in target if dim != -1]
    if source is None or len(known) == len(target):
        wanted = product(known)
        given = product(source) if source is not None else None
        if isinstance(wanted, int) and isinstance(given, int) and wanted != given and -1 not in target:
            raise ConfigProblem(f"makes {wanted} elements of {given}")
        return tuple(None if dim == -1 else dim for dim in target)
    left, rest = _free(source), _free(known)
    for dim in list(rest):
        if dim in left:
            left.remove(dim)
            rest.remove(dim)
    missing = _quotient(_number(source), _number(known), left) if not rest else None
    return tuple(missing if dim == -1 else dim for dim in target)


def _free(shape: Sequence[Dim]) -> list[Dim]:
    return [dim for dim in shape if not isinstance(dim, int)]


def _number(shape: Sequence[Dim]) -> int:
    return math.prod(dim for dim in shape if isinstance(dim, int))


def _quotient(total: int, part: int, free: list[Dim]) -> Dim:
    if free:
        return free[0] if len(free) == 1 and total == part else None
    if part == 0 or total % part:
        raise ConfigProblem(f"splits {total} elements into rows of {part}")
    return total // part


def _common(dims: list[Dim]) -> Dim:
    wide = [dim for dim in dims if dim != 1]
    if not wide:
        return 1
    first = wide[0]
    if all(dim == first for dim in wide):
        return first
    numbers = {dim for dim in wide if isinstance(dim, int)}
    if len(numbers) > 1:
        raise ConfigProblem(f"joins dims of {' and '.join(str(n) for n in sorted(numbers))}")
    return numbers.pop() if numbers else None
