"""Keras models: v3 `.keras` archives and HDF5 files of Keras 1, 2 and 3.

Told apart here; read in `model`, which is imported when there is one to read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.errors import EdgelintError
from edgelint.ir import files

if TYPE_CHECKING:
    from edgelint.ir import Model
    from edgelint.loaders import Binding

FORMATS = ("keras", "keras-h5")

ZIP_SIGNATURE = b"PK\x03\x04"
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

HIGHEST_RATIO = 1100
"""Deflate cannot shrink anything further than about 1:1032."""

_SUFFIXES = (".keras", ".h5", ".hdf5")
_USER_BLOCKS = tuple(512 << power for power in range(12))
"""Offsets at which an HDF5 file may begin (HDF5 file format specification, §II.A)."""


def matches(head: bytes, path: Path) -> bool:
    """Whether the content is a Keras archive or HDF5, or a broken file that claims to be by its suffix."""
    if head.startswith(HDF5_SIGNATURE):
        return True
    claimed = path.suffix.lower() in _SUFFIXES
    if head.startswith(ZIP_SIGNATURE):
        from edgelint.loaders.keras.archive import looks_like_keras

        return claimed or looks_like_keras(path)
    # 0x08 begins an ONNX file: its IR version.
    return _user_block(path) > 0 or (claimed and head[4:8] != b"TFL3" and head[:1] != b"\x08")


def load(path: Path, binding: Binding) -> Model:
    """The model in `path`, weights left on disk.

    Raises EdgelintError, naming the place, when the file is broken, or holds no architecture (EL907).
    """
    from edgelint.loaders.keras import model

    with files.opened(path) as file:
        head = file.read(len(HDF5_SIGNATURE))
    start = 0 if head == HDF5_SIGNATURE else _user_block(path)
    hdf5 = head == HDF5_SIGNATURE or start > 0
    if head.startswith(ZIP_SIGNATURE) or (path.suffix.lower() == ".keras" and not hdf5):
        return model.load_archive(path, binding)
    if not hdf5:
        raise EdgelintError(
            path,
            f"is not an HDF5 file: it begins with {head.hex(' ')}",
            where="offset 0",
            hint="download or save the file again",
        )
    return model.load_hdf5(path, binding, start)


def _user_block(path: Path) -> int:
    """Offset of an HDF5 signature behind a user block, 0 when there is none."""
    try:
        with files.opened(path) as file:
            for offset in _USER_BLOCKS:
                file.seek(offset)
                if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE:
                    return offset
    except OSError:
        return 0
    return 0
