"""What a TFLite file says about itself: metadata entries, and label files in the ZIP behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.files import Bytes
from edgelint.ir.tensor import Storage
from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.flatbuffer import FlatBuffer, Malformed, Record, Schema
from edgelint.loaders.tflite.schema import CONVERSION_METADATA, MODEL_METADATA
from edgelint.loaders.zip_directory import LONGEST_TAIL, directory
from edgelint.printable import printable

MAX_TEXT = 1024
"""Bytes of a metadata entry that can still be a text to show."""

MAX_METADATA = 16 * 2**20
"""Bytes of a metadata entry that is read as a flatbuffer."""

MAX_MEMBERS = 1024
"""Files in the ZIP behind the model."""

MAX_DIRECTORY_BYTES = 2**20
"""Bytes of that ZIP's directory."""

MAX_LABEL_BYTES = 2**20
"""Bytes of a label file, unpacked."""

MAX_LABELS = 100_000
"""Lines of a label file."""

_LABEL_TYPES = (2, 3)
"""AssociatedFileType: TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS."""

_KINDS = {1: "feature", 2: "image", 3: "boxes", 4: "audio"}
"""ContentProperties by their number in the union."""

_NORMALIZATION = 1
"""NormalizationOptions among ProcessUnitOptions."""

_TEXTS = ("name", "description", "version", "author", "license")


class About(NamedTuple):
    """What the file says besides its graphs.

    producer: the converter. texts: `description`, `metadata.name` and the like, `metadata.files` (a name
    a line), `metadata.inputs` (a line for each: "image", "normalized image", …), and every metadata
    entry that is a short text. buffers: every metadata entry's bytes.
    labels: class names in order.
    """

    producer: str
    texts: Mapping[str, str]
    buffers: Mapping[str, Storage]
    labels: tuple[str, ...]


def read_metadata(buffers: Buffers, model: Record, data: Bytes) -> About:
    """The metadata of `model`, whose file is `data`."""
    texts: dict[str, str] = {}
    if model["description"]:
        texts["description"] = model["description"]
    entries: dict[str, Storage] = {}
    parsed: dict[str, Record] = {}
    for index, entry in enumerate(model["metadata"]):
        name = entry["name"] or ""
        span = buffers.span(entry["buffer"], f"metadata {index} {printable(name)!r}")
        if span is None or name in entries:
            continue
        entries[name] = buffers.storage(span)
        if name in _PARSED and span.length <= MAX_METADATA:
            parsed[name] = _parse(buffers, name, buffers.read(span))
        elif span.length <= MAX_TEXT and (text := _text(buffers.read(span))):
            texts[name] = text
    described = parsed.get("TFLITE_METADATA", {})
    texts |= {f"metadata.{field}": described[field] for field in _TEXTS if described.get(field)}
    if files := _files(described):
        texts["metadata.files"] = "\n".join(files)
    if inputs := _inputs(described):
        texts["metadata.inputs"] = "\n".join(inputs)
    return About(
        producer=_producer(parsed.get("CONVERSION_METADATA", {}), texts),
        texts=texts,
        buffers=entries,
        labels=_labels(buffers.path, data, _label_files(described)),
    )


_PARSED: dict[str, tuple[Schema, str]] = {
    "TFLITE_METADATA": (MODEL_METADATA, "ModelMetadata"),
    "CONVERSION_METADATA": (CONVERSION_METADATA, "ConversionMetadata"),
}


def _parse(buffers: Buffers, name: str, data: bytes) -> Record:
    schema, root = _PARSED[name]
    try:
        return FlatBuffer(data, schema).root(root)
    except Malformed as error:
        raise EdgelintError(
            buffers.path, f"has damaged metadata: {error.problem}", where=f"{name}, {error.where}"
        ) from error


def _text(data: bytes) -> str:
    """The text in `data` without the zeros that pad it, "" when it is none."""
    try:
        text = data.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if all(character.isprintable() or character in "\r\n\t" for character in text) else ""


def _producer(conversion: Record, texts: Mapping[str, str]) -> str:
    version = (conversion.get("environment") or {}).get("tensorflow_version")
    return f"tensorflow {version}" if version else texts.get("description", "")


def _label_files(described: Record) -> list[str]:
    """Label files of the outputs, those without a locale or in English first."""
    files = [
        file
        for graph in described.get("subgraph_metadata", ())[:1]
        for tensor in graph["output_tensor_metadata"]
        for file in tensor["associated_files"]
        if file["type"] in _LABEL_TYPES and file["name"]
    ]
    return [file["name"] for file in sorted(files, key=lambda file: (file["locale"] or "en")[:2] != "en")]


def _files(described: Record) -> list[str]:
    """Names of all files that the metadata says are in the ZIP, each once."""
    graphs = described.get("subgraph_metadata", ())
    tensors = [
        tensor
        for graph in graphs
        for side in ("input_tensor_metadata", "output_tensor_metadata")
        for tensor in graph[side]
    ]
    owners = [described, *graphs, *tensors] if described else []
    names = (file["name"] for owner in owners for file in owner["associated_files"] if file["name"])
    return list(dict.fromkeys(names))[:MAX_MEMBERS]


def _inputs(described: Record) -> list[str]:
    """What the metadata says of each input of the first graph: its kind, and whether it is normalized."""
    graphs = described.get("subgraph_metadata", ())
    found = []
    for tensor in graphs[0]["input_tensor_metadata"] if graphs else ():
        kind = (tensor["content"] or {}).get("content_properties_type", 0)
        units = tensor["process_units"]
        normalized = any(unit["options_type"] == _NORMALIZATION and unit["options"] for unit in units)
        found.append(("normalized " if normalized else "") + _KINDS.get(kind, "tensor"))
    return found[:MAX_MEMBERS]


def _labels(path: Path, data: Bytes, wanted: Sequence[str]) -> tuple[str, ...]:
    """The lines of the first label file in the ZIP behind the model.

    Without metadata that names one, a text file called something with "label" is taken when it is
    the only one. A damaged ZIP has no labels: the model itself is whole without it.
    """
    if not has_small_zip(data):
        return ()
    import zipfile
    import zlib

    try:
        with files.opened(path) as opened, zipfile.ZipFile(opened) as archive:
            members = {info.filename: info for info in archive.infolist()}
            likely = [name for name in members if name.endswith(".txt") and "label" in name.lower()]
            for name in wanted or (likely if len(likely) == 1 else ()):
                if name in members and 0 < members[name].file_size <= MAX_LABEL_BYTES:
                    with archive.open(members[name]) as file:
                        return _lines(file.read(MAX_LABEL_BYTES))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return ()
    return ()


def has_small_zip(data: Bytes) -> bool:
    """Whether the file ends in a ZIP with a directory of bounded size."""
    listed = directory(data[max(len(data) - LONGEST_TAIL, 0) :])
    return listed is not None and listed.members <= MAX_MEMBERS and listed.length <= MAX_DIRECTORY_BYTES


def _lines(data: bytes) -> tuple[str, ...]:
    lines = data.decode("utf-8", "replace").rstrip().splitlines()
    return tuple(line.strip() for line in lines[:MAX_LABELS])
