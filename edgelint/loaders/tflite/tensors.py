"""TFLite tensors to values, each constant held against its bytes."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Sequence
from typing import cast

from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Shape, Value
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import Tensor
from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.flatbuffer import Record, Span
from edgelint.loaders.tflite.schema import DTYPES
from edgelint.loaders.tflite.sparsity import stored_elements
from edgelint.printable import printable

MAX_ELEMENTS = 2**31 - 1
"""Elements of one tensor: the runtimes count them in 32 bits (LiteRT verifier, CheckedNumElements)."""

MAX_RANK = 64
"""Dims of one tensor; kernels take up to 8."""

_RANGES = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-(2**15), 2**15 - 1),
    DType.UINT16: (0, 2**16 - 1),
}
"""What a zero point of each storage type may be."""


def read_values(buffers: Buffers, tensors: Sequence[Record], graph: int, ranked: bool) -> tuple[Value, ...]:
    """The values of subgraph `graph`, in the file's order.

    `ranked`: whether this file says which of its tensors have a rank (`has_rank`, since 2022); an
    empty shape means a scalar in one that doesn't.
    """
    names = _unique_names([tensor["name"] or "" for tensor in tensors])
    reader = _TensorReader(buffers, names, ranked, graph)
    return tuple([reader.value(index, tensor) for index, tensor in enumerate(tensors)])


def _unique_names(labels: list[str]) -> list[str]:
    counts = Counter(labels)
    taken = {label for label, count in counts.items() if count == 1}
    names = []
    for index, label in enumerate(labels):
        name = label
        if counts[label] > 1 or not label:
            name = f"{label or 'tensor'}#{index}"
            while name in taken:
                name += "'"
            taken.add(name)
        names.append(name)
    return names


class _TensorReader:
    """One tensor after the other; `place` names the one at hand, `index`, in errors."""

    def __init__(self, buffers: Buffers, names: list[str], ranked: bool, graph: int) -> None:
        self.buffers = buffers
        self.names = names
        self.ranked = ranked
        self.graph = graph
        self.index = -1
        # Many tensors are of few shapes.
        self._shapes: dict[tuple[tuple[int, ...], tuple[int, ...]], Shape] = {}

    @property
    def place(self) -> str:
        return f"subgraph {self.graph}, tensor {self.index}"

    def value(self, index: int, tensor: Record) -> Value:
        self.index = index
        name, label = self.names[self.index], tensor["name"] or ""
        dtype = DTYPES[tensor["type"]]
        shape = self._shape(tensor)
        constant = self._constant(tensor, dtype, shape)
        known: Shape | None = shape
        if not shape and self.ranked and not tensor["has_rank"] and dtype.bits and constant is None:
            known = None
        signature = tensor["shape_signature"]
        free = tuple([None if dim < 0 else dim for dim in signature]) if signature else ()
        # By place: names cost half as much again, and there are as many calls as tensors.
        return Value(
            name,
            dtype,
            known,
            constant,
            self._quantization(tensor["quantization"], dtype, shape),
            free if free and free != shape else None,
            tensor["is_variable"],
            index,
            label if label != name else "",
        )

    def broken(self, problem: str) -> EdgelintError:
        name = printable(self.names[self.index])
        return EdgelintError(self.buffers.path, problem, where=f"{self.place} {name!r}")

    def _shape(self, tensor: Record) -> Shape:
        key = tensor["shape"], tensor["shape_signature"]
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._checked(*key)
        return shape

    def _checked(self, dims: tuple[int, ...], signature: tuple[int, ...]) -> Shape:
        if len(dims) > MAX_RANK:
            raise self.broken(f"has {len(dims)} dims")
        if signature and len(signature) != len(dims):
            raise self.broken(f"has {len(dims)} dims and a shape signature of {len(signature)}")
        lowest = min((*dims, *signature), default=1)
        if lowest < -1:
            raise self.broken(f"has the dim {lowest}")
        elements = math.prod(dims) if lowest > 0 else math.prod(dim for dim in dims if dim > 1)
        if elements > MAX_ELEMENTS:
            raise self.broken(f"has {_times(dims)} elements, more than 32 bits count")
        if lowest > 0:
            return dims
        return tuple(
            None if dim < 0 or (dim == 0 and signature and signature[axis] < 0) else dim
            for axis, dim in enumerate(dims)
        )

    def _constant(self, tensor: Record, dtype: DType, shape: Shape) -> Tensor | None:
        dims: tuple[int, ...] = tensor["shape"]
        if tensor["external_buffer"]:
            file = self.buffers.external(tensor["external_buffer"], self.place)
            size = dtype.nbytes(self._elements(shape))
            return Tensor(dtype, dims, size if file.length is None else file.length, file)
        span = self.buffers.span(tensor["buffer"], self.place)
        # Compilers write an empty vector for what has no content; only a tensor without elements
        # is a constant of 0 bytes.
        if span is None or (span.length == 0 and 0 not in shape):
            return None
        if tensor["is_variable"]:
            raise self.broken("is a variable and a constant at once")
        if dtype is DType.STRING:
            self._check_strings(span)
        else:
            self._check_bytes(tensor, dtype, shape, span)
        sparse = tensor["sparsity"] is not None
        return Tensor(dtype, dims, span.length, self.buffers.storage(span), sparse)

    def _elements(self, shape: Shape) -> int:
        if None in shape:
            raise self.broken("is a constant whose dims are not all known")
        return math.prod(cast("tuple[int, ...]", shape))

    def _check_bytes(self, tensor: Record, dtype: DType, shape: Shape, span: Span) -> None:
        if dtype.bits == 0:
            raise self.broken(f"is a constant of type {dtype}")
        elements = self._elements(shape)
        if tensor["sparsity"] is not None:
            try:
                elements = stored_elements(tensor["sparsity"], tensor["shape"], self.buffers)
            except ValueError as error:
                raise self.broken(f"has sparsity that does not add up: {error}") from error
        wanted = dtype.nbytes(elements)
        if wanted != span.length:
            raise self.broken(
                f"is {dtype} of {elements} elements, which takes {wanted} bytes, and its buffer "
                f"{tensor['buffer']} has {span.length}"
            )

    def _check_strings(self, span: Span) -> None:
        """A string tensor: count, count + 1 offsets from its start, text (LiteRT string_util.h)."""
        data = self.buffers.read(span)
        count = int.from_bytes(data[:4], "little")
        header = 4 * (count + 2)
        if len(data) < 4 or header > len(data):
            raise self.broken(f"holds {len(data)} bytes for {count} strings")
        offsets = list(struct.unpack_from(f"<{count + 1}I", data, 4))
        if offsets[0] != header or offsets[-1] != len(data) or sorted(offsets) != offsets:
            raise self.broken("holds strings that do not follow one another")

    def _quantization(self, stored: Record | None, dtype: DType, shape: Shape) -> Quantization | None:
        if stored is None:
            return None
        axis: int = stored["quantized_dimension"]
        if stored["details_type"]:
            return self._blockwise(stored["details"], axis)
        scale, zero_point = stored["scale"], stored["zero_point"]
        if not scale:
            return None
        if len(zero_point) not in (0, 1, len(scale)):
            raise self.broken(f"has {len(scale)} scales and {len(zero_point)} zero points")
        if not all(map(math.isfinite, scale)) or (dtype.is_integer and min(scale) < 0):
            raise self.broken(f"has the scale {next(s for s in scale if not 0 <= s < math.inf)}")
        low, high = _RANGES.get(dtype, (-math.inf, math.inf))
        if zero_point and not low <= min(zero_point) <= max(zero_point) <= high:
            raise self.broken(
                f"has the zero point {next(z for z in zero_point if not low <= z <= high)} for {dtype}"
            )
        return Quantization(scale, zero_point, self._axis(axis, len(scale), shape))

    def _axis(self, axis: int, scales: int, shape: Shape) -> int | None:
        if scales == 1:
            return None
        # Old converters gave a bias the axis of its filter; it has only the one.
        if len(shape) == 1:
            axis = 0
        if shape and not 0 <= axis < len(shape):
            raise self.broken(f"is quantized along axis {axis} of {len(shape)}")
        if shape and shape[axis] not in (None, scales):
            raise self.broken(f"has {scales} scales along an axis of {shape[axis]}")
        return axis

    def _blockwise(self, details: Record | None, axis: int) -> Quantization | None:
        if details is None or "scales" not in details:
            return None
        scales: int = details["scales"]
        if not 0 <= scales < len(self.names):
            raise self.broken(f"has its scales in tensor {scales} of {len(self.names)}")
        if details["block_size"] < 0:
            raise self.broken(f"is quantized in blocks of {details['block_size']}")
        axes = details.get("quantized_dimensions", (axis,))
        return Quantization(
            axis=axes[0] if len(axes) == 1 else None,
            block_size=details["block_size"],
            scale_value=self.names[scales],
        )


def _times(dims: Sequence[int]) -> str:
    return "×".join(map(str, dims))
