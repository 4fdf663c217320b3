"""Constants of a model, left on disk until somebody asks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.dtype import DType

if TYPE_CHECKING:
    from typing import BinaryIO

    import numpy as np


class Storage(Protocol):
    """Where the bytes of a constant lie."""

    def read(self) -> bytes:
        """The raw little-endian bytes, narrow types packed as in the file.

        Raises EdgelintError when they are not there.
        """


class PiecewiseStorage(Storage, Protocol):
    """A storage that can be read without ever holding all of it."""

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The bytes from the first on, in pieces of `lengths`.

        Raises EdgelintError when they are not there, or too few.
        """


def regrouped(parts: Iterable[bytes], lengths: Iterable[int]) -> Iterator[bytes]:
    """The bytes of `parts`, cut into pieces of `lengths`; ends early where the parts end."""
    source = iter(parts)
    held = bytearray()
    for length in lengths:
        while len(held) < length:
            part = next(source, None)
            if part is None:
                return
            held += part
        yield bytes(memoryview(held)[:length])
        del held[:length]


@dataclass(frozen=True, slots=True)
class Inline:
    """Bytes small enough to be kept in memory."""

    data: bytes

    def read(self) -> bytes:
        """The bytes themselves."""
        return self.data

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The bytes, cut."""
        return regrouped((self.data,), lengths)


@dataclass(frozen=True, slots=True)
class FileRange:
    """`length` bytes at `offset` in the model file itself."""

    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """Just these bytes of the file."""
        try:
            with files.opened(self.path) as file:
                file.seek(self.offset)
                data = file.read(self.length)
        except OSError as error:
            raise EdgelintError(self.path, f"cannot be read: {error.strerror}") from error
        if len(data) < self.length:
            raise self._too_short()
        return data

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """These bytes of the file, a piece at a time."""
        try:
            with files.opened(self.path, buffering=0) as file:
                # A length is only a claim: nothing may be allocated for it before this.
                if file.seek(0, 2) < self.offset + self.length:
                    raise self._too_short()
                file.seek(self.offset)
                for length in lengths:
                    yield self._piece(file, length)
        except OSError as error:
            raise EdgelintError(self.path, f"cannot be read: {error.strerror}") from error

    def _piece(self, file: BinaryIO, length: int) -> bytes:
        piece = file.read(length)
        while len(piece) < length:
            more = file.read(length - len(piece))
            if not more:
                raise self._too_short()
            piece += more
        return piece

    def _too_short(self) -> EdgelintError:
        return EdgelintError(
            self.path, f"ends before byte {self.offset + self.length}, where a constant ends"
        )


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """Bytes in a file beside the model, as the model declares it; not checked, never opened by a loader.

    `location` is the model's own word and may be hostile: an absolute path, or one that leaves
    the folder. `length` None means up to the end of that file.
    """

    folder: Path
    location: str
    offset: int
    length: int | None

    @property
    def escapes(self) -> bool:
        """Whether the declared location is absolute or leads out of the model's folder."""
        parts = self.location.replace("\\", "/").split("/")
        depth = 0
        for part in parts:
            depth += -1 if part == ".." else 0 if part in ("", ".") else 1
            if depth < 0:
                return True
        absolute = self.location.startswith(("/", "\\")) or self.location[1:2] == ":"
        return absolute or self._resolves_outside()

    def _resolves_outside(self) -> bool:
        folder = self.folder.resolve()
        try:
            return not (folder / self.location).resolve().is_relative_to(folder)
        except (OSError, ValueError, RuntimeError):
            return True

    @property
    def path(self) -> Path:
        """Where the bytes would be. Only meaningful when `escapes` is false."""
        return self.folder / self.location

    def read(self) -> bytes:
        """The declared bytes. Refuses a location that leaves the model's folder."""
        return self._range().read()

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The declared bytes, a piece at a time. Refuses a location that leaves the model's folder."""
        return self._range().pieces(lengths)

    def _range(self) -> FileRange:
        if self.escapes:
            raise EdgelintError(self.folder, f"external data {self.location!r} is outside the model's folder")
        size = files.size(self.path)
        length = max(size - self.offset, 0) if self.length is None else self.length
        return FileRange(self.path, self.offset, length)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Bytes that a conversion would make of `origin`, and that are nowhere yet.

    name: tells apart constants that lie in memory; "" for those that have a place of their own.
    """

    origin: Storage
    name: str = ""

    @classmethod
    def of(cls, tensor: Tensor, name: str) -> Unwritten:
        """What would be made of `tensor`, called `name`; equal for tensors that share their bytes."""
        return cls(tensor.storage, name if isinstance(tensor.storage, Inline) else "")

    def read(self) -> bytes:
        """Nothing. Raises EdgelintError: the bytes are not there."""
        raise EdgelintError(Path(), "quantized weights are predicted by size only, not computed")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant: element type, shape, bytes in the file, and where they lie.

    `shape` has no unknown dims. `nbytes` is what the file stores, narrow types packed; for a
    sparse constant it is less than the dense size.
    """

    dtype: DType
    shape: tuple[int, ...]
    nbytes: int
    storage: Storage
    sparse: bool = False

    @property
    def elements(self) -> int:
        """How many elements the dense tensor has."""
        return math.prod(self.shape)

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The stored bytes from the first on, in pieces of `lengths`, read from disk as they are asked for.

        Raises EdgelintError when the bytes are missing or too few.
        """
        # Not by isinstance(), which for a protocol takes longer than reading a small constant.
        if hasattr(self.storage, "pieces"):
            return cast(PiecewiseStorage, self.storage).pieces(lengths)
        return regrouped((self.storage.read(),), lengths)

    def numpy(self) -> np.ndarray:
        """The elements as an array of `shape`, read from disk now.

        Types NumPy lacks are widened: bfloat16 to float32, int4, uint4, int2 and uint2 to 8 bits.
        Raises EdgelintError when the bytes are missing, too few, or of a kind that has no array
        (strings, sparse storage, 8-bit and 4-bit floats).
        """
        from edgelint.ir.decode import decode

        return decode(self)
