"""Bytes of values whose dims may be free."""

from __future__ import annotations

from edgelint.ir import DType, Value
from edgelint.ir.symbolic import Count, Polynomial, simplify


def nbytes(value: Value) -> Count | None:
    """Bytes of the dense content of `value`, narrow types packed; None where unknown."""
    known = value.nbytes
    if known is not None:
        return known
    if value.dtype is DType.RESOURCE:
        return 0
    if value.dtype is None or value.dtype.bits == 0 or value.shape is None or None in value.shape:
        return None
    bits, free = value.dtype.bits, []
    for dim in value.shape:
        if isinstance(dim, int):
            bits *= dim
        elif dim is not None:
            free.append(dim)
    # A packed type fills its last byte only where the known dims say so.
    return None if bits % 8 else simplify(Polynomial.product(bits // 8, free))
