"""ONNX models, weights left on disk.

A Constant node becomes a constant value, as every runtime makes it before it runs; the other nodes
keep their place in the file as `Source.index`. Bodies of If, Loop and Scan are graphs of their own:
a name they read from an outer graph is not among their `values`. Local functions are written out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.bounds import capped, excess
from edgelint.errors import EdgelintError
from edgelint.ir import Model, files
from edgelint.loaders import Binding
from edgelint.loaders.limits import over
from edgelint.loaders.onnx.wire import BYTES, VARINT, WireFault, fields

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgelint.ir.files import Bytes
    from edgelint.loaders.onnx.functions import Listed
    from edgelint.loaders.onnx.tensors import TensorReader

FORMATS = ("onnx",)

LARGEST_STRUCTURE = 256 * 2**20
"""Bytes of memory that protobuf may take for everything but weights; 100,000 nodes take 30 MiB."""

_TOP_LEVEL = {number: BYTES for number in (2, 3, 4, 6, 7, 8, 14, 20, 25, 26)} | {1: VARINT, 5: VARINT}
"""ModelProto's fields and their wire types."""

_GRAPH, _OPSET_IMPORT = 7, 8


def matches(head: bytes, path: Path) -> bool:
    """Whether the name says ONNX, or the first bytes walk as a ModelProto up to its graph.

    The format has no magic number; a broken file under its suffix is claimed to be told what is broken.
    """
    if path.suffix.lower() == ".onnx":
        return True
    version = 0
    try:
        for number, wire, _, content, _ in fields(head, 0, len(head)):
            if _TOP_LEVEL.get(number) != wire:
                return False
            if number == 1:
                version = head[content]
            elif number in (_GRAPH, _OPSET_IMPORT):
                break
    except WireFault as fault:
        return version > 0 and _is_long_field(head, fault.offset)
    return version > 0


def load(path: Path, binding: Binding) -> Model:
    """The model in `path`: shapes declared and inferred, sizes of `binding` in place of free dims.

    Raises EdgelintError, naming field, node or value, when the file is broken or contradicts itself.
    """
    model, graphs, reader, size = _parse(path)
    from edgelint.loaders.onnx.attachments import attachments
    from edgelint.loaders.onnx.binding import bind_dims
    from edgelint.loaders.onnx.bodies import gather
    from edgelint.loaders.onnx.functions import inline
    from edgelint.loaders.onnx.graph import Builder
    from edgelint.loaders.onnx.metadata import labels, producer, unfollowed
    from edgelint.loaders.onnx.shapes import infer
    from edgelint.loaders.onnx.symbols import refuse_ambiguous
    from edgelint.loaders.onnx.verify import verify_bodies, verify_model, verify_size

    opsets = verify_model(model, graphs, path)
    graphs, origins = inline(model, graphs, opsets, path)
    verify_size(graphs, path)
    free = bind_dims(model, [graph.proto for graph in graphs], binding)
    bodies = gather(graphs, origins, reader)
    verify_bodies(bodies, path)
    inferred = infer(model, bodies, opsets, path)
    refuse_ambiguous(model, bodies, opsets, path)
    built = Builder(bodies, inferred.types, free, reader).graphs()
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return Model(
        format="onnx",
        path=path,
        graphs=built,
        file_bytes=size,
        producer=producer(model),
        opsets=opsets,
        ir_version=model.ir_version,
        metadata=metadata,
        labels=labels(metadata, built),
        unknowns=(*unfollowed(model, built), *inferred.notes),
        attachments=tuple(attachments(model)),
    )


def _parse(path: Path) -> tuple[ModelProto, list[Listed], TensorReader, int]:
    """The model without payloads, its graphs, what reads its payloads, and the file's size in bytes."""
    from edgelint.loaders.onnx.strip import TooManyFields, strip
    from edgelint.loaders.onnx.tensors import TensorReader

    with files.opened(path) as file:
        size = file.seek(0, 2)
        if not size:
            raise EdgelintError(path, "is empty (0 bytes)")
        with files.mapped(file) as data:
            try:
                stripped = strip(data)
                model, graphs = _message(path, data, stripped.data)
                return model, graphs, TensorReader(path, stripped.token, stripped.payloads), size
            except TooManyFields:
                raise over(path, "fields", where="ModelProto") from None
            except WireFault as fault:
                raise _broken(path, fault, size) from fault


def _message(path: Path, data: Bytes, stripped: bytes) -> tuple[ModelProto, list[Listed]]:
    """The stripped bytes parsed, and the graphs in them; raises WireFault, where `data` is at fault."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import ModelProto

    from edgelint.loaders.onnx.fault import locate
    from edgelint.loaders.onnx.functions import graphs_within
    from edgelint.loaders.onnx.text import is_text

    try:
        with capped(LARGEST_STRUCTURE):
            model = ModelProto.FromString(stripped)
        graphs = graphs_within(model.graph)
        if is_text(model, graphs):
            return model, graphs
    except (DecodeError, MemoryError) as error:
        if "alloc" in str(error) or isinstance(error, MemoryError):
            problem = f"has a graph that takes more than {LARGEST_STRUCTURE >> 20} MiB, without its weights"
            raise excess(path, problem) from error
    raise locate(data, ModelProto.DESCRIPTOR) or WireFault("", 0, "cannot be parsed")


def _broken(path: Path, fault: WireFault, size: int) -> EdgelintError:
    from onnx import ModelProto

    from edgelint.loaders.onnx.fault import title

    return EdgelintError(
        path,
        f"is no whole ONNX model: {title(fault, ModelProto.DESCRIPTOR)} {fault.problem}",
        where=f"offset {fault.offset:#x} of {size:#x}",
        hint="export it again, or check that the download or copy was complete",
    )


def _is_long_field(head: bytes, offset: int) -> bool:
    """Whether a field of bytes that ModelProto has begins at `offset`, longer than `head`."""
    return offset < len(head) and head[offset] & 7 == BYTES and _TOP_LEVEL.get(head[offset] >> 3) == BYTES
