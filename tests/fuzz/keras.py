"""Damaged Keras archives: their configuration (mostly), their zip structure, or the weights in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from random import Random

from tests.conftest import FIXTURES, SHARED_MODELS
from tests.fuzz import hdf5_seeds, hdf5_structure, keras_archive, keras_json
from tests.fuzz.formats import LARGEST_SEED
from tests.fuzz.keras_archive import METADATA, Member
from tests.fuzz.keras_configs import configurations
from tests.fuzz.keras_json import Json
from tests.fuzz.numbers import changed_bytes

SUFFIX = ".keras"

LARGEST_CONFIG = 100_000
"""Bytes of a configuration that is still damaged as a tree; in place of larger ones a small one is taken."""


def seeds() -> Iterator[bytes]:
    """A model of each kind of layer without weights, one with weights, then real files."""
    for config in catalogue():
        yield archive(json.dumps(config).encode())
    yield archive(json.dumps(hdf5_seeds.MODEL).encode(), hdf5_seeds.member())
    found = [*FIXTURES.glob("models/*.keras"), *SHARED_MODELS.rglob("*.keras")]
    for path in sorted(found, key=lambda path: path.stat().st_size):
        if path.stat().st_size <= LARGEST_SEED:
            yield path.read_bytes()


def mutated(data: bytes, other: bytes, chance: Random) -> bytes:
    """`data` with its configuration, metadata, zip structure, weights or plain bytes changed."""
    share = chance.random()
    if share < 0.02:
        return changed_bytes(data, chance)
    members = keras_archive.unpacked(data)
    if not members:
        members = keras_archive.unpacked(archive(json.dumps(chance.choice(catalogue())).encode()))
    if share < 0.12:
        return keras_archive.damaged(members, chance)
    if share < 0.2 and _damage_weights(members, other, chance):
        return keras_archive.packed(members)
    name = b"metadata.json" if share > 0.98 else b"config.json"
    for member in members:
        if member.name == name:
            member.data = damaged_config(member.data, chance)
    return keras_archive.packed(members)


def archive(config: bytes, weights: bytes | None = None) -> bytes:
    """An archive as Keras 3 writes it."""
    members = [Member(b"metadata.json", METADATA), Member(b"config.json", config)]
    if weights is not None:
        members.append(Member(b"model.weights.h5", weights))
    return keras_archive.packed(members)


@cache
def catalogue() -> list[Json]:
    """The configurations whose parts are exchanged for each other."""
    return configurations()


def damaged_config(text: bytes, chance: Random) -> bytes:
    """A stored configuration with something wrong in it."""
    try:
        tree = json.loads(text) if len(text) < LARGEST_CONFIG else None
    except (ValueError, RecursionError):
        tree = None
    if tree is None:
        tree = keras_json.copied(chance.choice(catalogue()))
    try:
        return keras_json.written(keras_json.damaged(tree, chance, catalogue()), chance)
    except RecursionError:
        return text


def _damage_weights(members: list[Member], other: bytes, chance: Random) -> bool:
    """Whether there were weights: they are damaged, or another file's."""
    for member in members:
        if member.name == b"model.weights.h5":
            spare = [each.data for each in keras_archive.unpacked(other) if each.name == member.name]
            if spare and chance.random() < 0.2:
                member.data = spare[0]
            else:
                member.data = hdf5_structure.damaged(member.data, chance)
            return True
    return False
