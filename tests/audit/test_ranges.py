"""Files that are fetched in ranges: always the true bytes, and each of them once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.audit import ranges
from edgelint.audit.ranges import PAGE, Range, RangedFile, Ranges
from edgelint.errors import EdgelintError

SIZE = 300 * PAGE + 123
LARGE = 3000 * PAGE
DATA = bytes(((place * 2654435761) >> 13) & 0xFF for place in range(1 << 12)) * (LARGE // (1 << 12) + 1)


class Source:
    """The bytes of DATA, and what was asked of them."""

    def __init__(self, size: int = SIZE) -> None:
        self.asked: list[Range] = []
        self.ranges = Ranges(size, self.fetch)

    def fetch(self, wanted: Sequence[Range]) -> list[bytes]:
        self.asked += wanted
        return [DATA[start:stop] for start, stop in wanted]

    @property
    def fetched(self) -> int:
        return sum(stop - start for start, stop in self.asked)


reads = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(sorted), min_size=1, max_size=12)


@settings(deadline=None, max_examples=50)
@given(reads)
def test_every_read_gives_the_true_bytes(wanted: list[list[int]]) -> None:
    source = Source()
    for start, stop in wanted:
        assert source.ranges[start:stop] == DATA[start:stop]


@settings(deadline=None, max_examples=50)
@given(reads)
def test_several_ranges_at_once_are_there_afterwards(wanted: list[list[int]]) -> None:
    source = Source()
    source.ranges.need_all((start, stop) for start, stop in wanted)
    asked = len(source.asked)
    for start, stop in wanted:
        assert source.ranges[start:stop] == DATA[start:stop]
    assert len(source.asked) == asked


def test_a_byte_is_fetched_with_what_is_likely_to_be_next() -> None:
    source = Source()
    assert source.ranges[5] == DATA[5]
    assert source.asked == [(0, 4 * PAGE)]


def test_reading_on_takes_ever_larger_steps() -> None:
    source = Source()
    for place in range(0, SIZE, 100):
        assert source.ranges[place] == DATA[place]
    assert len(source.asked) < 8
    assert source.fetched == SIZE


def test_so_does_reading_backwards() -> None:
    source = Source()
    for place in range(SIZE - 1, 0, -100):
        assert source.ranges[place] == DATA[place]
    assert len(source.asked) < 8
    assert source.fetched == SIZE


def test_leaps_stay_small() -> None:
    source = Source(LARGE)
    for place in (10, 1000, 2000):
        source.ranges.need(place * PAGE, place * PAGE + 1)
    assert source.fetched == 3 * 4 * PAGE


def test_where_many_leaps_are_made_the_rest_of_the_file_comes_at_once() -> None:
    source = Source(LARGE)
    places = range(0, LARGE, 25 * PAGE)
    assert bytes(source.ranges[place] for place in places) == bytes(DATA[place] for place in places)
    assert len(source.asked) < 40
    assert source.fetched < 1.1 * LARGE


def test_the_last_bytes_of_a_file_are_found_from_its_end() -> None:
    source = Source()
    assert source.ranges.rfind(DATA[SIZE - 40 : SIZE - 30], SIZE - 60) == SIZE - 40


def test_beyond_what_is_kept_a_stretch_is_fetched_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "KEPT", 10 * PAGE)
    source = Source()
    for _ in range(2):
        assert source.ranges[: 100 * PAGE] == DATA[: 100 * PAGE]
    assert source.asked == 2 * [(0, 100 * PAGE)]


def test_a_structure_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MOST_KEPT", 50 * PAGE)
    source = Source()
    with pytest.raises(EdgelintError, match="more than 200 KiB of structure"):
        bytes(source.ranges[place] for place in range(0, SIZE, 100))


def test_it_reads_like_a_file() -> None:
    file = RangedFile(Source().ranges)
    assert file.read(10) == DATA[:10]
    assert file.seek(-5, 2) == SIZE - 5
    assert file.read() == DATA[SIZE - 5 : SIZE]
    assert file.read(1) == b""
    buffer = bytearray(4)
    file.seek(7)
    assert file.readinto(buffer) == 4
    assert bytes(buffer) == DATA[7:11]
    with pytest.raises(OSError, match="Invalid"):
        file.seek(-1)


def test_an_empty_file_is_one() -> None:
    assert RangedFile(Source(0).ranges).read() == b""


def test_a_size_that_no_file_has_is_refused() -> None:
    with pytest.raises(OSError, match="too large to be true"):
        Source(1 << 60)
