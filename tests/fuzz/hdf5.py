"""Damaged Keras models in HDF5: the structures of the file, or the configuration that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.conftest import FIXTURES, SHARED_MODELS
from tests.fuzz import hdf5_seeds, hdf5_structure
from tests.fuzz.formats import LARGEST_SEED
from tests.fuzz.keras import catalogue, damaged_config

SUFFIX = ".h5"


def seeds() -> Iterator[bytes]:
    """A file in each form that HDF5 has, a model of each kind of layer without weights, then real files."""
    yield from hdf5_seeds.forms()
    yield from hdf5_seeds.described(catalogue())
    found = [*FIXTURES.glob("models/*.h5"), *SHARED_MODELS.rglob("*.h5"), *SHARED_MODELS.rglob("*.hdf5")]
    for path in sorted(found, key=lambda path: path.stat().st_size):
        if path.stat().st_size <= LARGEST_SEED:
            yield path.read_bytes()


def mutated(data: bytes, other: bytes, chance: Random) -> bytes:
    """`data` with its structure damaged, or the configuration in it."""
    share = chance.random()
    if share < 0.3:
        start, end = _config(data)
        if end > start:
            made = damaged_config(data[start:end], chance)[: end - start]
            return data[:start] + made.ljust(end - start) + data[end:]
    if share < 0.33 and data and other:
        at = chance.randrange(0, min(len(data), len(other)), 8)
        data = data[:at] + other[at:]
    return hdf5_structure.damaged(data, chance)


def _config(data: bytes) -> tuple[int, int]:
    """Where a model's configuration lies; it ends with the spaces or zeros behind it."""
    places = [at for key in (b'{"class_name"', b'{"module"') if (at := data.find(key)) >= 0]
    if not places:
        return 0, 0
    stop = data.find(b"\x00", min(places))
    return min(places), len(data) if stop < 0 else stop
