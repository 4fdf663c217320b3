"""What a TFLite file carries besides its network: metadata, buffers nobody reads, a ZIP behind the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.ir import files
from edgelint.ir.attachment import HEAD_BYTES, Attachment
from edgelint.ir.files import Bytes
from edgelint.ir.tensor import FileRange, Inline, Storage
from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.metadata import About, has_small_zip
from edgelint.printable import printable

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

SMALLEST = 32
"""Bytes below which nothing can be hidden; most metadata entries are a version number."""

MOST_READ = 64
"""Members of the ZIP whose first bytes are unpacked."""

_ZIP_MEMBER = b"PK\x03\x04"


def attachments(buffers: Buffers, data: Bytes, end: int, about: About) -> Iterator[Attachment]:
    """All of them, in bounded time and memory.

    end: the byte behind the flatbuffer. Everything the model refers to must have been asked for.
    """
    for name, storage in about.buffers.items():
        yield from _piece(f"metadata {printable(name)!r}", *_range(storage), data)
    for index, span in buffers.unasked():
        yield from _piece(f"buffer {index}, which nothing reads", span.offset, span.length, data)
    end = max(end, buffers.end)
    if len(data) - end > SMALLEST:
        listed = has_small_zip(data)
        if listed:
            yield from _members(buffers.path)
        if not listed or not data[end : end + HEAD_BYTES].lstrip(b"\0").startswith(_ZIP_MEMBER):
            yield from _piece("the bytes behind the model", end, len(data) - end, data)


def _range(storage: Storage) -> tuple[int | bytes, int]:
    """Where bytes lie in the file, or the bytes themselves; and how many they are."""
    if isinstance(storage, FileRange):
        return storage.offset, storage.length
    content = storage.data if isinstance(storage, Inline) else b""
    return content, len(content)


def _piece(place: str, start: int | bytes, length: int, data: Bytes) -> Iterator[Attachment]:
    if length > SMALLEST:
        size = min(length, HEAD_BYTES)
        head = start[:size] if isinstance(start, bytes) else data[start : start + size]
        yield Attachment(place, length, length, bytes(head))


def _members(path: Path) -> Iterator[Attachment]:
    """The members of the ZIP; none of a damaged one, which the model can do without."""
    import zipfile
    import zlib

    damage = (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
    )
    try:
        with files.opened(path) as opened, zipfile.ZipFile(opened) as archive:
            for place, member in enumerate(archive.infolist()):
                try:
                    head = _unpacked(archive, member) if place < MOST_READ else b""
                except damage:
                    head = b""
                name = f"associated file {printable(member.filename)!r}"
                yield Attachment(name, member.file_size, member.compress_size, head)
    except damage:
        return


def _unpacked(archive: ZipFile, member: ZipInfo) -> bytes:
    with archive.open(member) as file:
        return file.read(HEAD_BYTES)
