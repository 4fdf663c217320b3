"""Where an ONNX file's protobuf is broken, once the parser has refused it.

The parser says only that something is corrupt. This walk knows every message of the format from
its descriptor, and stops at the first byte that cannot be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgelint.loaders.limits import MOST
from edgelint.loaders.onnx.wire import BYTES, DEPTH_LIMIT, WireFault, fields

if TYPE_CHECKING:
    from edgelint.ir.files import Bytes

_STRING, _MESSAGE = 9, 11
"""FieldDescriptor.type of text and of sub-messages."""


def locate(data: Bytes, descriptor: Any) -> WireFault | None:
    """The first fault in the message of type `descriptor` that `data` holds.

    None when there is none, or none in as many fields as are walked.
    """
    try:
        _walk(data, descriptor)
    except WireFault as fault:
        return fault
    return None


def title(fault: WireFault, descriptor: Any) -> str:
    """The field that `fault` is about, as a path from the message of type `descriptor`."""
    path = [descriptor.name]
    for name in filter(None, fault.where.split(".")):
        path.append(name)
        descriptor = descriptor.fields_by_name[name].message_type
    if fault.number:
        known = descriptor.fields_by_number.get(fault.number) if descriptor else None
        path.append(known.name if known else f"field {fault.number}")
    return ".".join(path)


def _walk(data: Bytes, descriptor: Any) -> None:
    """Depth first in file order, by a stack of half-read messages."""
    stack = [(fields(data, 0, len(data)), descriptor, "")]
    for _ in range(MOST["fields"]):
        if not stack:
            return
        found, message, where = stack[-1]
        entry = next(found, None)
        if entry is None:
            stack.pop()
            continue
        number, wire, tag_at, content, behind = entry
        known = message.fields_by_number.get(number)
        if known is None or wire != BYTES:
            continue
        path = f"{where}.{known.name}" if where else known.name
        if known.type == _MESSAGE:
            if len(stack) > DEPTH_LIMIT:
                raise WireFault(path, tag_at, f"is nested more than {DEPTH_LIMIT} deep")
            stack.append((fields(data, content, behind, path), known.message_type, path))
        elif known.type == _STRING and not _is_text(data[content:behind]):
            raise WireFault(path, content, "is not UTF-8 text")


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
