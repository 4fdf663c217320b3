"""What a model file carries besides the network."""

from __future__ import annotations

from edgelint.deferred import dataclass

HEAD_BYTES = 4096
"""Bytes that are kept of an attachment: enough to tell what kind of file it is."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in the model's archive, a metadata entry, or bytes that belong to nothing.

    place: where it lies, a phrase with the file's own, possibly hostile, name in it
        ("archive member 'assets/vocabulary.txt'", "the bytes behind the model").
    nbytes: its size, unpacked. packed: bytes that it takes in the file, where they are fewer.
    head: its first bytes, at most HEAD_BYTES; b"" where they were not read.
    """

    place: str
    nbytes: int
    packed: int
    head: bytes = b""
