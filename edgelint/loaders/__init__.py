"""From a file to a Model: sniff the content, call the loader of that format.

A loader is a module with `FORMATS`, `matches(head, path)` and `load(path, binding)`; `LOADERS`
lists them. Nothing outside this package knows a file format.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.model import Model, Shape

HEAD_BYTES = 512
"""Bytes of a file that are looked at to tell its format."""

SUFFIXES = {
    ".tflite": "tflite",
    ".lite": "tflite",
    ".onnx": "onnx",
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
}
"""Suffixes a directory is searched for, and the family each one claims."""

TITLES = {"tflite": "a TFLite model", "onnx": "an ONNX model", "keras": "a Keras model"}


@dataclass(frozen=True, slots=True)
class Binding:
    """Numbers for dims that a file leaves free.

    dims: symbol to size, from `--dim NAME=N`.
    batch: size of the batch of each graph input, where it is free (`batch_axis`); None leaves it free.
    """

    dims: Mapping[str, int] = field(default_factory=dict)
    batch: int | None = None


def batch_axis(shape: Shape | None) -> int | None:
    """The axis of an input's free batch: one that is called so, else the first if that is free."""
    if not shape:
        return None
    for axis, dim in enumerate(shape):
        if isinstance(dim, str) and "batch" in dim.lower():
            return axis
    return None if isinstance(shape[0], int) else 0


class Loader(Protocol):
    """What a loader module offers."""

    def matches(self, head: bytes, path: Path) -> bool:
        """Whether the first HEAD_BYTES bytes, or a cheap look into `path`, are this format."""

    def load(self, path: Path, binding: Binding) -> Model:
        """The model in `path`, weights left on disk.

        Raises EdgelintError, naming the field, when the file is broken.
        """


LOADERS = {
    "tflite": "edgelint.loaders.tflite",
    "keras": "edgelint.loaders.keras",
    "onnx": "edgelint.loaders.onnx",
}
"""Format family to loader module, in the order they are asked; ONNX last, as it has no magic."""


def load(path: Path | str, binding: Binding | None = None) -> Model:
    """The model in `path`.

    Raises EdgelintError (code EL901 or a more special one) for whatever is not a readable model.
    """
    path = Path(path)
    head = _head(path)
    _refuse_lookalikes(path, head)
    claimed = SUFFIXES.get(path.suffix.lower())
    for family, module in LOADERS.items():
        loader: Loader = import_module(module)
        if loader.matches(head, path):
            if claimed and claimed != family:
                raise EdgelintError(
                    path,
                    f"is {TITLES[family]} under the suffix {path.suffix}",
                    hint="rename it, so that tools which go by the suffix read it too",
                    code="EL902",
                )
            try:
                return loader.load(path, binding or Binding())
            except EdgelintError:
                raise
            except (MemoryError, RecursionError, OSError) as error:
                raise EdgelintError(path, _reason(error)) from error
    if claimed:
        raise EdgelintError(
            path,
            f"is not {TITLES[claimed]}: it begins with {head[:8].hex(' ')}",
            where="offset 0",
            hint="export it again, or check that the download or copy was complete",
        )
    raise EdgelintError(path, "is no model edgelint can read (TFLite, ONNX, Keras)", where="offset 0")


def is_model_name(name: str) -> bool:
    """Whether `name`, of a file or at the end of a URL, ends as those of models do."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def is_model(path: Path) -> bool:
    """Whether `path` is named as a model is, or what is there now looks like one; broken ones do, too."""
    if is_model_name(path.name):
        return True
    try:
        head = _head(path)
    except EdgelintError:
        return False
    return any(import_module(module).matches(head, path) for module in LOADERS.values())


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return "needs more memory than there is" if isinstance(error, MemoryError) else "is nested too deeply"


def _head(path: Path) -> bytes:
    try:
        mode = files.status(path).st_mode
        if stat.S_ISDIR(mode):
            raise EdgelintError(path, "is a directory")
        if not stat.S_ISREG(mode):
            raise EdgelintError(path, "is not a regular file")
        with files.opened(path) as file:
            return file.read(HEAD_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {reason}"
        raise EdgelintError(path, problem) from error


def _refuse_lookalikes(path: Path, head: bytes) -> None:
    if not head:
        raise EdgelintError(path, "is empty (0 bytes)", hint="export or download it again", code="EL903")
    if head.startswith(b"version https://git-lfs"):
        raise EdgelintError(
            path,
            "is a Git LFS pointer, not the model",
            hint="run `git lfs pull` (in GitHub Actions: actions/checkout with lfs: true)",
            code="EL904",
        )
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise EdgelintError(
            path,
            "is a web page, not a model",
            hint="the download link led to a page; fetch the raw file",
            code="EL905",
        )
    if _is_link_text(head):
        raise EdgelintError(
            path,
            f"is the text of a symbolic link to {head.decode().strip()!r}",
            hint="check the repository out with symbolic links enabled",
            code="EL906",
        )


def _is_link_text(head: bytes) -> bool:
    """A checkout without symlinks leaves the target path as the file's text."""
    if len(head) == HEAD_BYTES or not head.isascii():
        return False
    text = head.decode("ascii").strip()
    return text.isprintable() and "/" in text and " " not in text and is_model_name(text)
