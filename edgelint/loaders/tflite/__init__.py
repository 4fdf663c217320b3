"""TFLite flatbuffers (schema v3), read over mmap with every offset checked; weights stay on disk.

Told from others here; read in `model`, which is imported when there is one to read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgelint.ir import Model
    from edgelint.loaders import Binding

FORMATS = ("tflite",)


def matches(head: bytes, path: Path) -> bool:
    """Whether the file's first bytes are a TFLite file's: the identifier TFL3 at offset 4."""
    return head[4:8] == b"TFL3"


def load(path: Path, binding: Binding) -> Model:
    """The model in `path`, weights left on disk.

    Raises EdgelintError, naming the field or the operator, when the file is broken.
    """
    from edgelint.loaders.tflite import model

    return model.load(path, binding)
