"""What a ZIP's end records say of its directory, as `zipfile` reads them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import Binding, load
from edgelint.loaders.zip_directory import LONGEST_TAIL, Directory, directory
from tests.hostile.keras_files import listed_members


def archive(members: int, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.comment = comment
        for place in range(members):
            made.writestr(f"{place:05}", b"")
    return buffer.getvalue()


@pytest.mark.parametrize("comment", [b"", b"PK\x05\x06", b"c" * 65_535])
def test_members_and_bytes_are_those_of_the_end_record(comment: bytes) -> None:
    data = archive(3, comment)
    length = data.rindex(b"PK\x05\x06" + bytes(4)) - data.index(b"PK\x01\x02")
    assert directory(data[-LONGEST_TAIL:]) == Directory(3, length)


def test_the_64_bit_record_counts_where_there_is_one() -> None:
    data = archive(70_000)
    assert directory(data[-LONGEST_TAIL:]) == Directory(70_000, 70_000 * 51)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert len(read.infolist()) == 70_000


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06", bytes(100), archive(2)[:-1]])
def test_without_a_whole_end_record_there_is_no_directory(data: bytes) -> None:
    assert directory(data) is None


def test_a_long_directory_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.keras"
    path.write_bytes(listed_members(12 << 20))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(EdgelintError, match="more than 10,000 members") as refused:
        load(path, Binding())
    assert refused.value.code == "EL912"
