"""Constants read a piece at a time: the same bytes as read at once, whatever stores them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgelint.errors import EdgelintError
from edgelint.ir import DType, ExternalFile, FileRange, Inline, Storage, Tensor
from edgelint.ir.tensor import regrouped
from edgelint.loaders.keras.hdf5 import HDF5Dataset, opened
from edgelint.loaders.onnx.tensors import VarintRange

CONTENT = bytes(range(256)) * 4
CUTS = ([1024], [1, 1023], [100] * 10 + [24], [512, 512])


@dataclass(frozen=True)
class Whole:
    """A storage of another kind, which can only be read at once."""

    def read(self) -> bytes:
        return CONTENT


def in_file(folder: Path) -> Storage:
    (folder / "m.bin").write_bytes(b"before" + CONTENT + b"after")
    return FileRange(folder / "m.bin", 6, 1024)


def external(folder: Path) -> Storage:
    (folder / "w.bin").write_bytes(b"xy" + CONTENT)
    return ExternalFile(folder, "w.bin", 2, None)


def varints(folder: Path) -> Storage:
    octets = b"".join(bytes([octet]) if octet < 0x80 else bytes([octet, 1]) for octet in CONTENT)
    (folder / "v.bin").write_bytes(octets)
    return VarintRange(folder / "v.bin", 0, len(octets), 1024, 1)


def hdf5(folder: Path, **how: Any) -> Storage:
    h5py = pytest.importorskip("h5py")
    path = folder / "w.h5"
    data = np.frombuffer(CONTENT, "<f4").reshape(32, 8)
    user_block = how.pop("userblock_size", None)
    with h5py.File(path, "w", **({"userblock_size": user_block} if user_block else {})) as file:
        file.create_dataset("layer/kernel", data=data.astype(how.pop("dtype", "<f4")), **how)
    return stored(path, member=False)


def archived(folder: Path, compression: int) -> Storage:
    hdf5(folder)
    path = folder / "m.keras"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("config.json", "{}")
        archive.write(folder / "w.h5", "model.weights.h5")
    return stored(path, member=True)


def stored(path: Path, member: bool) -> Storage:
    with opened(path, member) as file:
        (header,) = file.datasets()
    return HDF5Dataset(path, member, header.dataset, header.nbytes, header.place)


STORAGES: dict[str, Callable[[Path], Storage]] = {
    "in memory": lambda folder: Inline(CONTENT),
    "in the file": in_file,
    "in another file": external,
    "as varints": varints,
    "read at once": lambda folder: Whole(),
    "HDF5": hdf5,
    "HDF5, big-endian": lambda folder: hdf5(folder, dtype=">f4"),
    "HDF5, in chunks": lambda folder: hdf5(folder, chunks=(3, 5)),
    "HDF5, compressed": lambda folder: hdf5(folder, chunks=(4, 8), compression="gzip", shuffle=True),
    "HDF5 in a zip": lambda folder: archived(folder, zipfile.ZIP_STORED),
    "HDF5 in a zip, compressed": lambda folder: archived(folder, zipfile.ZIP_DEFLATED),
}


@pytest.mark.parametrize("cuts", CUTS, ids=len)
@pytest.mark.parametrize("storage", STORAGES.values(), ids=STORAGES)
def test_pieces_are_the_bytes_in_order(
    storage: Callable[[Path], Storage], cuts: list[int], tmp_path: Path
) -> None:
    made = storage(tmp_path)
    pieces = list(Tensor(DType.UINT8, (1024,), 1024, made).pieces(cuts))
    assert [len(piece) for piece in pieces] == cuts
    assert b"".join(pieces) == made.read() == CONTENT


def test_contiguous_weights_of_both_containers_are_read_in_place(tmp_path: Path) -> None:
    for storage in (hdf5(tmp_path), archived(tmp_path, zipfile.ZIP_STORED)):
        assert isinstance(storage, HDF5Dataset)
        assert storage.place is not None


def test_places_count_from_behind_a_user_block(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["kernel"] = np.frombuffer(CONTENT, "<f4")
    storage = stored(path, member=False)
    assert isinstance(storage, HDF5Dataset)
    assert storage.place is not None
    assert storage.read() == CONTENT


def test_varints_that_are_too_many_or_never_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    for octets in (b"\x01\x02\x03", b"\x01\x82", b"\x80" * 64 + b"\x01"):
        path.write_bytes(octets)
        with pytest.raises(EdgelintError, match="numbers for 2"):
            VarintRange(path, 0, len(octets), 2, 1).read()


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 9)))
def test_regrouping_keeps_every_byte_and_stops_where_they_end(parts: list[bytes], lengths: list[int]) -> None:
    whole, found = b"".join(parts), list(regrouped(parts, lengths))
    assert whole.startswith(b"".join(found))
    assert [len(piece) for piece in found] == lengths[: len(found)]
    assert len(found) == len(lengths) or sum(lengths[: len(found) + 1]) > len(whole)
