"""The byte strings of a model that could be a file of their own, by their first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from edgelint.analysis.files.kinds import FileKind, file_kind
from edgelint.analysis.operands import named
from edgelint.deferred import dataclass
from edgelint.ir.attachment import HEAD_BYTES
from edgelint.ir.files import opened
from edgelint.ir.model import Graph, Model, Node
from edgelint.ir.tensor import FileRange, Inline, Tensor
from edgelint.printable import printable

SMALLEST = 64
"""Bytes of the smallest file that is worth a look: an ELF header has as many."""

_SHORTEST = SMALLEST // 4
"""Characters of the shortest text that may take as many."""

MOST_CONSTANTS = 20_000
"""Constants that are looked into: a read of a page each."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A file inside the model.

    place: where it lies, a phrase that is safe to print. graph, node: whose attribute it is, or None.
    """

    place: str
    nbytes: int
    kind: FileKind
    graph: Graph | None = None
    node: Node | None = None


def payloads(model: Model) -> tuple[Payload, ...]:
    """Every program and archive among the attachments, attributes and constants of `model`.

    Reads the first 4 KiB of each at most; nothing of files beside the model.
    """
    return tuple(_found(model))


def _found(model: Model) -> Iterator[Payload]:
    for attachment in model.attachments:
        kind = file_kind(attachment.head)
        if kind is not None:
            yield Payload(attachment.place, attachment.nbytes, kind)
    with _Files() as files:
        for graph, node in model.nodes():
            for name, content in node.attributes.items():
                if not isinstance(content, _HELD) or (isinstance(content, str) and len(content) < _SHORTEST):
                    continue
                head, size = files.head(content)
                kind = file_kind(head) if head else None
                if kind is not None:
                    yield Payload(printable(name.replace("_", " ")), size, kind, graph, node)
        left = MOST_CONSTANTS
        for graph in model.graphs:
            for value in graph.values.values():
                if value.tensor is None or value.tensor.nbytes < SMALLEST or left == 0:
                    continue
                left -= 1
                head, size = files.head(value.tensor)
                kind = file_kind(head) if head else None
                if kind is not None:
                    yield Payload(f"the constant {named(value)}", size, kind)


_HELD = (Tensor, Inline, FileRange, str, bytes)
"""What has bytes of its own."""


class _Files(ExitStack):
    """The files that constants lie in, each opened once."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[Path, BinaryIO | None] = {}

    def head(self, content: object) -> tuple[bytes, int]:
        """The first bytes of an attribute or a constant, and how many there are; none of what has none."""
        if isinstance(content, Tensor):
            content = content.storage
        if isinstance(content, Inline):
            content = content.data
        if isinstance(content, str):
            content = _encoded(content[:HEAD_BYTES])
        if isinstance(content, bytes):
            return (content[:HEAD_BYTES], len(content)) if len(content) >= SMALLEST else (b"", 0)
        if isinstance(content, FileRange) and content.length >= SMALLEST:
            return self._read(content), content.length
        return b"", 0

    def _read(self, place: FileRange) -> bytes:
        try:
            if place.path not in self._open:
                self._open[place.path] = self.enter_context(opened(place.path, buffering=0))
            file = self._open[place.path]
            if file is None:
                return b""
            file.seek(place.offset)
            return file.read(min(place.length, HEAD_BYTES))
        except OSError:
            self._open[place.path] = None
            return b""


def _encoded(text: str) -> bytes:
    """The bytes that a file has for `text`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # JSON can hold half of a pair of surrogates.
        return text.encode("utf-8", "surrogatepass")
