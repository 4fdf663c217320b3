"""ONNX's TensorProto as a Tensor whose bytes stay where they are."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import DType, ExternalFile, FileRange, Inline, Storage, Tensor
from edgelint.ir.tensor import regrouped
from edgelint.loaders.onnx.repeats import Repeats
from edgelint.loaders.onnx.strip import Payload
from edgelint.loaders.onnx.types import UnknownElementType, element_type
from edgelint.printable import printable

if TYPE_CHECKING:
    import numpy as np
    from onnx import SparseTensorProto, TensorProto

RANK_LIMIT = 64
"""Dims that a stored constant may have, as in NumPy."""

ELEMENTS_LIMIT = 1 << 58
"""Elements that a stored constant may declare: the bytes of the widest type still count in 63 bits, as
NumPy wants it even of an array without elements."""

_FIELDS = {
    DType.FLOAT32: "float_data",
    DType.COMPLEX64: "float_data",
    DType.FLOAT64: "double_data",
    DType.COMPLEX128: "double_data",
    DType.INT64: "int64_data",
    DType.UINT32: "uint64_data",
    DType.UINT64: "uint64_data",
    DType.STRING: "string_data",
}
"""Where TensorProto keeps elements that are not in raw_data; all other types are in int32_data."""

_STRETCH = 2**20
"""Bytes of varints that are decoded at a time."""

_LONGEST_VARINT = 10

_EXTERNAL = 1
"""TensorProto.DataLocation of content in another file."""

_FIXED = {"float_data": "f", "double_data": "d"}
_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class VarintRange:
    """`count` numbers as protobuf varints in the file, of which `width` bytes each are meant."""

    path: Path
    offset: int
    length: int
    count: int
    width: int

    def read(self) -> bytes:
        """The numbers as little-endian integers of `width` bytes.

        Raises EdgelintError when there are not exactly `count`.
        """
        return b"".join(self._decoded())

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The same bytes, a piece at a time."""
        return regrouped(self._decoded(), lengths)

    def _decoded(self) -> Iterator[bytes]:
        """The numbers in stretches of the file that end with one."""
        sizes = (min(_STRETCH, self.length - start) for start in range(0, self.length, _STRETCH))
        found, rest = 0, b""
        for piece in FileRange(self.path, self.offset, self.length).pieces(sizes):
            values, rest = _varints(rest + piece)
            found += len(values)
            if found > self.count or len(rest) > _LONGEST_VARINT:
                break
            yield values.astype(f"<u{self.width}").tobytes()
        if found != self.count or rest:
            raise EdgelintError(
                self.path, f"holds {found} numbers for {self.count}", where=f"offset {self.offset:#x}"
            )


def _varints(data: bytes) -> tuple[np.ndarray, bytes]:
    """The whole varints that `data` begins with, their low 64 bits, and the bytes behind the last one."""
    import numpy as np

    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets < 0x80)
    starts = np.concatenate((np.zeros(1, ends.dtype), ends + 1))[: len(ends)]
    values = np.zeros(len(ends), np.uint64)
    longest = int((ends - starts).max(initial=-1)) + 1
    if longest > _LONGEST_VARINT:
        return values[:0], data
    for place in range(longest):
        there = starts + place <= ends
        septets = octets[starts[there] + place].astype(np.uint64) & np.uint64(0x7F)
        values[there] |= septets << np.uint64(min(7 * place, 63))
    return values, data[int(ends[-1]) + 1 if len(ends) else 0 :]


