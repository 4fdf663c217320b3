"""HDF5 content of Keras files: attributes and the headers of stored weights, read with bounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.attachment import HEAD_BYTES, Attachment
from edgelint.ir.dtype import BY_LABEL, DType
from edgelint.ir.tensor import FileRange, regrouped
from edgelint.loaders.hdf5 import (
    Dataset,
    File,
    Group,
    HDF5Error,
    LeadsElsewhere,
    LiesElsewhere,
    Source,
    Unreadable,
)
from edgelint.loaders.keras import HIGHEST_RATIO
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.loaders.hdf5.attributes import Scalar, Value

MOST_PARTS = 10_000
"""Attributes that Keras splits a long list of names over; one takes up to 64 KiB."""

NEVER_WRITTEN = 2**20
"""Bytes of a weight that a file may declare and not hold, as its elements were never set."""

_BROKEN = "is a damaged HDF5 file"
_AGAIN = "download or save the file again"


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
        return b"".join(self.pieces([self.nbytes]))

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """The same bytes, a piece at a time; chunks are unpacked by bands of whole rows."""
        if self.place is not None:
            yield from FileRange(self.path, self.place, self.nbytes).pieces(lengths)
            return
        try:
            with opened(self.path, self.member) as file, guarded(self.path, self.dataset):
                found = file.root.get(self.dataset)
                if not isinstance(found, Dataset) or found.nbytes != self.nbytes:
                    where = printable(self.dataset)
                    raise EdgelintError(self.path, "has changed since it was read", where=where)
                yield from regrouped(found.bands(), lengths)
        except OSError as error:
            raise EdgelintError(self.path, f"cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class Unstored:
    """Storage of a weight the file does not hold; only its shape is known, from the configuration."""

    path: Path
    weight: str

    def read(self) -> bytes:
        """Never bytes: raises EdgelintError."""
        raise EdgelintError(self.path, "does not hold this weight's values", where=printable(self.weight))


class Hdf5:
    """An opened HDF5 file. All methods raise EdgelintError for damage, naming the place."""

    def __init__(self, path: Path, file: File, in_place: bool) -> None:
        """The file at `path`, opened as `file`. in_place: whether that is a stretch of it, not unpacked."""
        self.path = path
        self._file = file
        self._in_place = in_place
        with guarded(path, "/"):
            self.root = file.root

    def group(self, name: str) -> Group | None:
        """The group at `name`, None when there is none."""
        return self.child(self.root, name)

    def child(self, group: Group, name: str) -> Group | None:
        """The group at `name` below `group`, None when there is none."""
        with guarded(self.path, name):
            found = group.get(name)
        return found if isinstance(found, Group) else None

    def attribute(self, group: Group, name: str) -> Value | None:
        """An attribute's value; None when there is none."""
        with guarded(self.path, f"attribute {name}"):
            return group.attribute(name)

    def text(self, group: Group, name: str) -> bytes | None:
        """A text attribute's bytes; None when there is none."""
        value = self.attribute(group, name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is not None and not isinstance(value, bytes):
            raise EdgelintError(self.path, f"{_BROKEN}: an attribute is no text", where=f"attribute {name}")
        return value

    def words(self, group: Group, name: str) -> list[str] | None:
        """A list of names, put together where Keras split it into name0, name1, …"""
        whole = self.attribute(group, name)
        if whole is not None:
            return _words(whole)
        found: list[str] = []
        for part in range(MOST_PARTS):
            value = self.attribute(group, f"{name}{part}")
            if value is None:
                break
            found.extend(_words(value))
        return found or None

    def header(self, group: Group, name: str, path: str) -> StoredWeight | None:
        """The header of dataset `name` in `group`; None when there is none."""
        with guarded(self.path, path):
            found = group.get(name)
            return self._header(found, path) if isinstance(found, Dataset) else None

    def datasets(self, name: str = "") -> Iterator[StoredWeight]:
        """Headers of all datasets below a group, in the file's order."""
        start = self.group(name) if name else self.root
        if start is None:
            return
        with guarded(self.path, name or "/"):
            for path, dataset in start.datasets(name):
                # A weight is looked up below each of the groups it lies in.
                self._file.source.spend(len(path) * (path.count("/") + path.count("\\")))
                yield self._header(dataset, path)

    def _header(self, dataset: Dataset, path: str) -> StoredWeight:
        size = self._file.source.size
        nbytes = dataset.nbytes
        if nbytes > (size * HIGHEST_RATIO if dataset.packed else size + NEVER_WRITTEN):
            raise EdgelintError(
                self.path,
                f"{_BROKEN}: a weight of shape {dataset.shape} has no room in it",
                where=printable(path),
            )
        dtype = BY_LABEL.get(dataset.datatype.label)
        place = dataset.place if self._in_place else None
        if place is not None:
            place += self._file.source.start
        return StoredWeight(path.replace("\\", "/"), dataset.shape, dtype, nbytes, path, place)


@contextmanager
def opened(path: Path, member: bool) -> Iterator[Hdf5]:
    """The HDF5 file at `path`, or the one inside the v3 archive there; closed afterwards."""
    if not member:
        with _source(path, 0) as source:
            yield _open(path, source, "offset 0", True)
        return
    from edgelint.loaders.keras.archive import WEIGHTS, Archive

    with Archive(path) as archive:
        content = archive.weights()
        if content is None:
            raise EdgelintError(path, "has no weights to read", where=WEIGHTS)
        with content.source as source:
            yield _open(path, source, WEIGHTS, content.in_place)


def _source(path: Path, start: int) -> Source:
    """All of a file from byte `start` on."""
    file = files.opened(path)
    return Source(file, start, file.seek(0, os.SEEK_END) - start)


def _open(path: Path, source: Source, where: str, in_place: bool) -> Hdf5:
    with guarded(path, where):
        file = File(source)
    if source.size < file.end:
        raise EdgelintError(
            path,
            f"is cut off: its HDF5 content should have {file.end} bytes and has {source.size}",
            where=where,
            hint=_AGAIN,
        )
    return Hdf5(path, file, in_place)


def attachments(path: Path, start: int) -> Iterator[Attachment]:
    """What lies before the HDF5 content, which begins at byte `start`, and behind it."""
    with guarded(path, "offset 0"), _source(path, start) as source:
        end = start + File(source).end
    size = files.size(path)
    with files.opened(path) as file:
        if start:
            head = file.read(min(start, HEAD_BYTES))
            yield Attachment("the bytes before the HDF5 content", start, start, head)
        if size > end:
            file.seek(end)
            head = file.read(HEAD_BYTES)
            yield Attachment("the bytes behind the HDF5 content", size - end, size - end, head)


@contextmanager
def guarded(path: Path, where: str) -> Iterator[None]:
    """Whatever is wrong with the HDF5 content in here becomes an EdgelintError at `where`."""
    try:
        yield
    except HDF5Error as error:
        raise _told(path, error, where) from error


def _told(path: Path, error: HDF5Error, where: str) -> EdgelintError:
    """What a user is told of an error at `where`, unless it knows the object it is about."""
    where = ", ".join(filter(None, (printable(error.path or where), error.place)))
    if isinstance(error, LiesElsewhere):
        follows = isinstance(error, LeadsElsewhere)
        return EdgelintError(
            path,
            "has a link into another file, which whoever loads it would follow"
            if follows
            else "keeps a weight in another file, which whoever loads it would open",
            where=where,
            hint="do not load it; Keras writes no such files, and refuses them",
            code="EL702",
        )
    if isinstance(error, Unreadable):
        return EdgelintError(
            path, f"has HDF5 content that edgelint cannot read: {error.problem}", where=where
        )
    return EdgelintError(path, f"{_BROKEN}: {error.problem}", where=where, hint=_AGAIN)


def _words(value: Value) -> list[str]:
    return [_word(item) for item in (value if isinstance(value, list) else [value])]


def _word(item: Scalar) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
