"""Element types, by their ONNX and NumPy names."""

from __future__ import annotations

import struct
from enum import Enum


class DType(Enum):
    """An element type: its name in messages and its width in bits.

    The width of a type whose elements have no fixed size (strings, resources, sequences) is 0.
    is_float: whether elements are real floating-point numbers.
    is_integer: whether elements are integers (bool is not one).
    """

    FLOAT64 = ("float64", 64)
    FLOAT32 = ("float32", 32)
    FLOAT16 = ("float16", 16)
    BFLOAT16 = ("bfloat16", 16)
    FLOAT8E4M3FN = ("float8e4m3fn", 8)
    FLOAT8E4M3FNUZ = ("float8e4m3fnuz", 8)
    FLOAT8E5M2 = ("float8e5m2", 8)
    FLOAT8E5M2FNUZ = ("float8e5m2fnuz", 8)
    FLOAT8E8M0 = ("float8e8m0", 8)
    FLOAT4E2M1 = ("float4e2m1", 4)
    INT64 = ("int64", 64)
    INT32 = ("int32", 32)
    INT16 = ("int16", 16)
    INT8 = ("int8", 8)
    INT4 = ("int4", 4)
    INT2 = ("int2", 2)
    UINT64 = ("uint64", 64)
    UINT32 = ("uint32", 32)
    UINT16 = ("uint16", 16)
    UINT8 = ("uint8", 8)
    UINT4 = ("uint4", 4)
    UINT2 = ("uint2", 2)
    BOOL = ("bool", 8)
    COMPLEX64 = ("complex64", 64)
    COMPLEX128 = ("complex128", 128)
    STRING = ("string", 0)
    RESOURCE = ("resource", 0)
    VARIANT = ("variant", 0)
    SEQUENCE = ("sequence", 0)
    MAP = ("map", 0)
    OPTIONAL = ("optional", 0)

    def __init__(self, label: str, bits: int) -> None:
        self.label = label
        self.bits = bits
        self.is_float = label.startswith(("float", "bfloat"))
        self.is_integer = label.startswith(("int", "uint"))

    def nbytes(self, elements: int) -> int:
        """Bytes that `elements` of this type take in a file, narrow types packed."""
        return (elements * self.bits + 7) // 8

    def __str__(self) -> str:
        return self.label

    # There is one object for each: the hash of Enum, of the name and in Python, is ten times as slow.
    __hash__ = object.__hash__


BY_LABEL = {dtype.label: dtype for dtype in DType}

STRUCT_CODES = {
    DType.FLOAT64: "d",
    DType.FLOAT32: "f",
    DType.FLOAT16: "e",
    DType.INT64: "q",
    DType.INT32: "i",
    DType.INT16: "h",
    DType.INT8: "b",
    DType.UINT64: "Q",
    DType.UINT32: "I",
    DType.UINT16: "H",
    DType.UINT8: "B",
}
"""Types of numbers that `struct` reads and writes, and their letters there."""


def unpacked(data: bytes, dtype: DType, elements: int) -> tuple[float, ...] | None:
    """The numbers that are stored in `data`, told without NumPy.

    None for types that `struct` does not have, and where there are more or fewer bytes than `elements` take.
    """
    if dtype not in STRUCT_CODES or len(data) != dtype.nbytes(elements):
        return None
    return struct.unpack(f"<{elements}{STRUCT_CODES[dtype]}", data)
