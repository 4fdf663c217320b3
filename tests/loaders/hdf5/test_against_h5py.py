"""What h5py writes, read back: the same names, shapes, elements and attributes in every form of storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.loaders.hdf5 import Dataset, Group
from tests.loaders.hdf5.written import (
    attributes,
    expected,
    expected_attributes,
    h5py,
    opened,
    read,
    written,
)

LIBRARIES = [("earliest", "latest"), ("earliest", "v108"), ("v110", "v110"), ("latest", "latest")]
ORDERED = [False, True]
NUMBERS = [
    "<f2",
    ">f2",
    "<f4",
    ">f4",
    "<f8",
    ">f8",
    "i1",
    "u1",
    "<i2",
    ">i2",
    "<i4",
    "<u4",
    ">u8",
    "<i8",
    "?",
]
PACKINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "gzip": {"compression": "gzip"},
    "gzip and shuffle": {"compression": "gzip", "shuffle": True},
    "gzip, shuffle and checksum": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"compression": "lzf"},
    "checksum": {"fletcher32": True},
}
SHAPES = [((10,), (3,)), ((7, 9), (2, 4)), ((5, 6, 7), (5, 6, 7)), ((20, 3), (4, 3)), ((1, 1), (1, 1))]
LIMITS: dict[str, Callable[[tuple[int, ...]], Any]] = {
    "fixed": lambda shape: None,
    "room to grow": lambda shape: tuple(2 * dim + 1 for dim in shape),
    "first endless": lambda shape: (None, *shape[1:]),
    "last endless": lambda shape: (*shape[:-1], None),
    "all endless": lambda shape: (None,) * len(shape),
}

everywhere = pytest.mark.parametrize(
    ("library", "ordered"), [(library, ordered) for library in LIBRARIES for ordered in ORDERED]
)


def numbers(shape: tuple[int, ...], kind: str) -> np.ndarray:
    return (np.random.default_rng(len(shape)).normal(size=shape) * 50).astype(kind)


@everywhere
def test_every_number_type_and_kind_of_dataset(library: Any, ordered: bool, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        for place, kind in enumerate(NUMBERS):
            file[f"scalars/{place}"] = np.asarray(3).astype(kind)
            file[f"arrays/{place}"] = numbers((3, 5, 2), kind)
        file["no elements"] = np.zeros((0, 3), "f4")
        file["null"] = h5py.Empty("f4")
        file["opaque"] = np.array([b"ab\0d"], "V4")
        file["texts"] = np.array([b"ab", b"cde"])
        file.create_dataset("never written", (4, 4), "f4")
        file.create_dataset("never written but set", (4, 4), ">f4", fillvalue=2.5)

    path = written(tmp_path / "f.h5", fill, libver=library, track_order=ordered)
    assert read(path) == expected(path)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_chunks_however_they_are_packed_and_listed(library: Any, limits: Any, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        for place, (shape, chunk) in enumerate(SHAPES):
            for packing, options in PACKINGS.items():
                for kind in ("<f4", ">f8"):
                    data = file.create_dataset(
                        f"{place} {packing} {kind}".replace(">", "big"),
                        *(shape, kind),
                        chunks=chunk,
                        maxshape=limits(shape),
                        fillvalue=7,
                        **options,
                    )
                    # The first ones stay unwritten for the most part.
                    rows = shape[0] // 2 if place % 2 else shape[0]
                    data[:rows] = numbers((rows, *shape[1:]), kind)

    path = written(tmp_path / "f.h5", fill, libver=library)
    assert read(path) == expected(path)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("options", [{}, PACKINGS["gzip"]], ids=["plain", "gzip"])
def test_thousands_of_chunks(options: Any, limits: Any, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        for rows in (3_000, 9_000):
            file.create_dataset(
                str(rows),
                data=numbers((rows, 2), "<f4"),
                chunks=(2, 1),
                maxshape=limits((rows, 2)),
                **options,
            )

    path = written(tmp_path / "f.h5", fill, libver="latest")
    assert read(path) == expected(path)


@pytest.mark.parametrize("library", LIBRARIES)
def test_datasets_that_grew_and_shrank(library: Any, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        for packing, options in PACKINGS.items():
            for name, limits in (("one", (None, 40)), ("both", (None, None))):
                data = file.create_dataset(
                    f"{packing} {name}", (9, 7), "<f4", chunks=(2, 3), maxshape=limits, fillvalue=1, **options
                )
                data[...] = numbers((9, 7), "<f4")
                data.resize((30, 20))
                data[20:, 15:] = 5
                data.resize((5, 11))

    path = written(tmp_path / "f.h5", fill, libver=library)
    assert read(path) == expected(path)


def test_compact_and_early_allocated_datasets(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        space = h5py.h5s.create_simple((7, 9), (7, 9))
        compact, early = (h5py.h5p.create(h5py.h5p.DATASET_CREATE) for _ in range(2))
        compact.set_layout(h5py.h5d.COMPACT)
        early.set_chunk((3, 4))
        early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        for name, plan in ((b"compact", compact), (b"early", early)):
            made = h5py.h5d.create(file.id, name, h5py.h5t.IEEE_F32LE, space, plan)
            h5py.Dataset(made)[...] = numbers((7, 9), "f4")

    for library in LIBRARIES:
        path = written(tmp_path / "f.h5", fill, libver=library)
        assert read(path) == expected(path)


@everywhere
def test_attributes_few_and_many_short_and_long(library: Any, ordered: bool, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        few, many = file.create_group("few"), file.create_group("many")
        few.attrs["layer_names"] = [b"a", b"bc"]
        few.attrs["keras_version"] = "2.15.0"
        for place in range(40):
            many.attrs[f"number {place}"] = place
            many.attrs[f"names {place}"] = np.array([b"x" * (place + 1), b"y"])
        file.attrs["text"] = "héllo"
        file.attrs["bytes"] = b"abc"
        file.attrs["long"] = np.bytes_("x" * 60_000)
        file.attrs["longest"] = "z" * 300_000
        file.attrs["array"] = np.arange(6.0).reshape(2, 3)
        file.attrs["words"] = ["ä", "bb", ""]
        file.attrs["nothing"] = h5py.Empty("f4")
        file.attrs["none"] = np.zeros((0,), "f4")
        file.attrs["flag"] = True
        file.attrs["flags"] = [True, False]
        file.attrs["big-endian"] = np.array([1, 2], ">i4")
        file.attrs["half"] = np.float16(1.5)
        file.attrs.create("ascii", np.array([b"q", b"rr"], object), dtype=h5py.string_dtype("ascii"))
        file.attrs.create("fixed", "äö".encode(), dtype=h5py.string_dtype("utf-8", 20))

    path = written(tmp_path / "f.h5", fill, libver=library, track_order=ordered)
    root = opened(path).root
    for name in ("/", "few", "many"):
        group = root.get(name)
        assert isinstance(group, Group)
        wanted = expected_attributes(path, name)
        assert attributes(group, list(wanted)) == wanted


@everywhere
def test_five_thousand_members_and_thirty_levels(library: Any, ordered: bool, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        many = file.create_group("many")
        for place in range(5_000):
            many.create_group(f"layer with a long name {place}")
        for place in range(300):
            many[f"layer with a long name 7/w{place}"] = np.float32(place)
        deep = file
        for level in range(30):
            deep = deep.create_group(f"level{level}")
            deep["w"] = np.arange(level + 1)

    path = written(tmp_path / "f.h5", fill, libver=library, track_order=ordered)
    file = opened(path)
    assert {name: dataset.shape for name, dataset in file.root.datasets()} == {
        name: shape for name, (shape, _, _) in expected(path).items()
    }
    many = file.root.get("many")
    assert isinstance(many, Group)
    assert len(many.links) == 5_000


def test_members_keep_the_order_of_their_creation_where_the_file_does(tmp_path: Path) -> None:
    for count in (5, 50):
        names = [str(place * 7919 % 10_007) for place in range(count)]

        def fill(file: Any, names: list[str] = names) -> None:
            for name in names:
                file.create_group(name)

        path = written(tmp_path / "f.h5", fill, track_order=True)
        assert list(opened(path).root.links) == names
        path = written(tmp_path / "f.h5", fill)
        assert list(opened(path).root.links) == sorted(names)


def test_soft_links_and_second_names_lead_to_the_same_weight(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file["a/b/c"] = np.arange(3)
        file["soft"] = h5py.SoftLink("/a/b")
        file["relative"] = h5py.SoftLink("a/./b/c")
        file["a/hard"] = file["a/b/c"]

    for library in LIBRARIES:
        path = written(tmp_path / "f.h5", fill, libver=library)
        assert read(path) == expected(path)
        assert set(read(path)) == {"a/b/c", "soft/c", "relative", "a/hard"}


def test_a_committed_datatype_is_read_where_it_is_used(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file["kind"] = np.dtype("f4")
        file.create_dataset("weight", (3,), file["kind"], data=[1, 2, 3])
        file.attrs.create("numbers", [1, 2], dtype=file["kind"])

    for library in LIBRARIES:
        path = written(tmp_path / "f.h5", fill, libver=library)
        assert read(path) == expected(path)
        assert opened(path).root.attribute("numbers") == [1.0, 2.0]


@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_user_block_moves_everything(library: Any, block: int, tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file["w"] = numbers((4, 4), "f4")
        file.attrs["text"] = "words"

    path = written(tmp_path / "f.h5", fill, libver=library, userblock_size=block)
    assert read(path) == expected(path)
    assert opened(path).root.attribute("text") == b"words"
    assert opened(path).end == path.stat().st_size - block


@pytest.mark.parametrize("widths", [(2, 2), (4, 4), (8, 4), (8, 8)])
def test_addresses_and_lengths_of_other_widths(widths: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "f.h5"
    plan = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    plan.set_sizes(*widths)
    with h5py.File(h5py.h5f.create(bytes(path), h5py.h5f.ACC_TRUNC, plan)) as file:
        file["a/b"] = np.arange(5.0)
        file.create_dataset("c", data=numbers((9, 9), "f4"), chunks=(2, 2), compression="gzip")
        file.attrs["text"] = "words"
    assert read(path) == expected(path)
    assert opened(path).root.attribute("text") == b"words"


def test_labels_are_those_of_numpy(tmp_path: Path) -> None:
    bfloat = h5py.h5t.IEEE_F32LE.copy()
    bfloat.set_fields(15, 7, 8, 0, 7)
    bfloat.set_size(2)
    bfloat.set_ebias(127)

    def fill(file: Any) -> None:
        for kind in NUMBERS:
            file[np.dtype(kind).name + (" big" if kind.startswith(">") else "")] = np.zeros(2, kind)
        file["enumeration"] = np.zeros(2, h5py.enum_dtype({"a": 0, "b": 1}, "i2"))
        space = h5py.h5s.create_simple((2,))
        h5py.h5d.create(file.id, b"bfloat16", bfloat, space)
        file["compound"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
        file["opaque"] = np.zeros(2, "V4")

    path = written(tmp_path / "f.h5", fill)
    found = {name: dataset.datatype.label for name, dataset in opened(path).root.datasets()}
    assert found.pop("enumeration") == "int16"
    assert found.pop("compound") == found.pop("opaque") == ""
    assert found == {name: name.removesuffix(" big") for name in found}


def test_a_contiguous_weight_says_where_its_bytes_lie(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file["little"], file["big"] = numbers((4, 4), "<f4"), numbers((4, 4), ">f4")
        file.create_dataset("chunked", data=numbers((4, 4), "<f4"), chunks=(2, 2))
        file.create_dataset("never", (4, 4), "<f4")

    path = written(tmp_path / "f.h5", fill)
    places = {name: dataset.place for name, dataset in opened(path).root.datasets()}
    place = places.pop("little")
    assert place is not None
    assert path.read_bytes()[place : place + 64] == numbers((4, 4), "<f4").tobytes()
    assert set(places.values()) == {None}


def test_large_weights_come_in_bands(tmp_path: Path) -> None:
    data = numbers((3000, 1024), "<f4")
    path = written(tmp_path / "f.h5", lambda file: file.create_dataset("w", data=data, chunks=(64, 256)))
    dataset = opened(path).root.get("w")
    assert isinstance(dataset, Dataset)
    bands = list(dataset.bands())
    assert len(bands) > 1
    assert b"".join(bands) == data.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    chunk=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    endless=st.lists(st.booleans(), min_size=4, max_size=4),
    kind=st.sampled_from(NUMBERS),
    packing=st.sampled_from(list(PACKINGS.values())),
    library=st.sampled_from(LIBRARIES),
    part=st.integers(0, 9),
)
def test_any_chunked_dataset(
    shape: list[int], chunk: list[int], endless: list[bool], kind: str, packing: Any, library: Any, part: int
) -> None:
    import tempfile

    limits = tuple(None if free else dim for dim, free in zip(shape, endless, strict=False))
    chunks = tuple(
        min(part, dim) if limit else part for part, dim, limit in zip(chunk, shape, limits, strict=False)
    )

    def fill(file: Any) -> None:
        data = file.create_dataset("w", shape, kind, chunks=chunks, maxshape=limits, **packing)
        data[:part] = numbers(tuple(shape), kind)[:part]

    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "f.h5", fill, libver=library)
        assert read(path) == expected(path)
