"""The zip of a v3 `.keras` file: members checked before they are trusted."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from edgelint.bounds import excess
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.attachment import HEAD_BYTES, Attachment
from edgelint.loaders.hdf5 import Source
from edgelint.loaders.keras import HIGHEST_RATIO, ZIP_SIGNATURE
from edgelint.loaders.limits import MOST, over
from edgelint.loaders.zip_directory import LONGEST_TAIL, directory
from edgelint.printable import printable

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How Keras packs members. Python unpacks bzip2 and LZMA, too, but all at once, whatever that becomes."""

LARGEST_ENTRY = 1024
"""Bytes of a member's entry in the directory, on average: 46, its name, and what tools add."""
MOST_READ = 64
"""Members besides Keras's own three whose first bytes are unpacked."""
LARGEST_TEXT = 64 * 2**20
"""Bytes of config.json; the largest networks in Keras's own collection stay below 5 MiB."""
LARGEST_UNPACKED = 256 * 2**20
"""Bytes of a compressed weights member that are unpacked into memory; Keras stores it uncompressed."""
CHECKED_UP_TO = 64 * 2**20
"""Bytes of an archive whose weights are read through to compare their checksum."""
CHECKED_ELSEWHERE = 2**20
"""The same, where reading means fetching."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class Content(NamedTuple):
    """A member that can be read anywhere. in_place: whether that is where it lies in the archive."""

    source: Source
    in_place: bool


class Archive:
    """An opened v3 file. Close it, or use it in a with block.

    Raises EdgelintError when the archive is damaged, or holds what a Keras archive never does.
    """

    def __init__(self, path: Path) -> None:
        """The archive at `path`, its list of members checked."""
        self.path = path
        try:
            self._zip = _opened(path)
        except _DAMAGE as error:
            raise EdgelintError(
                path,
                "is not a zip archive: its central directory is missing or broken (file cut off?)",
                hint="download or save the file again",
            ) from error
        try:
            self._members = self._checked()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        """The archive itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Closes the file."""
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all members."""
        return tuple(self._members)

    def text(self, name: str) -> bytes | None:
        """All bytes of a small member, its checksum verified; None when there is none of that name."""
        member = self._members.get(name)
        if member is None:
            return None
        if member.file_size > LARGEST_TEXT:
            raise excess(self.path, f"has a {name} of {member.file_size:,} bytes, too large to be true")
        try:
            with self._zip.open(member) as file:
                data = file.read(member.file_size + 1)
        except _DAMAGE as error:
            raise self._damaged(name, error) from error
        if len(data) != member.file_size:
            raise EdgelintError(self.path, "is damaged: a member has another size than declared", where=name)
        return data

    def attachments(self) -> Iterator[Attachment]:
        """All members, and the archive's comment; the first bytes of those that only the user knows."""
        for place, member in enumerate(self._members.values()):
            known = member.filename in (CONFIG, METADATA, WEIGHTS)
            head = b"" if known or place >= MOST_READ else self._head(member)
            name = f"archive member {printable(member.filename)!r}"
            yield Attachment(name, member.file_size, member.compress_size, head)
        comment = self._zip.comment
        if comment:
            yield Attachment("the archive's comment", len(comment), len(comment), comment[:HEAD_BYTES])

    def _head(self, member: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(member) as file:
                return file.read(HEAD_BYTES)
        except _DAMAGE:
            return b""

    def verify(self, name: str) -> None:
        """Reads a member through, so that a wrong checksum shows; skipped for large ones."""
        member = self._members.get(name)
        most = CHECKED_ELSEWHERE if files.is_elsewhere(self.path) else CHECKED_UP_TO
        if member is None or member.file_size > most:
            return
        try:
            with self._zip.open(member) as file:
                while file.read(2**20):
                    pass
        except _DAMAGE as error:
            raise self._damaged(name, error) from error

    def weights(self) -> Content | None:
        """The HDF5 member to be read anywhere; None when there is none or it is too large to unpack."""
        member = self._members.get(WEIGHTS)
        if member is None:
            return None
        try:
            if member.compress_type == zipfile.ZIP_STORED:
                return Content(self._stored(member), True)
            if member.file_size > LARGEST_UNPACKED:
                return None
            with self._zip.open(member) as file:
                data = file.read(member.file_size + 1)
            return Content(Source(io.BytesIO(data), 0, len(data)), False)
        except _DAMAGE as error:
            raise self._damaged(WEIGHTS, error) from error

    def _stored(self, member: zipfile.ZipInfo) -> Source:
        """The member's bytes in place: the local header's length precedes them."""
        file = files.opened(self.path)
        file.seek(member.header_offset)
        header = file.read(30)
        if len(header) < 30 or header[:4] != ZIP_SIGNATURE:
            file.close()
            raise zipfile.BadZipFile("local header missing")
        start = member.header_offset + 30 + int.from_bytes(header[26:28], "little")
        start += int.from_bytes(header[28:30], "little")
        return Source(file, start, max(min(member.file_size, file.seek(0, os.SEEK_END) - start), 0))

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        members = self._zip.infolist()
        if len(members) > MOST["members"]:
            raise over(self.path, "members", where="its zip directory")
        size = files.status(self.path).st_size
        for member in members:
            name = printable(member.filename)
            if _escapes(member.filename):
                raise EdgelintError(
                    self.path, f"has a zip member that leaves its folder: {name}", code="EL703"
                )
            if member.filename in found:
                raise EdgelintError(self.path, f"has two zip members named {name}")
            if member.compress_size > size or member.header_offset > size:
                raise EdgelintError(self.path, f"is cut off or damaged: zip member {name} ends past its end")
            if member.file_size > max(member.compress_size, 1) * HIGHEST_RATIO:
                raise EdgelintError(
                    self.path, f"has a zip member that claims to unpack without end: {name}", code="EL704"
                )
            if member.flag_bits & 1:
                raise EdgelintError(self.path, f"has an encrypted zip member: {name}")
            if member.compress_type not in METHODS:
                raise EdgelintError(self.path, f"packs zip member {name} in a way that Keras never does")
            found[member.filename] = member
        return found

    def _damaged(self, name: str, error: BaseException) -> EdgelintError:
        reason = "its checksum is wrong" if "CRC" in str(error) else "it cannot be unpacked"
        return EdgelintError(
            self.path, f"is damaged: {reason}", where=name, hint="download or save the file again"
        )


def looks_like_keras(path: Path) -> bool:
    """Whether the zip at `path` has a member that only Keras writes; False for a broken one."""
    try:
        with _opened(path) as archive:
            names = set(archive.namelist())
    except (EdgelintError, *_DAMAGE):
        return False
    return CONFIG in names and (METADATA in names or WEIGHTS in names)


def _opened(path: Path) -> zipfile.ZipFile:
    """The zip at `path`. Raises EdgelintError when its directory is too long to be read, and `_DAMAGE`."""
    file = files.opened(path)
    try:
        file.seek(max(file.seek(0, os.SEEK_END) - LONGEST_TAIL, 0))
        listed = directory(file.read(LONGEST_TAIL))
        if listed and listed.length > MOST["members"] * LARGEST_ENTRY:
            raise over(path, "members", where="its zip directory")
        return _Zip(file)
    except BaseException:
        file.close()
        raise


class _Zip(zipfile.ZipFile):
    """An archive that closes the file it was given."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        super().__init__(content)

    def close(self) -> None:
        super().close()
        self._content.close()


def _escapes(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":"
