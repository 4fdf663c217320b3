"""HDF5 content of Keras files: attributes and the headers of stored weights, read with bounds."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.attachment import HEAD_BYTES, Attachment
from edgelint.ir.dtype import BY_LABEL, DType
from edgelint.ir.tensor import FileRange, regrouped
from edgelint.loaders.keras import HDF5_SIGNATURE
from edgelint.loaders.keras.archive import HIGHEST_RATIO, Archive, Section
from edgelint.printable import printable

if TYPE_CHECKING:
    import pyfive

MOST_OBJECTS = 200_000
DEEPEST_GROUP = 64
READS_PER_OBJECT = 200
"""A damaged file may lead in circles; a sound one needs a few dozen reads for each object."""

_EXTERNAL_FILES = 7
"""The header message of a dataset whose content lies in other files (HDF5 specification, §IV.A.2.h)."""

_SUPERBLOCK = 48
"""Bytes of an HDF5 file that tell where it ends."""

NEVER_WRITTEN = 2**20
"""Bytes of a weight that a file may declare and not hold, as its elements were never set."""

LARGEST_BAND = 64 * 2**20
"""Bytes of a compressed weight that are unpacked at once; chunks of the HDF5 library take 1 MiB or less."""

_BROKEN = "is a damaged HDF5 file"


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """A dataset's header. path: from the file's root. dtype: None for what no Tensor can be.

    dataset: the path in the file's own spelling; Keras 2 on Windows wrote some of its slashes as backslashes.
    place: where its elements begin in the model file, one after the other; None where they do not lie
        like that (in chunks, compressed, big-endian, never written).
    """

    path: str
    shape: tuple[int, ...]
    dtype: DType | None
    nbytes: int
    dataset: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class HDF5Dataset:
    """Storage of a weight in an HDF5 file, or in the HDF5 member of a v3 archive.

    place: as in `StoredWeight`.
    """

    path: Path
    member: bool
    dataset: str
    nbytes: int
    place: int | None = None

    def read(self) -> bytes:
        """The dataset's elements, little-endian, row by row."""
        with opened(self.path, self.member) as file, guarded(self.path, self.dataset):
            data = file.root[self.dataset]
            if data.size * data.dtype.itemsize != self.nbytes:
                raise EdgelintError(self.path, "has changed since it was read", where=self.dataset)
            return _little_endian(data[()])

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The same bytes, a piece at a time; chunks are unpacked by bands of whole rows."""
        if self.place is not None:
            yield from FileRange(self.path, self.place, self.nbytes).pieces(lengths)
            return
        with opened(self.path, self.member) as file, guarded(self.path, self.dataset):
            data = file.root[self.dataset]
            if data.size * data.dtype.itemsize != self.nbytes:
                raise EdgelintError(self.path, "has changed since it was read", where=self.dataset)
            yield from regrouped(_bands(data), lengths)


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

    def __init__(self, path: Path, root: pyfive.File, size: int, start: int | None) -> None:
        """The file at `path`, open as `root`, whose HDF5 content has `size` bytes.

        start: where in the file that content lies; None where it is unpacked from it.
        """
        self.path = path
        self.size = size
        self.root = root
        self._start = start

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
            outside = _lies_elsewhere(dataset)
        if outside:
            raise EdgelintError(
                self.path,
                "keeps a weight in another file, which whoever loads it would open",
                where=printable(path),
                hint="do not load it; Keras writes no such files, and refuses them",
                code="EL702",
            )
        elements = 1
        for dim in shape:
            elements *= dim
        most = self.size * HIGHEST_RATIO if packed else self.size + NEVER_WRITTEN
        if min(shape, default=0) < 0 or elements * itemsize > most:
            raise EdgelintError(
                self.path, f"{_BROKEN}: a weight of shape {shape} has no room in it", where=path
            )
        nbytes = elements * itemsize
        spelled = path.replace("\\", "/")
        return StoredWeight(spelled, shape, BY_LABEL.get(label), nbytes, path, self._place(dataset, nbytes))

    def _place(self, dataset: Any, nbytes: int) -> int | None:
        """Where in the model file the elements lie as they are in memory; None where they do not."""
        with guarded(self.path, "a weight's place"):
            place = getattr(dataset.id, "data_offset", None)
            plain = dataset.chunks is None and dataset.dtype == dataset.dtype.newbyteorder("<")
        if not plain or self._start is None or not isinstance(place, int) or place + nbytes > self.size:
            return None
        return self._start + place


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

    start = _start(file)
    with guarded(path, where):
        bounded = _Bounded(file)
        return Hdf5(path, pyfive.File(bounded), bounded.size, start)


def _start(file: BinaryIO | io.RawIOBase | io.BytesIO) -> int | None:
    """Where in the model file the addresses in `file` count from; None where that is nowhere, or not sure."""
    head = file.read(len(HDF5_SIGNATURE))
    file.seek(0)
    if head != HDF5_SIGNATURE or isinstance(file, io.BytesIO):
        return None
    return file.start if isinstance(file, Section) else 0


def _refuse_truncated(path: Path, file: BinaryIO | io.RawIOBase | io.BytesIO, where: str) -> None:
    """The superblock tells where the file ends (HDF5 file format specification, §II.A)."""
    head = file.read(_SUPERBLOCK)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    end = _stated_end(head)
    if end is not None and size < end:
        raise EdgelintError(
            path,
            f"is cut off: its HDF5 content should have {end} bytes and has {size}",
            where=printable(where),
            hint="download or save the file again",
        )


def _stated_end(head: bytes) -> int | None:
    """The byte behind the HDF5 content, counted from its superblock `head`; None where it is not said."""
    if not head.startswith(HDF5_SIGNATURE) or len(head) < _SUPERBLOCK:
        return None
    # Superblocks 0 and 1 name the sizes of offsets before the addresses, 2 and 3 right at the start.
    at, width = (40, head[13]) if head[8] < 2 else (28, head[9])
    if head[8] == 1:
        at += 4
    if width != 8 or head[8] >= 4 or len(head) < at + 8:
        return None
    end = int.from_bytes(head[at : at + 8], "little")
    return end if end < 2**63 else None


def attachments(path: Path, start: int) -> Iterator[Attachment]:
    """What lies before the HDF5 content, which begins at byte `start`, and behind it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if start:
            yield Attachment(
                "the bytes before the HDF5 content", start, start, file.read(min(start, HEAD_BYTES))
            )
        file.seek(start)
        end = _stated_end(file.read(_SUPERBLOCK))
        # The address is counted from the superblock, or from the file's start where a user block precedes it.
        if end is not None and size > max(end, start + end):
            end = start + end
            file.seek(end)
            yield Attachment(
                "the bytes behind the HDF5 content", size - end, size - end, file.read(HEAD_BYTES)
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


def _bands(data: Any) -> Iterator[bytes]:
    """A dataset's elements in stretches of whole rows, each of which takes few of the file's chunks."""
    if not data.chunks or not data.shape:
        yield _little_endian(data[()])
        return
    height = data.chunks[0]
    row = data.size // max(data.shape[0], 1) * data.dtype.itemsize
    if height * row > LARGEST_BAND:
        raise ValueError(f"chunks of {height * row} bytes")
    height *= max(LARGEST_BAND // 16 // max(height * row, 1), 1)
    for start in range(0, data.shape[0], height):
        yield _little_endian(data[start : start + height])


def _little_endian(array: Any) -> bytes:
    return bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())


def _word(item: Any) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)


def _lies_elsewhere(dataset: Any) -> bool:
    """Whether the content is in other files: a header message that pyfive reads and passes over.

    False with a pyfive that has these internals under other names.
    """
    try:
        objects = dataset.file._get_dataobjects(dataset._dataobjects.offset)
        return bool(objects.find_msg_type(_EXTERNAL_FILES))
    except AttributeError:
        return False
