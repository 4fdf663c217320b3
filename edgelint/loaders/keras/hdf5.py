"""HDF5 content of Keras files: attributes and the headers of stored weights, read with bounds."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from edgelint.errors import EdgelintError
from edgelint.ir.dtype import BY_LABEL, DType
from edgelint.loaders.keras import HDF5_SIGNATURE
from edgelint.loaders.keras.archive import HIGHEST_RATIO, Archive
from edgelint.printable import printable

if TYPE_CHECKING:
    import pyfive

MOST_OBJECTS = 200_000
DEEPEST_GROUP = 64
READS_PER_OBJECT = 200
"""A damaged file may lead in circles; a sound one needs a few dozen reads for each object."""

NEVER_WRITTEN = 2**20
"""Bytes of a weight that a file may declare and not hold, as its elements were never set."""

_BROKEN = "is a damaged HDF5 file"


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """A dataset's header. path: from the file's root. dtype: None for what no Tensor can be."""

    path: str
    shape: tuple[int, ...]
    dtype: DType | None
    nbytes: int


@dataclass(frozen=True, slots=True)
class HDF5Dataset:
    """Storage of a weight in an HDF5 file, or in the HDF5 member of a v3 archive."""

    path: Path
    member: bool
    dataset: str
    nbytes: int

    def read(self) -> bytes:
        """The dataset's elements, little-endian, row by row."""
        with opened(self.path, self.member) as file, guarded(self.path, self.dataset):
            data = file.root[self.dataset]
            if data.size * data.dtype.itemsize != self.nbytes:
                raise EdgelintError(self.path, "has changed since it was read", where=self.dataset)
            array = data[()]
            return bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())


@dataclass(frozen=True, slots=True)
class Unstored:
    """Storage of a weight the file does not hold; only its shape is known, from the configuration."""

    path: Path
    weight: str

    def read(self) -> bytes:
        """Never bytes: raises EdgelintError."""
        raise EdgelintError(self.path, "does not hold this weight's values", where=self.weight)


class Hdf5:
    """An opened HDF5 file. All methods raise EdgelintError for damage, naming the place."""

    def __init__(self, path: Path, root: pyfive.File, size: int) -> None:
        """The file at `path`, open as `root`, whose HDF5 content has `size` bytes."""
        self.path = path
        self.size = size
        self.root = root

    def group(self, name: str) -> pyfive.Group | None:
        """The group at `name`, None when there is none."""
        with guarded(self.path, name):
            if name not in self.root:
                return None
            found = self.root[name]
            return found if hasattr(found, "keys") else None

    def child(self, group: pyfive.Group, name: str) -> pyfive.Group | None:
        """The group called `name` right below `group`, None when there is none."""
        with guarded(self.path, name):
            found = group.get(name)
            return found if hasattr(found, "keys") else None

    def attribute(self, group: pyfive.Group, name: str) -> Any:
        """An attribute's value as pyfive gives it; None when there is none."""
        with guarded(self.path, f"attribute {name}"):
            attributes = group.attrs
            return attributes.get(name)

    def text(self, group: pyfive.Group, name: str) -> bytes | None:
        """A text attribute's bytes; None when there is none."""
        value = self.attribute(group, name)
        if value is None:
            return None
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        if hasattr(value, "item") and not isinstance(value, bytes):
            with guarded(self.path, f"attribute {name}"):
                value = value.item()
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        if not isinstance(value, bytes):
            raise EdgelintError(self.path, f"{_BROKEN}: an attribute is no text", where=f"attribute {name}")
        return bytes(value)

    def words(self, group: pyfive.Group, name: str) -> list[str] | None:
        """A list of names, put together where Keras split it into name0, name1, …"""
        value = self.attribute(group, name)
        found: list[Any] = []
        if value is not None:
            return [_word(item) for item in self._items(value, name)]
        for part in range(MOST_OBJECTS):
            value = self.attribute(group, f"{name}{part}")
            if value is None:
                break
            found.extend(self._items(value, name))
        return [_word(item) for item in found] if found else None

    def header(self, group: pyfive.Group, name: str, path: str) -> StoredWeight | None:
        """The header of dataset `name` in `group`; None when there is none."""
        with guarded(self.path, path):
            if name not in group:
                return None
            found = group.get_lazy_view(name)
            return None if hasattr(found, "keys") else self._header(found, path)

    def datasets(self, name: str = "") -> Iterator[StoredWeight]:
        """Headers of all datasets below a group, in the file's order."""
        start = self.group(name) if name else self.root
        pending: list[tuple[Any, str, int]] = [(start, name, 0)] if start is not None else []
        seen = 0
        while pending:
            group, path, depth = pending.pop()
            below: list[tuple[Any, str, int]] = []
            with guarded(self.path, path or "/"):
                for key in group:
                    seen += 1
                    inner = f"{path}/{key}" if path else str(key)
                    if seen > MOST_OBJECTS or depth > DEEPEST_GROUP:
                        raise EdgelintError(self.path, f"{_BROKEN}: its groups never end", where=inner)
                    child = group.get_lazy_view(key)
                    if hasattr(child, "keys"):
                        below.append((child, inner, depth + 1))
                    elif hasattr(child, "shape"):
                        yield self._header(child, inner)
            pending.extend(reversed(below))

    def _items(self, value: Any, name: str) -> list[Any]:
        with guarded(self.path, f"attribute {name}"):
            return list(value.tolist() if hasattr(value, "tolist") else value)

    def _header(self, dataset: Any, path: str) -> StoredWeight:
        with guarded(self.path, path):
            shape = tuple(int(dim) for dim in dataset.shape or ())
            dtype = dataset.dtype
            label = getattr(dtype, "name", "")
            itemsize = int(getattr(dtype, "itemsize", 0))
            packed = dataset.chunks is not None
        elements = 1
        for dim in shape:
            elements *= dim
        most = self.size * HIGHEST_RATIO if packed else self.size + NEVER_WRITTEN
        if min(shape, default=0) < 0 or elements * itemsize > most:
            raise EdgelintError(
                self.path, f"{_BROKEN}: a weight of shape {shape} has no room in it", where=path
            )
        return StoredWeight(path, shape, BY_LABEL.get(label), elements * itemsize)