@dataclass(frozen=True, slots=True)
class TensorReader:
    """Makes Tensors of one file's protos.

    token, payloads: of `strip.Stripped`. known: what a type and dims declare: element type, shape, and how
        many elements and bytes that are.
    """

    path: Path
    token: str = ""
    payloads: list[Payload] = field(default_factory=list)
    known: Repeats[tuple[int, ...], tuple[DType, tuple[int, ...], int, int]] = field(default_factory=Repeats)

    def read(self, proto: TensorProto, where: str) -> Tensor:
        """The constant that `proto` declares.

        Raises EdgelintError, naming `where`, when type, dims and content contradict each other.
        """
        dtype, shape, elements, nbytes = self._declared(proto, where)
        external = proto.external_data[:]
        if external or proto.data_location == _EXTERNAL:
            entries = {entry.key: entry.value for entry in external}
            if self.token and self.token in entries:
                return self._left_in_file(self.payloads[int(entries[self.token])], dtype, shape, where)
            if proto.data_location == _EXTERNAL:
                return self._external(entries, dtype, shape, where)
        if dtype is DType.STRING:
            self._expect(len(proto.string_data), elements, "strings", where)
            content = b"".join(proto.string_data)
            return Tensor(dtype, shape, len(content), Inline(content))
        data = proto.raw_data if proto.HasField("raw_data") else _typed_content(proto, dtype)
        if len(data) != nbytes:
            self._expect(len(data), nbytes, "bytes", where)
        return Tensor(dtype, shape, nbytes, Inline(data))

    def sparse(self, proto: SparseTensorProto, where: str) -> Tensor:
        """The sparse constant that `proto` declares, its values and indices counted in `nbytes`."""
        values = self.read(proto.values, where)
        indices = self.read(proto.indices, f"{where}, indices")
        shape = self._shape(proto.dims, where)
        if len(values.shape) != 1:
            raise self._broken(f"has sparse values of {len(values.shape)} dims, not 1", where)
        if values.elements > math.prod(shape):
            raise self._broken(f"has {values.elements} sparse values for {math.prod(shape)} elements", where)
        expected = ((values.elements,), (values.elements, len(shape)))
        if indices.dtype is not DType.INT64 or indices.shape not in expected:
            raise self._broken("has sparse indices that do not match its values", where)
        return Tensor(values.dtype, shape, values.nbytes + indices.nbytes, values.storage, sparse=True)

    def blob(self, content: bytes) -> Tensor | None:
        """The constant in place of a long string attribute that was left in the file; else None."""
        token = self.token.encode()
        if not token or not content.startswith(token):
            return None
        payload = self.payloads[int(content[len(token) :])]
        storage = FileRange(self.path, payload.offset, payload.length)
        return Tensor(DType.UINT8, (payload.length,), payload.length, storage)

    def _declared(self, proto: TensorProto, where: str) -> tuple[DType, tuple[int, ...], int, int]:
        """Element type and shape, and how many elements and bytes that are."""
        key = (proto.data_type, *proto.dims[:])
        found = self.known.get(key)
        if found is not None:
            return found
        try:
            dtype = element_type(proto.data_type)
        except UnknownElementType:
            dtype = None
        if dtype is None:
            raise self._broken(f"has the unknown element type {proto.data_type}", where)
        shape = self._shape(proto.dims, where)
        elements = math.prod(shape)
        found = dtype, shape, elements, dtype.nbytes(elements)
        self.known.keep(key, found)
        return found

    def _shape(self, dims: Any, where: str) -> tuple[int, ...]:
        if len(dims) > RANK_LIMIT:
            raise self._broken(f"has {len(dims)} dims", where)
        shape = tuple(dims[:])
        if min(shape, default=0) < 0:
            raise self._broken(f"has a negative dim: {list(shape)}", where)
        # A dim of 0 does not excuse the others: NumPy multiplies those when it makes the empty array.
        if math.prod(filter(None, shape)) > ELEMENTS_LIMIT:
            raise self._broken(f"declares more elements than a file can hold: {list(shape)}", where)
        return shape

    def _left_in_file(self, payload: Payload, dtype: DType, shape: tuple[int, ...], where: str) -> Tensor:
        elements = math.prod(shape)
        storage: Storage = FileRange(self.path, payload.offset, payload.length)
        needed = dtype.nbytes(elements)
        if payload.field not in ("raw_data", _FIELDS.get(dtype, "int32_data")):
            raise self._broken(f"has its {dtype} content in {payload.field}", where)
        if dtype is DType.STRING:
            self._expect(payload.strings, elements, "strings", where)
            return Tensor(dtype, shape, payload.content, storage)
        if payload.field != "raw_data" and payload.field not in _FIXED:
            count = needed if dtype.bits < 8 else elements
            if not count <= payload.length <= 10 * count:
                raise self._broken(f"has {payload.length} bytes of numbers for a shape of {count}", where)
            width = max(dtype.bits // 8, 1)
            storage = VarintRange(self.path, payload.offset, payload.length, count, width)
        else:
            self._expect(payload.length, needed, "bytes", where)
        return Tensor(dtype, shape, needed, storage)

    def _external(self, entries: dict[str, str], dtype: DType, shape: tuple[int, ...], where: str) -> Tensor:
        location = entries.get("location")
        if not location:
            raise self._broken("is external data without a location", where)
        if dtype is DType.STRING:
            raise self._broken("is external data of strings, which have no external form", where)
        needed = dtype.nbytes(math.prod(shape))
        offset = self._size(entries.get("offset", "0"), "offset", where)
        if "length" in entries:
            self._expect(self._size(entries["length"], "length", where), needed, "bytes", where)
        storage = ExternalFile(self.path.parent, location, offset, needed)
        return Tensor(dtype, shape, needed, storage)

    def _size(self, text: str, what: str, where: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise self._broken(f"has the external-data {what} {printable(text, 30)!r}", where)
        return int(text)

    def _expect(self, found: int, needed: int, unit: str, where: str) -> None:
        if found != needed:
            raise self._broken(f"has {found} {unit} of content where its shape needs {needed}", where)

    def _broken(self, problem: str, where: str) -> EdgelintError:
        return EdgelintError(self.path, problem, where=where)


def numbers(dtype: DType, shape: tuple[int, ...], values: Any) -> Tensor:
    """The constant of `values` that a node's attribute states (Constant's value_ints and the like)."""
    code = {DType.INT64: "q", DType.FLOAT32: "f"}[dtype]
    data = struct.pack(f"<{len(values)}{code}", *values)
    return Tensor(dtype, shape, len(data), Inline(data))


def _typed_content(proto: TensorProto, dtype: DType) -> bytes:
    """The little-endian bytes of a small tensor whose elements are not in raw_data."""
    name = _FIELDS.get(dtype, "int32_data")
    values = getattr(proto, name)
    if name in _FIXED:
        return struct.pack(f"<{len(values)}{_FIXED[name]}", *values)
    width = max(dtype.bits // 8, 1)
    mask = (1 << 8 * width) - 1
    return struct.pack(f"<{len(values)}{_UNSIGNED[width]}", *(value & mask for value in values))
