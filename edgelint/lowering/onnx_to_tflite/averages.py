"""Where an average pool of ONNX divides by another count than TFLite's: factors along the edges.

TFLite divides by the elements inside the map when it pads as SAME, and by all of the window after
a PAD. onnx2tf multiplies the rows and columns in which ONNX counts otherwise, cut out and joined again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from edgelint.ir.dtype import DType
from edgelint.lowering.onnx_to_tflite.conversion import Conversion
from edgelint.lowering.onnx_to_tflite.draft import Operand


def counts(size: int, made: int, kernel: int, stride: int, pads: tuple[int, int]) -> list[int]:
    """For each of the `made` places along one axis, how many elements of its window are inside the map."""
    starts = [place * stride - pads[0] for place in range(made)]
    return [max(min(start + kernel, size) - max(start, 0), 0) for start in starts]


def factors(inside: Sequence[int], kernel: int, *, included: bool) -> list[float]:
    """By what each place is multiplied: from all to inside, or from inside to all where padding counts."""
    return [(count / kernel if included else kernel / count) if count else 1.0 for count in inside]


def corrected(low: Conversion, pooled: Operand, along: Sequence[list[float]]) -> Operand:
    """`pooled`, channels last, multiplied along each of its spatial axes."""
    for axis, numbers in enumerate(along, start=1):
        runs = [(number, len(list(run))) for number, run in groupby(numbers)]
        parts, start = [], 0
        for number, length in runs:
            ranges = [(0, size, 1) for size in pooled.shape]
            ranges[axis] = (start, start + length, 1)
            # onnx2tf cuts out the whole, too, where no factor is needed along this axis.
            part = low.cut(pooled, ranges, pooled.name, always=True)
            start += length
            if number != 1.0:
                constant = low.draft.constant("factor", DType.FLOAT32, (), ("number", number))
                part = low.emit("MUL", [part.name, constant.name], part.shape, part.dtype, pooled.name)
            parts.append(part.name)
        if len(parts) == 1:
            pooled = low.draft.operands[parts[0]]
        else:
            pooled = low.emit("CONCATENATION", [*parts], pooled.shape, pooled.dtype, pooled.name, axis=axis)
    return pooled
