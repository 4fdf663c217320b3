"""HDF5 files that were damaged or made to do harm: always an answer or one error, soon, and little memory."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgelint.loaders.hdf5 import (
    Damaged,
    Dataset,
    File,
    Group,
    HDF5Error,
    LeadsElsewhere,
    LiesElsewhere,
    Unreadable,
)
from edgelint.loaders.hdf5.checksum import lookup3
from tests.loaders.hdf5.written import h5py, opened, source_of, written

CHECKED = ("btree_v2", "arrays", "fractal_heap", "checksum")
"""Modules that verify checksums, which would keep damage away from what is behind them."""

FORMS = [("earliest", False), ("earliest", True), ("latest", False), ("latest", True)]
MOST_READ = 2**22
"""Bytes of elements that are read of a dataset that may be damaged."""


def sample(library: str, ordered: bool) -> bytes:
    """A small file with something of everything."""
    out = io.BytesIO()
    grid = np.arange(40, dtype=">f4").reshape(8, 5)
    with h5py.File(out, "w", libver=library, track_order=ordered) as file:
        file["a/b/w"], file["a/k"] = np.arange(6, dtype="f4").reshape(2, 3), np.float64(3)
        packed = {"compression": "gzip", "shuffle": True, "fletcher32": True}
        file.create_dataset("grows", data=grid, chunks=(3, 2), maxshape=(None, 5), **packed)
        file.create_dataset("grows twice", data=grid, chunks=(3, 2), maxshape=(None, None))
        file.create_dataset("fixed", data=grid, chunks=(3, 2), compression="lzf")
        file["soft"] = h5py.SoftLink("/a/b")
        file.attrs["text"], file.attrs["names"], file.attrs["long names"] = "text", [b"a", b"bb"], ["q", "r"]
        many = file.create_group("many")
        for place in range(12):
            many.create_group(f"g{place}")
            many.attrs[f"a{place}"] = place
    return out.getvalue()


def use(data: bytes) -> None:
    """Reads all there is in `data`; HDF5Error is the only way out."""
    file = source_of(data)
    for name in ("text", "names", "long names"):
        tried(file.root, name)
    many = file.root.get("many")
    if isinstance(many, Group):
        tried(many, "a5")
    for _, dataset in file.root.datasets():
        if dataset.nbytes <= MOST_READ:
            try:
                list(dataset.bands())
            except HDF5Error:
                continue


def tried(group: Group, name: str) -> None:
    try:
        group.attribute(name)
    except HDF5Error:
        return


def survives(data: bytes) -> bool:
    """Whether nothing was wrong with `data`, or an error said so."""
    try:
        use(data)
    except HDF5Error:
        return False
    return True


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets wrong checksums pass."""
    for module in CHECKED:
        monkeypatch.setattr(f"edgelint.loaders.hdf5.{module}.verify", lambda data, offset: None)


@pytest.mark.parametrize(("library", "ordered"), FORMS)
def test_a_sound_sample_is_read_to_the_end(library: str, ordered: bool) -> None:
    assert survives(sample(library, ordered))


@pytest.mark.parametrize(("library", "ordered"), FORMS[::3])
def test_a_file_cut_anywhere_never_raises_anything_else(library: str, ordered: bool) -> None:
    out = io.BytesIO()
    with h5py.File(out, "w", libver=library, track_order=ordered) as file:
        file["a/w"] = np.arange(6, dtype="f4")
        file.create_dataset("b", data=np.zeros((4, 4)), chunks=(2, 2), compression="gzip")
        file.attrs["names"] = [b"a", b"bb"]
    data = out.getvalue()
    for end in range(len(data)):
        survives(data[:end])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.usefixtures("unchecked")
def test_a_damaged_file_never_raises_anything_else(seed: int) -> None:
    dice = random.Random(seed)
    sound = sample(*FORMS[seed % len(FORMS)])
    for _ in range(120):
        data = bytearray(sound)
        for _ in range(dice.choice((1, 1, 2, 5))):
            at, width = dice.randrange(len(data) - 8), dice.choice((1, 2, 4, 8))
            wild = dice.choice(
                (0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), len(data), at, dice.randrange(256))
            )
            data[at : at + width] = (wild % 2 ** (8 * width)).to_bytes(width, "little")
        survives(bytes(data))


