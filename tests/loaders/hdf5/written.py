"""HDF5 files as h5py writes them, and what this reader and h5py make of them, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgelint.loaders.hdf5 import Dataset, File, Group, Source

h5py = pytest.importorskip("h5py")

Facts = dict[str, Any]
LIBRARIES = ("earliest", "v108", "latest")


def written(path: Path, fill: Callable[[Any], None], **options: Any) -> Path:
    """The file at `path`, which `fill` was given to fill."""
    with h5py.File(path, "w", **options) as file:
        fill(file)
    return path


def opened(path: Path) -> File:
    """The file at `path`, all of it in memory."""
    data = path.read_bytes()
    return source_of(data)


def source_of(data: bytes) -> File:
    """The file that `data` is."""
    import io

    return File(Source(io.BytesIO(data), 0, len(data)))


def read(path: Path) -> Facts:
    """Every dataset of the file at `path`: shape, type, order of bytes and elements, by this reader."""
    return {name: facts(dataset) for name, dataset in opened(path).root.datasets()}


def facts(dataset: Dataset) -> tuple[Any, ...]:
    """What one dataset is and holds."""
    return dataset.shape, dataset.datatype.size, b"".join(dataset.bands())


def expected(path: Path) -> Facts:
    """The same by h5py."""
    found: Facts = {}

    def visit(group: Any, prefix: str) -> None:
        for name in group:
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item, f"{prefix}{name}/")
            elif isinstance(item, h5py.Dataset):
                found[f"{prefix}{name}"] = _facts(item)

    with h5py.File(path) as file:
        visit(file, "")
    return found


def _facts(item: Any) -> tuple[Any, ...]:
    if item.shape is None:
        return (0,), item.dtype.itemsize, b""
    value = np.asarray(item[()])
    return item.shape, item.dtype.itemsize, value.astype(value.dtype.newbyteorder("<")).tobytes()


def attributes(group: Group, names: list[str]) -> Facts:
    """Attributes by name, as this reader gives them."""
    return {name: group.attribute(name) for name in names}


def expected_attributes(path: Path, group: str = "/") -> Facts:
    """The same by h5py."""
    with h5py.File(path) as file:
        return {name: _plain(value) for name, value in file[group].attrs.items()}


def _plain(value: Any) -> Any:
    """Texts as bytes, arrays flat, numbers as Python's."""
    if isinstance(value, h5py.Empty):
        return []
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.reshape(-1)]
    return value.item() if hasattr(value, "item") and not isinstance(value, bytes) else value
