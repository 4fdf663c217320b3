"""Stored bytes to NumPy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType

if TYPE_CHECKING:
    from edgelint.ir.tensor import Tensor

_PLAIN = {
    dtype: np.dtype(dtype.label).newbyteorder("<")
    for dtype in (
        DType.FLOAT64, DType.FLOAT32, DType.FLOAT16, DType.COMPLEX64, DType.COMPLEX128, DType.BOOL,
        DType.INT64, DType.INT32, DType.INT16, DType.INT8,
        DType.UINT64, DType.UINT32, DType.UINT16, DType.UINT8,
    )
}  # fmt: skip
"""Types that NumPy has under the same name."""

_PACKED = {DType.INT4: (4, True), DType.UINT4: (4, False), DType.INT2: (2, True), DType.UINT2: (2, False)}


def decode(tensor: Tensor) -> np.ndarray:
    """The elements of `tensor` as an array of its shape; see `Tensor.numpy`."""
    if tensor.sparse:
        raise _undecodable(tensor, "sparse storage")
    data = tensor.storage.read()
    wanted = tensor.dtype.nbytes(tensor.elements)
    if len(data) < wanted:
        raise EdgelintError(
            getattr(tensor.storage, "path", Path()), f"holds {len(data)} bytes for a constant of {wanted}"
        )
    flat = elements(data, tensor.dtype, tensor.elements)
    if flat is None:
        raise _undecodable(tensor, str(tensor.dtype))
    return flat.reshape(tensor.shape)


def elements(data: bytes, dtype: DType, count: int) -> np.ndarray | None:
    """The first `count` elements in `data`, widened as `Tensor.numpy` says; None for others."""
    if dtype in _PLAIN:
        return np.frombuffer(data, _PLAIN[dtype], count)
    if dtype is DType.BFLOAT16:
        return (np.frombuffer(data, "<u2", count).astype("<u4") << 16).view("<f4")
    if dtype in _PACKED:
        return _unpack(data, count, *_PACKED[dtype])
    return None


def _unpack(data: bytes, count: int, bits: int, signed: bool) -> np.ndarray:
    """Low bits first, as both ONNX and TFLite pack them."""
    octets = np.frombuffer(data, np.uint8)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes: np.ndarray = ((octets[:, None] >> shifts) & ((1 << bits) - 1)).reshape(-1)[:count]
    if not signed:
        return codes
    sign = 1 << (bits - 1)
    signed_codes: np.ndarray = (codes ^ sign).astype(np.int8) - np.int8(sign)
    return signed_codes


def _undecodable(tensor: Tensor, what: str) -> EdgelintError:
    return EdgelintError(
        getattr(tensor.storage, "path", Path()), f"constants as {what} cannot be read as numbers"
    )
