"""ONNX's types in the IR's words, and the dims that a caller binds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from edgelint.ir import DType, Shape

if TYPE_CHECKING:
    from onnx import TensorShapeProto, TypeProto

ELEMENT_TYPES = {
    1: DType.FLOAT32,
    2: DType.UINT8,
    3: DType.INT8,
    4: DType.UINT16,
    5: DType.INT16,
    6: DType.INT32,
    7: DType.INT64,
    8: DType.STRING,
    9: DType.BOOL,
    10: DType.FLOAT16,
    11: DType.FLOAT64,
    12: DType.UINT32,
    13: DType.UINT64,
    14: DType.COMPLEX64,
    15: DType.COMPLEX128,
    16: DType.BFLOAT16,
    17: DType.FLOAT8E4M3FN,
    18: DType.FLOAT8E4M3FNUZ,
    19: DType.FLOAT8E5M2,
    20: DType.FLOAT8E5M2FNUZ,
    21: DType.UINT4,
    22: DType.INT4,
    23: DType.FLOAT4E2M1,
    24: DType.FLOAT8E8M0,
    25: DType.UINT2,
    26: DType.INT2,
}
"""TensorProto.DataType to element type."""

NUMBERS = {dtype: number for number, dtype in ELEMENT_TYPES.items()}
"""Element type to TensorProto.DataType."""

CONTAINERS = {
    "sequence_type": DType.SEQUENCE,
    "map_type": DType.MAP,
    "optional_type": DType.OPTIONAL,
    "opaque_type": DType.VARIANT,
}
"""TypeProto's members for values that are no tensors; these have no shape."""

NAMELESS = frozenset({"", "?", "-1", "None"})
"""Symbols that exporters write for "unknown": two of the same name need not be the same size."""


class UnknownElementType(Exception):
    """An element type number that no ONNX version defines."""


def element_type(number: int) -> DType | None:
    """The element type of TensorProto.DataType `number`, None for 0 (undefined).

    Raises UnknownElementType for a number without meaning.
    """
    if number == 0:
        return None
    try:
        return ELEMENT_TYPES[number]
    except KeyError:
        raise UnknownElementType(number) from None


def describe(declared: TypeProto) -> tuple[DType | None, Shape | None]:
    """Element type and shape that `declared` states; a container's type has no shape.

    Raises UnknownElementType.
    """
    which = declared.WhichOneof("value")
    if which is None:
        return None, None
    if which in CONTAINERS:
        return CONTAINERS[which], None
    tensor = declared.tensor_type if which == "tensor_type" else declared.sparse_tensor_type
    return element_type(tensor.elem_type), shape_of(tensor.shape) if tensor.HasField("shape") else None


def shape_of(proto: TensorShapeProto) -> Shape:
    """The dims of `proto`: a size, a symbol, or None where neither is stated (-1 states nothing)."""
    shape: list[int | str | None] = []
    for dim in proto.dim:
        size = dim.dim_value
        if size > 0:
            shape.append(size)
        elif dim.HasField("dim_value"):
            shape.append(size if size >= 0 else None)
        else:
            shape.append(dim.dim_param if dim.dim_param not in NAMELESS else None)
    return tuple(shape)


def bind(declared: TypeProto, dims: Mapping[str, int]) -> None:
    """Puts the sizes of `dims` in place of their symbols, and nothing in place of what is no size."""
    for shape in shapes_within(declared):
        for dim in shape.dim:
            if dim.HasField("dim_value"):
                if dim.dim_value < 0:
                    dim.ClearField("dim_value")
            elif dim.dim_param in dims:
                dim.dim_value = dims[dim.dim_param]
            elif dim.dim_param in NAMELESS:
                dim.ClearField("dim_param")


def shapes_within(declared: TypeProto) -> Iterator[TensorShapeProto]:
    """The tensor shape in `declared`, also that of a sequence's, map's or optional's elements."""
    while True:
        which = declared.WhichOneof("value")
        if which == "sequence_type":
            declared = declared.sequence_type.elem_type
        elif which == "optional_type":
            declared = declared.optional_type.elem_type
        elif which == "map_type":
            declared = declared.map_type.value_type
        else:
            break
    if which == "tensor_type" and declared.tensor_type.HasField("shape"):
        yield declared.tensor_type.shape
    elif which == "sparse_tensor_type" and declared.sparse_tensor_type.HasField("shape"):
        yield declared.sparse_tensor_type.shape
