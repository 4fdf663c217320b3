"""Keras's use of HDF5: lists of names, weights and their places, and what is said of the unreadable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgelint.errors import EdgelintError
from edgelint.ir import DType
from edgelint.loaders.keras.hdf5 import HDF5Dataset, opened

h5py = pytest.importorskip("h5py")

Fill = Callable[[Any], None]


@pytest.fixture
def hdf5(tmp_path: Path) -> Callable[..., Path]:
    def write(fill: Fill, **options: Any) -> Path:
        path = tmp_path / "m.h5"
        with h5py.File(path, "w", **options) as file:
            fill(file)
        return path

    return write


def headers(path: Path) -> dict[str, tuple[tuple[int, ...], DType | None]]:
    with opened(path, member=False) as file:
        return {weight.path: (weight.shape, weight.dtype) for weight in file.datasets()}


def test_names_split_over_attributes_are_one_list(hdf5: Callable[..., Path]) -> None:
    names = [f"layer_{place}" for place in range(40)]

    def fill(file: Any) -> None:
        for part in range(4):
            file.attrs[f"layer_names{part}"] = [name.encode() for name in names[part * 10 : part * 10 + 10]]

    with opened(hdf5(fill), member=False) as file:
        assert file.words(file.root, "layer_names") == names
        assert file.words(file.root, "weight_names") is None


def test_backslashes_of_windows_separate_as_slashes_do(hdf5: Callable[..., Path]) -> None:
    path = hdf5(lambda file: file.__setitem__("layers\\dense/w", np.zeros(3, "f4")))
    assert headers(path) == {"layers/dense/w": ((3,), DType.FLOAT32)}
    with opened(path, member=False) as file:
        (weight,) = file.datasets()
    assert HDF5Dataset(path, False, weight.dataset, weight.nbytes).read() == bytes(12)


def test_types_that_no_tensor_has_are_left_open(hdf5: Callable[..., Path]) -> None:
    def fill(file: Any) -> None:
        file["half"], file["flags"] = np.zeros(2, "f2"), np.zeros(2, "?")
        file["opaque"] = np.zeros(2, "V2")

    assert headers(hdf5(fill)) == {
        "flags": ((2,), DType.BOOL),
        "half": ((2,), DType.FLOAT16),
        "opaque": ((2,), None),
    }


def test_a_link_into_another_file_is_a_security_fault(hdf5: Callable[..., Path], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["w"] = np.zeros(3)
    for library in ("earliest", "latest"):
        path = hdf5(
            lambda file: file.__setitem__("layers/w", h5py.ExternalLink("other.h5", "/w")), libver=library
        )
        with pytest.raises(EdgelintError, match="has a link into another file") as caught:
            headers(path)
        assert caught.value.code == "EL702"
        assert caught.value.where == "layers/w"


def test_a_weight_put_together_from_other_files_is_one_too(hdf5: Callable[..., Path]) -> None:
    def fill(file: Any) -> None:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "w", (4,))
        file.create_virtual_dataset("w", layout)

    with pytest.raises(EdgelintError, match="keeps a weight in another file") as caught:
        headers(hdf5(fill, libver="latest"))
    assert caught.value.code == "EL702"


def test_packing_that_is_not_known_is_said_when_the_weight_is_read(hdf5: Callable[..., Path]) -> None:
    def fill(file: Any) -> None:
        data = file.create_dataset("w", (4,), "f4", chunks=(4,), compression=32015, allow_unknown_filter=True)
        data.id.write_direct_chunk((0,), b"packed")

    path = hdf5(fill)
    assert headers(path) == {"w": ((4,), DType.FLOAT32)}
    with pytest.raises(EdgelintError, match="cannot read: a chunk packed by Zstandard") as caught:
        HDF5Dataset(path, False, "w", 16).read()
    assert caught.value.where == "w"


@pytest.mark.parametrize("place", [None, 8])
def test_a_file_that_is_gone_when_a_weight_is_read_is_named(place: int | None, tmp_path: Path) -> None:
    with pytest.raises(EdgelintError, match=r"gone.h5: cannot be read: No such file") as raised:
        HDF5Dataset(tmp_path / "gone.h5", False, "w", 16, place).read()
    assert raised.value.path == tmp_path / "gone.h5"


def test_damage_is_told_with_object_and_offset(hdf5: Callable[..., Path]) -> None:
    def fill(file: Any) -> None:
        file["layers/w"] = np.zeros(3, "f4")

    path = hdf5(fill, libver="latest")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"OHDR")
    data[at + 30] ^= 1
    path.write_bytes(data)
    with pytest.raises(EdgelintError, match="damaged HDF5 file: a checksum is wrong") as caught:
        headers(path)
    assert caught.value.where == f"layers, offset {at:#x}"


def test_a_weight_with_more_elements_than_the_file_has_bytes_is_refused(hdf5: Callable[..., Path]) -> None:
    path = hdf5(lambda file: file.create_dataset("w", (2**40, 3), "f4"))
    with pytest.raises(EdgelintError, match="has no room in it"):
        headers(path)


def test_a_file_that_ends_early_is_cut_off(hdf5: Callable[..., Path]) -> None:
    path = hdf5(lambda file: file.__setitem__("w", np.zeros(3)), userblock_size=512)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EdgelintError, match=f"should have {size - 512} bytes and has {size - 513}"):
        headers(path)
