from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import pytest

from edgelint.loaders.tflite.flatbuffer import MAX_TABLES, FlatBuffer, Malformed, Record, Schema, Span

flatbuffers: Any = pytest.importorskip("flatbuffers")

SCHEMA = Schema(
    tables={
        "Zoo": (
            "name:string size:int=7 weight:float open:bool=1 kind:Kind ids:[int] raw:[ubyte] pens:[Pen] "
            "star:Star"
        ),
        "Pen": "name:string -old:int area:ulong",
        "Cat": "lives:int=9",
        "Dog": "tricks:[short]",
    },
    enums={"Kind": ("byte", ("PUBLIC", "PRIVATE"))},
    unions={"Star": ("Cat", "Dog")},
)


def pen(builder: Any, name: str, area: int) -> int:
    text = builder.CreateString(name)
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(0, text, 0)
    builder.PrependUint64Slot(2, area, 0)
    return int(builder.EndObject())


def zoo(pens: int = 2, kind: int = 1, is_open: int = 0, star: int = 1) -> bytes:
    builder = flatbuffers.Builder(64)
    made = [pen(builder, f"pen {number}", 10**12 + number) for number in range(pens)]
    builder.StartVector(4, len(made), 4)
    for place in reversed(made):
        builder.PrependUOffsetTRelative(place)
    all_pens = builder.EndVector()
    name = builder.CreateString("Zürich")
    builder.StartVector(4, 3, 4)
    for number in (3, -2, 1):
        builder.PrependInt32(number)
    ids = builder.EndVector()
    raw = builder.CreateByteVector(b"\1\2\3\4\5")
    builder.StartObject(1)
    cat = builder.EndObject()
    builder.StartObject(10)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependFloat32Slot(2, 1.5, 0.0)
    builder.PrependUint8Slot(3, is_open, 1)
    builder.PrependInt8Slot(4, kind, 0)
    builder.PrependUOffsetTRelativeSlot(5, ids, 0)
    builder.PrependUOffsetTRelativeSlot(6, raw, 0)
    builder.PrependUOffsetTRelativeSlot(7, all_pens, 0)
    builder.PrependUint8Slot(8, star, 0)
    builder.PrependUOffsetTRelativeSlot(9, cat, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def read(data: bytes) -> Record:
    return FlatBuffer(data, SCHEMA).root("Zoo")


def test_scalars_strings_and_vectors_are_read() -> None:
    record = read(zoo())

    assert record["name"] == "Zürich"
    assert record["weight"] == 1.5
    assert record["open"] is False
    assert record["kind"] == "PRIVATE"
    assert record["ids"] == (1, -2, 3)


def test_absent_fields_have_their_defaults() -> None:
    assert read(zoo())["size"] == 7


def test_nested_tables_are_records_and_deprecated_fields_are_not_there() -> None:
    assert read(zoo())["pens"] == (
        {"name": "pen 0", "area": 10**12},
        {"name": "pen 1", "area": 10**12 + 1},
    )


def test_bytes_are_located_and_not_read() -> None:
    data = zoo()
    span = read(data)["raw"]

    assert isinstance(span, Span)
    assert data[span.offset : span.offset + span.length] == b"\1\2\3\4\5"


def test_a_union_is_a_number_and_its_table() -> None:
    record = read(zoo())
    assert (record["star_type"], record["star"]) == (1, {"lives": 9})


def test_a_union_of_an_unknown_type_is_a_number_and_nothing() -> None:
    record = read(zoo(star=200))
    assert (record["star_type"], record["star"]) == (200, None)


def test_fields_of_a_newer_schema_are_skipped() -> None:
    older = Schema(dict(SCHEMA.tables) | {"Zoo": "name:string size:int=7"}, SCHEMA.enums, SCHEMA.unions)
    assert FlatBuffer(zoo(), older).root("Zoo") == {"name": "Zürich", "size": 7}


def test_text_that_is_not_utf8_is_shown_as_escapes() -> None:
    assert read(zoo().replace("ü".encode(), b"\xff\xfe"))["name"] == "Z\\xff\\xferich"


@pytest.mark.parametrize("length", range(0, len(zoo())))
def test_every_truncation_is_noticed_or_harmless(length: int) -> None:
    with suppress(Malformed):
        assert read(zoo()[:length])["name"] == "Zürich"


def test_an_unknown_enum_value_is_malformed() -> None:
    with pytest.raises(Malformed, match="Kind is 2, and only 0 to 1 are known") as caught:
        read(zoo(kind=2))
    assert caught.value.where.startswith("kind, offset 0x")


def test_a_bool_that_is_neither_is_malformed() -> None:
    with pytest.raises(Malformed, match="a yes or no is 64"):
        read(zoo(is_open=64))


def test_the_place_names_the_fields_that_lead_there() -> None:
    data = bytearray(zoo())
    at = data.index(b"pen 1") - 4
    data[at : at + 4] = struct.pack("<I", 2**31)

    with pytest.raises(Malformed) as caught:
        read(bytes(data))
    assert caught.value.where.startswith("pens[1].name, offset 0x")


def test_a_string_without_an_end_is_malformed() -> None:
    data = bytearray(zoo())
    data[data.index("Zürich".encode()) + 7] = 1

    with pytest.raises(Malformed, match="no end"):
        read(bytes(data))


def test_a_reference_off_the_4_byte_grid_is_malformed() -> None:
    with pytest.raises(Malformed, match="not aligned"):
        read(struct.pack("<I", 6) + bytes(20))


def test_one_table_named_over_and_over_is_bounded() -> None:
    count = MAX_TABLES + 1
    # The vector's elements all lead to one empty table behind it.
    vector = struct.pack("<I", count) + b"".join(
        struct.pack("<I", 4 * (count - place)) for place in range(count)
    )
    schema = Schema({"Root": "pens:[Pen]", "Pen": ""}, {}, {})
    head = struct.pack("<IHHHHiI", 12, 6, 8, 4, 0, 8, 4)
    data = head + vector + struct.pack("<iHH", -4, 4, 4)

    with pytest.raises(Malformed, match="more than 1,000,000 tables"):
        FlatBuffer(data, schema).root("Root")


def test_one_large_vector_named_over_and_over_is_bounded() -> None:
    schema = Schema({"Root": "pens:[Pen]", "Pen": "ids:[int]"}, {}, {})
    builder = flatbuffers.Builder(64)
    builder.StartVector(4, 1000, 4)
    for _ in range(1000):
        builder.PrependInt32(0)
    shared = builder.EndVector()
    pens = []
    for _ in range(1000):
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, shared, 0)
        pens.append(builder.EndObject())
    builder.StartVector(4, len(pens), 4)
    for made in pens:
        builder.PrependUOffsetTRelative(made)
    vector = builder.EndVector()
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    builder.Finish(builder.EndObject())

    with pytest.raises(Malformed, match="over and over"):
        FlatBuffer(bytes(builder.Output()), schema).root("Root")


def test_tables_nested_too_deeply_are_malformed() -> None:
    schema = Schema({"Node": "next:Node"}, {}, {})
    # References only lead forward, so that it takes a chain.
    links = 100
    vtable = struct.pack("<HHHH", 6, 8, 4, 0)
    chain = b"".join(struct.pack("<iI", 8 + 8 * place, 4) for place in range(links)) + struct.pack(
        "<iI", 0, 0
    )
    data = struct.pack("<I", 12) + vtable + chain

    with pytest.raises(Malformed, match="nested more than 64 deep"):
        FlatBuffer(data, schema).root("Node")
