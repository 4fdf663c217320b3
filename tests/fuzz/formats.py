"""The formats that are fuzzed, and what the module of each one offers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Protocol

MODULES = {
    "tflite": "tests.fuzz.tflite",
    "onnx": "tests.fuzz.onnx",
    "keras": "tests.fuzz.keras",
    "keras-h5": "tests.fuzz.hdf5",
}
"""Format to the module that knows how to damage its files."""

REGRESSIONS = Path(__file__).parent / "regressions"
"""Inputs that once broke the promise, a folder per format, each called after its fault."""

LARGEST_SEED = 64 * 1024
"""Bytes of a real file up to which a campaign starts from it."""


class Format(Protocol):
    """What the module of a format offers."""

    SUFFIX: str
    """Of its files, ".tflite"."""

    def seeds(self) -> Iterator[bytes]:
        """Sound files to start from, small ones first."""

    def mutated(self, data: bytes, other: bytes, chance: Random) -> bytes:
        """`data` changed with the format's structure in mind; `other` is a file to take parts from.

        Takes any bytes, for what it gets may have been damaged before; raises nothing.
        """


def format_module(name: str) -> Format:
    """The module of the format called `name`."""
    module: Format = import_module(MODULES[name])
    return module
