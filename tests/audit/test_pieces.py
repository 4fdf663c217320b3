"""Models read piece by piece: whatever they hold, the outcome is that of the whole file.

Pages are made so small that a loader which reads past what it had fetched reads nonsense.
"""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from edgelint.audit import ranges
from edgelint.audit.ranges import Range, RangedFile, Ranges
from edgelint.checker import Settings, check_file
from edgelint.ir import files
from edgelint.loaders.tflite import fetched
from edgelint.targets import find
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
FOLDER = Path(os.devnull, "pieces")
NAMES = (
    "digits_cnn.int8.tflite",
    "digits_lstm.float32.tflite",
    "digits_cnn.onnx",
    "digits_mlp_saved.by_hand.onnx",
    "digits_cnn.keras",
    "digits_cnn.h5",
)
CASES = 12
"""Broken copies of each."""


class InPieces:
    """A place with one file, given out in pages."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges = Ranges(len(content), self.fetch)
        # What is read without having been fetched is not even zeros.
        self.ranges.buffer[:] = b"\xa5" * len(content)

    def fetch(self, wanted: Sequence[Range]) -> list[bytes]:
        return [self.content[start:stop] for start, stop in wanted]

    def opened(self, path: Path) -> BinaryIO:
        return cast(BinaryIO, RangedFile(self.ranges))

    def status(self, path: Path) -> os.stat_result:
        return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, len(self.content), 0, 0, 0))


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PAGE", 8)
    monkeypatch.setattr(ranges, "SMALLEST_FETCH", 8)
    monkeypatch.setattr(ranges, "LARGEST_FETCH", 64)
    monkeypatch.setattr(ranges, "CLOSE", 0)
    monkeypatch.setattr(ranges, "ROUND", 0)
    monkeypatch.setattr(fetched, "AHEAD", 0)


def outcome(path: Path) -> list[object]:
    """What `check` says, without the path."""
    return [
        (
            report.verdict,
            report.profile,
            report.operators,
            report.findings,
            report.unknowns,
            report.error and (report.error.sentence, report.error.hint, report.error.code),
        )
        for report in check_file(path, Settings((find("cortex-m4"),)))
    ]


def broken(content: bytes, seed: int) -> bytes:
    """A copy with a few bytes changed, or cut off; seed 0 leaves it as it is."""
    chance = random.Random(seed)
    copy = bytearray(content)
    for _ in range(min(seed, 4)):
        place = chance.randrange(len(copy))
        copy[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, copy[place] ^ 1 << chance.randrange(8)))
    if seed % 4 == 3:
        del copy[chance.randrange(len(copy)) :]
    return bytes(copy)


def cases() -> Iterator[tuple[str, int]]:
    for name in NAMES:
        yield from ((name, seed) for seed in range(CASES))


@pytest.mark.parametrize(("name", "seed"), [*cases()])
def test_pieces_and_the_whole_come_to_the_same(name: str, seed: int, tmp_path: Path) -> None:
    content = broken((MODELS / name).read_bytes(), seed)
    path = tmp_path / name
    path.write_bytes(content)
    with files.reachable(FOLDER, InPieces(content)):
        assert outcome(FOLDER / name) == outcome(path)
