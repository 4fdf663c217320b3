"""Models that are no file yet: bytes, ONNX protos, Keras models, as a file for the time of a check.

The libraries these objects come from are the caller's and imported already; none is imported here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError

Source = Any
"""A path; the bytes of a file; an `onnx.ModelProto`; a Keras model."""


@contextmanager
def on_disk(source: Source) -> Iterator[Path]:
    """The path of `source`: its own, or one in a temporary folder that goes when the block ends.

    Raises EdgelintError for an object of another kind.
    """
    path, folder = spooled(source)
    try:
        yield path
    finally:
        if folder is not None:
            folder.cleanup()


def spooled(source: Source) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    """The path of `source`, and the temporary folder that was made for it, which goes with that object.

    A Keras model is saved with its training configuration, an ONNX model with its weights inside.
    Raises EdgelintError for an object of another kind.
    """
    if is_path(source):
        return Path(source), None
    folder = tempfile.TemporaryDirectory(prefix="edgelint-")
    return _written(source, Path(folder.name)), folder


def is_path(source: Source) -> bool:
    """Whether `source` is the path of a file."""
    return isinstance(source, (str, PathLike))


def _written(source: Source, folder: Path) -> Path:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _file(folder / f"model{_suffix(bytes(source[:8]))}", source)
    if callable(getattr(source, "SerializeToString", None)) and hasattr(source, "opset_import"):
        return _file(folder / "model.onnx", source.SerializeToString())
    if callable(getattr(source, "save", None)) and callable(getattr(source, "get_config", None)):
        path = folder / "model.keras"
        source.save(path)
        return path
    raise EdgelintError(
        Path(),
        f"{type(source).__name__} is no model",
        hint="give a path, the bytes of a file, an onnx.ModelProto or a Keras model",
    )


def _suffix(head: bytes) -> str:
    """The suffix that a file with these first bytes should have."""
    if head[4:8] == b"TFL3":
        return ".tflite"
    return next((suffix for magic, suffix in _MAGIC.items() if head.startswith(magic)), ".onnx")


_MAGIC = {b"\x89HDF": ".h5", b"PK\x03\x04": ".keras"}


def _file(path: Path, data: bytes | bytearray | memoryview) -> Path:
    path.write_bytes(data)
    return path
