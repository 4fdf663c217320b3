"""What a model is, whatever its file is called: the identity by which results are kept."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.analysis.weights.reading import READ_BYTES
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.tensor import ExternalFile

if TYPE_CHECKING:
    from edgelint.audit.sources import Item
    from edgelint.ir.model import Model

PIECE = 1 << 20
"""Bytes that are hashed at a time."""

SETTLED = 2_000_000_000
"""Nanoseconds since the last change after which a file's times tell that it is still the same: within the
clock's coarsest step two changes look like one."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a model file. key: what results are kept by: its SHA-256, else what a store calls it.

    sha256: "" where it was not read whole. size: bytes, None where that is not known.
    """

    key: str
    sha256: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside a model that holds some of its weights.

    stamp: its `stamp` when it was read, or OUTSIDE. sha256: of its content; "" where nothing of it was read.
    size: its bytes, where it was read.
    """

    name: str
    stamp: str
    sha256: str
    size: int

    def unchanged(self, folder: Path) -> bool:
        """Whether the file in `folder` is still what it was."""
        path = folder / self.name
        outside = ExternalFile(folder, self.name, 0, None).escapes
        if outside or self.stamp == OUTSIDE:
            return outside and self.stamp == OUTSIDE
        if self.stamp and stamp(path) == self.stamp:
            return True
        return bool(self.sha256) and files.size(path) == self.size and _hash_or_none(path) == self.sha256


ABSENT = "absent"
"""The stamp of a file that is not there."""

OUTSIDE = "outside"
"""The stamp of what leads out of the model's folder: what it says, or a link, which may change."""


def stamp(path: Path) -> str:
    """What is different after a change of the file, without reading it; "" where that cannot be told yet."""
    try:
        found = os.stat(path)
    except OSError:
        return ABSENT
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < SETTLED:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"


def version(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file was written or replaced meanwhile; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def told_content(item: Item) -> Content | None:
    """What the store of `item` says about its content without a look into it; None where it says nothing."""
    key = item.sha256 or item.identity
    return Content(key, item.sha256, item.size) if key else None


def content_of(path: Path) -> Content:
    """The content of a file, read as a stream; of one elsewhere, what is known of it.

    Raises EdgelintError when it cannot be read.
    """
    if files.is_elsewhere(path):
        from edgelint.audit.remote import content_of

        return content_of(path)
    digest, size = hashlib.sha256(), 0
    try:
        if not path.is_file():
            raise EdgelintError(path, "is not a regular file" if path.exists() else "does not exist")
        for piece in _pieces(path):
            digest.update(piece)
            size += len(piece)
    except OSError as error:
        raise EdgelintError(path, f"cannot be read: {error.strerror}") from error
    return Content(digest.hexdigest(), digest.hexdigest(), size)


def companions_of(model: Model, weights: bool | None) -> tuple[Companion, ...]:
    """The files that `model` names as holders of its weights, in name order.

    weights: whether rules read them, as in `Settings`; what they do not read is not hashed.
    """
    found = {each.location: each for each in _external(model)}
    # Elsewhere there are no links: what leads out of the folder there does so for ever.
    beside = [each for each in found.values() if not (each.escapes and files.is_elsewhere(each.path))]
    return tuple(_companion(each, weights) for each in sorted(beside, key=lambda each: each.location))


def _external(model: Model) -> Iterator[ExternalFile]:
    for graph in model.graphs:
        for value in graph.values.values():
            if value.tensor is not None and isinstance(value.tensor.storage, ExternalFile):
                yield value.tensor.storage


def _companion(file: ExternalFile, weights: bool | None) -> Companion:
    if file.escapes:
        return Companion(file.location, OUTSIDE, "", 0)
    before = stamp(file.path)
    if before == ABSENT:
        # Or elsewhere, where results are not found again by what lies beside a model.
        return Companion(file.location, ABSENT, "", 0)
    size = files.size(file.path)
    wanted = weights or (weights is None and size <= READ_BYTES)
    return Companion(file.location, before, (_hash_or_none(file.path) or "") if wanted else "", size)


def _hash_or_none(path: Path) -> str | None:
    try:
        return content_of(path).sha256
    except EdgelintError:
        return None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            yield piece
