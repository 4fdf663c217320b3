"""The files beside a model that hold its constants, as the model declares them."""

from __future__ import annotations

from pathlib import Path

from edgelint.deferred import dataclass
from edgelint.ir.model import Model
from edgelint.ir.tensor import ExternalFile


@dataclass(frozen=True, slots=True)
class External:
    """One declared location.

    location: the model's own word, which may be hostile. escapes: whether it leaves the model's
    folder. path: where it is, meaningful only if it does not. constants: how many lie in it.
    end: the byte after the last declared one, 0 where the model declares no lengths.
    """

    location: str
    escapes: bool
    path: Path
    constants: int
    end: int


def external_files(model: Model) -> tuple[External, ...]:
    """Every declared location, in the file's order; nothing is opened."""
    found: dict[str, list[ExternalFile]] = {}
    for graph in model.graphs:
        for value in graph.values.values():
            storage = value.tensor.storage if value.tensor else None
            if isinstance(storage, ExternalFile):
                found.setdefault(storage.location, []).append(storage)
    return tuple(
        External(
            location,
            ranges[0].escapes,
            ranges[0].path,
            len(ranges),
            max(each.offset + (each.length or 0) for each in ranges),
        )
        for location, ranges in found.items()
    )