@contextmanager
def opened(path: Path, member: bool) -> Iterator[Hdf5]:
    """The HDF5 file at `path`, or the one inside the v3 archive there; closed afterwards."""
    if not member:
        with path.open("rb") as file:
            yield _open(path, file, "offset 0")
        return
    with Archive(path) as archive:
        section = archive.weights()
        if section is None:
            raise EdgelintError(path, "has no weights to read", where="model.weights.h5")
        with section:
            yield _open(path, section, "model.weights.h5")


def _open(path: Path, file: BinaryIO | io.RawIOBase | io.BytesIO, where: str) -> Hdf5:
    _refuse_truncated(path, file, where)
    logging.getLogger("pyfive").addHandler(logging.NullHandler())
    import pyfive

    with guarded(path, where):
        bounded = _Bounded(file)
        return Hdf5(path, pyfive.File(bounded), bounded.size)


def _refuse_truncated(path: Path, file: BinaryIO | io.RawIOBase | io.BytesIO, where: str) -> None:
    """The superblock tells where the file ends (HDF5 file format specification, §II.A)."""
    head = file.read(48)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not head.startswith(HDF5_SIGNATURE) or len(head) < 48:
        return
    # Superblocks 0 and 1 name the sizes of offsets before the addresses, 2 and 3 right at the start.
    at, width = (40, head[13]) if head[8] < 2 else (28, head[9])
    if head[8] == 1:
        at += 4
    if width == 8 and head[8] < 4 and len(head) >= at + 8:
        end = int.from_bytes(head[at : at + 8], "little")
        if size < end < 2**63:
            raise EdgelintError(
                path,
                f"is cut off: its HDF5 content should have {end} bytes and has {size}",
                where=printable(where),
                hint="download or save the file again",
            )


@contextmanager
def guarded(path: Path, where: str) -> Iterator[None]:
    """Whatever pyfive stumbles over in here becomes an EdgelintError at `where`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except EdgelintError:
        raise
    except Exception as error:
        raise EdgelintError(
            path, _BROKEN, where=printable(where), hint="download or save the file again"
        ) from error


class _Bounded(io.RawIOBase):
    """A file that ends a reader going in circles: no file needs more reads than it has objects."""

    def __init__(self, file: BinaryIO | io.RawIOBase | io.BytesIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        # A symbol-table entry takes at least 40 bytes.
        self._left = 10_000 + min(self.size // 40, MOST_OBJECTS) * READS_PER_OBJECT

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError("its structures lead in circles")
        wanted = self.size if size is None or size < 0 else min(size, self.size)
        return self._file.read(wanted) or b""


def _word(item: Any) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