class TestLoops:
    def test_a_group_within_itself_ends(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file["g/w"] = np.zeros(2)
            file["g/back"] = file["/"]

        with pytest.raises(Damaged, match="its groups never end") as caught:
            list(opened(written(tmp_path / "f.h5", fill)).root.datasets())
        assert caught.value.path.startswith("g/back/g/back/")

    def test_links_by_path_in_a_circle_end(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")

        root = opened(written(tmp_path / "f.h5", fill)).root
        with pytest.raises(Damaged, match="lead in circles"):
            root.get("x")

    def test_a_link_to_nothing_is_damage(self, tmp_path: Path) -> None:
        root = opened(
            written(tmp_path / "f.h5", lambda file: file.__setitem__("x", h5py.SoftLink("/y")))
        ).root
        assert root.get("x") is None
        with pytest.raises(Damaged, match="leads nowhere"):
            list(root.datasets())

    @pytest.mark.parametrize("signature", [b"TREE", b"SNOD", b"HEAP"])
    def test_a_tree_that_points_at_itself_ends(self, signature: bytes) -> None:
        data = sample("earliest", False)
        at = data.index(signature)
        address = struct.pack("<Q", at)
        for spot in range(at, min(at + 600, len(data) - 8), 8):
            survives(data[:spot] + address + data[spot + 8 :])

    def test_a_header_that_continues_in_itself_ends(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            for place in range(30):
                file.attrs[f"a{place}"] = place

        data = written(tmp_path / "f.h5", fill).read_bytes()
        root = struct.unpack_from("<Q", data, 24 + 32 + 8)[0]
        at = data.index(struct.pack("<HH", 0x10, 16), root)
        looped = data[: at + 8] + struct.pack("<Q", root + 16) + data[at + 16 :]
        with pytest.raises(Damaged, match="continues in itself"):
            assert source_of(looped).root


class TestClaims:
    def test_dims_of_2_to_63_are_told_and_cost_nothing(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.h5", lambda file: file.create_dataset("w", (4321, 1234), "f4"))
        data = path.read_bytes().replace(struct.pack("<Q", 4321), struct.pack("<Q", 2**63))
        dataset = source_of(data).root.get("w")
        assert isinstance(dataset, Dataset)
        assert dataset.nbytes == 2**63 * 1234 * 4
        assert len(next(iter(dataset.bands()))) < 2**23

    def test_chunks_without_end_are_refused_before_they_are_counted(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file.create_dataset("w", (4321, 3), "f4", chunks=(1, 1), maxshape=(9999, 3), fillvalue=1)[0] = 2

        path = written(tmp_path / "f.h5", fill, libver="latest")
        sound = path.read_bytes()
        at = sound.index(struct.pack("<Q", 4321))
        data = bytearray(sound)
        data[at : at + 8] = struct.pack("<Q", 2**62)
        header = data.rindex(b"OHDR", 0, at)
        end = next(end for end in range(header, at + 600) if _is_checksum(sound, header, end))
        data[end : end + 4] = struct.pack("<I", lookup3(bytes(data[header:end])))
        dataset = source_of(bytes(data)).root.get("w")
        assert isinstance(dataset, Dataset)
        with pytest.raises(Damaged, match="never end"):
            next(iter(dataset.bands()))

    def test_a_chunk_that_unpacks_to_too_much_is_cut_off(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            data = file.create_dataset("w", (64, 64), "f4", chunks=(64, 64), compression="gzip")
            import zlib

            data.id.write_direct_chunk((0, 0), zlib.compress(bytes(200 * 2**20), 9))

        dataset = opened(written(tmp_path / "f.h5", fill)).root.get("w")
        assert isinstance(dataset, Dataset)
        tracemalloc.start()
        with pytest.raises(Damaged, match="instead of 16384"):
            list(dataset.bands())
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()

    def test_chunks_that_do_not_fit_in_memory_are_not_unpacked(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file.create_dataset("w", (9000, 9000), "f4", chunks=(9000, 9000), compression="gzip")

        dataset = opened(written(tmp_path / "f.h5", fill)).root.get("w")
        assert isinstance(dataset, Dataset)
        with pytest.raises(Unreadable, match="chunks of 324000000 bytes"):
            list(dataset.bands())

    def test_many_names_in_one_long_text_are_refused(self) -> None:
        """Members whose names overlap could take as much memory as their number squared."""
        data = bytearray(sample("earliest", False))
        heap = data.index(b"HEAP")
        place = len(data)
        data += b"n" * 2**20 + b"\0"
        data[heap + 8 : heap + 16] = struct.pack("<Q", 2**20 + 1)
        data[heap + 24 : heap + 32] = struct.pack("<Q", place)
        table = data.index(b"SNOD")
        struct.pack_into("<H", data, table + 6, 4000)
        data += bytes(4000 * 40)
        tracemalloc.start()
        assert not survives(bytes(data))
        assert tracemalloc.get_traced_memory()[1] < 2**25
        tracemalloc.stop()


def header(*messages: bytes) -> bytes:
    """A file whose root is an object with these messages."""
    size = sum(map(len, messages))
    nowhere = 2**64 - 1
    superblock = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<2HL", 4, 16, 0)
    superblock += struct.pack("<6Q8x16x", 0, nowhere, 112 + size, nowhere, 0, 96)
    return superblock + struct.pack("<BBHLL4x", 1, 0, 1, 1, size) + b"".join(messages)


def message(kind: int, content: bytes) -> bytes:
    content = content.ljust(-(-len(content) // 8) * 8, b"\0")
    return struct.pack("<HHB3x", kind, len(content), 0) + content


GROUP = message(2, b"\0\0" + b"\xff" * 16)
REPEATED = {
    "messages without content": message(0, b""),
    "messages of no known type": message(0x1000, b""),
    "links to the root": message(6, b"\1\0\1w" + struct.pack("<Q", 96)),
    "attributes": message(
        0x0C,
        struct.pack("<BBHHH", 1, 0, 2, 12, 8)
        + b"a\0".ljust(8, b"\0")
        + struct.pack("<B3BLHH4x", 0x10, 0, 0, 0, 1, 0, 8)
        + struct.pack("<BBBB4x", 1, 0, 0, 0)
        + b"\7",
    ),
}


@pytest.mark.parametrize("repeated", REPEATED.values(), ids=REPEATED)
def test_what_is_repeated_without_end_is_refused(repeated: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    few = source_of(header(GROUP, *[repeated] * 20))
    assert few.root.attribute("a") == (7 if repeated is REPEATED["attributes"] else None)
    monkeypatch.setattr("edgelint.loaders.hdf5.source.MOST_STEPS", 30_000)
    assert not survives(header(GROUP, *[repeated] * 30_000))


class TestElsewhere:
    def test_a_link_to_another_file_is_told_and_never_followed(self, tmp_path: Path) -> None:
        other = written(tmp_path / "other.h5", lambda file: file.__setitem__("w", np.zeros(3)))
        for library in ("earliest", "latest"):
            path = written(
                tmp_path / "f.h5",
                lambda file: file.__setitem__("x", h5py.ExternalLink(str(other), "/w")),
                libver=library,
            )
            root = opened(path).root
            with pytest.raises(LeadsElsewhere):
                root.get("x")
            with pytest.raises(LeadsElsewhere) as caught:
                list(root.datasets())
            assert caught.value.path == "x"

    def test_elements_in_another_file_are_told(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file.create_dataset("w", (4, 2), "f4", external=[("/etc/passwd", 0, 32)])

        with pytest.raises(LiesElsewhere):
            opened(written(tmp_path / "f.h5", fill)).root.get("w")

    def test_a_dataset_put_together_from_others_is_told(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            layout = h5py.VirtualLayout((4,), "f4")
            layout[:] = h5py.VirtualSource("other.h5", "w", (4,))
            file.create_virtual_dataset("w", layout)

        with pytest.raises(LiesElsewhere):
            opened(written(tmp_path / "f.h5", fill, libver="latest")).root.get("w")


class TestUnknown:
    @pytest.mark.parametrize(
        ("kind", "options", "word"),
        [
            ("i4", {"scaleoffset": 4}, "scale-offset"),
            ("f4", {"compression": 32015, "allow_unknown_filter": True}, "Zstandard"),
            ("f4", {"compression": 54321, "allow_unknown_filter": True}, "filter 54321"),
        ],
    )
    def test_a_filter_that_is_not_read_is_named(
        self, kind: str, options: dict[str, Any], word: str, tmp_path: Path
    ) -> None:
        def fill(file: Any) -> None:
            data = file.create_dataset("w", (4,), kind, chunks=(4,), **options)
            data.id.write_direct_chunk((0,), b"packed somehow")

        dataset = opened(written(tmp_path / "f.h5", fill)).root.get("w")
        assert isinstance(dataset, Dataset)
        assert dataset.shape == (4,)
        with pytest.raises(Unreadable, match=word):
            list(dataset.bands())

    @pytest.mark.parametrize("kind", [[("a", "f4")], h5py.string_dtype(), h5py.ref_dtype], ids=str)
    def test_elements_that_are_no_numbers_have_a_header_and_no_content(
        self, kind: Any, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "f.h5", lambda file: file.create_dataset("w", (3,), kind))
        dataset = opened(path).root.get("w")
        assert isinstance(dataset, Dataset)
        assert (dataset.shape, dataset.datatype.label) == ((3,), "")
        with pytest.raises(Unreadable):
            dataset.bands()

    def test_an_attribute_of_records_is_named_and_others_are_read(self, tmp_path: Path) -> None:
        def fill(file: Any) -> None:
            file.attrs["records"] = np.zeros(2, [("a", "f4")])
            file.attrs["text"] = "words"

        root = opened(written(tmp_path / "f.h5", fill)).root
        assert root.attribute("text") == b"words"
        with pytest.raises(Unreadable, match="compound"):
            root.attribute("records")

    def test_wrong_checksums_are_damage(self) -> None:
        data = bytearray(sample("latest", False))
        root = struct.unpack_from("<Q", data, 36)[0]
        data[root + 20] ^= 1
        with pytest.raises(Damaged, match="checksum"):
            assert source_of(bytes(data)).root

    def test_a_file_without_a_superblock_is_damage(self) -> None:
        for data in (b"", b"\x89HDF", bytes(5000)):
            with pytest.raises(Damaged):
                source_of(data)

    def test_later_versions_are_named(self) -> None:
        data = sample("latest", False)
        with pytest.raises(Unreadable, match="superblock version 9"):
            source_of(data[:8] + b"\x09" + data[9:])


@pytest.mark.parametrize(
    ("text", "hash_"),
    [(b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)],
)
def test_the_checksum_is_that_of_its_author(text: bytes, hash_: int) -> None:
    """Both values are given in lookup3.c, driver5."""
    assert lookup3(text) == hash_


def test_time_grows_no_faster_than_the_file(tmp_path: Path) -> None:
    """Ten times the datasets, at most ten times the steps, counted and not timed."""

    def steps(count: int) -> int:
        def fill(file: Any) -> None:
            for place in range(count):
                file[f"group{place % 7}/w{place}"] = np.float32(place)

        file: File = opened(written(tmp_path / "f.h5", fill))
        before = file.source.steps_left
        assert len(list(file.root.datasets())) == count
        return before - file.source.steps_left

    assert steps(3000) <= 10.5 * steps(300)


def _is_checksum(data: bytes, start: int, end: int) -> bool:
    return lookup3(data[start:end]) == int.from_bytes(data[end : end + 4], "little")
