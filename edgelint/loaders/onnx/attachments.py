"""What an ONNX file carries besides its network: metadata, and fields that the format does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgelint.ir.attachment import HEAD_BYTES, Attachment
from edgelint.loaders.onnx.wire import BYTES
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import ModelProto

SMALLEST = 32
"""Bytes below which nothing can be hidden."""


def attachments(model: ModelProto) -> Iterator[Attachment]:
    """Metadata entries, and what parsers skip because its field number is unknown."""
    for entry in model.metadata_props:
        content = entry.value.encode("utf-8", "surrogateescape")
        if len(content) > SMALLEST:
            name = f"metadata {printable(entry.key)!r}"
            yield Attachment(name, len(content), len(content), content[:HEAD_BYTES])
    for message, word in ((model, "the model"), (model.graph, "the graph")):
        for number, content in _unknown(message):
            if len(content) > SMALLEST:
                name = f"field {number} of {word}, which ONNX does not have"
                yield Attachment(name, len(content), len(content), content[:HEAD_BYTES])


def _unknown(message: Any) -> Iterator[tuple[int, bytes]]:
    from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]

    for field in UnknownFieldSet(message):
        if field.wire_type == BYTES:
            yield field.field_number, bytes(field.data)
