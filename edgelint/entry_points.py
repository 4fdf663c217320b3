"""What installed packages announce to edgelint, told without importlib.metadata where it is nothing.

That module (with email, zipfile and csv) and its search through all distributions take longer than
checking a small model does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

OWN = "edgelint"
"""The distribution whose entry points are left out: edgelint knows what it brings."""


class Announced(Protocol):
    """What a package announces: its name for it, where it is, and how to import it."""

    @property
    def name(self) -> str:
        """What the package calls it."""

    @property
    def value(self) -> str:
        """Where it is: "acme.rules"."""

    def load(self) -> Any:
        """The object itself, imported. Raises whatever that raises."""


def others(group: str) -> tuple[Announced, ...]:
    """The entry points of `group`, by name, without those of edgelint itself.

    A package whose announcements cannot be read has one that raises when it is loaded.
    """
    if not _may_be_any(group):
        return ()
    from importlib.metadata import entry_points

    try:
        points = [point for point in entry_points(group=group) if _owner(point) != OWN]
    except Exception:
        return _readable(group)
    return tuple(sorted(points, key=lambda point: point.name))


def _owner(point: EntryPoint) -> str | None:
    return point.dist.name if point.dist is not None else None


def _readable(group: str) -> tuple[Announced, ...]:
    """The entry points of `group`, each package's for itself, as one of them breaks the whole list."""
    from importlib.metadata import distributions

    found: dict[str, Announced] = {}
    for distribution in distributions():
        text = ""
        try:
            text = distribution.read_text("entry_points.txt") or ""
            # As in an import, the first on the path counts.
            mine = (point for point in distribution.entry_points if point.group == group)
            found = {point.name: point for point in mine if _owner(point) != OWN} | found
        except Exception as error:
            if f"[{group}]" in text:
                found[str(len(found))] = _Unreadable(_named(distribution), error)
    return tuple(found.values())


def _named(distribution: Distribution) -> str:
    with suppress(Exception):
        return str(distribution.metadata["Name"])
    return "?"


class _Unreadable:
    """What stands for the entry points of a package that nobody can read."""

    value = ""

    def __init__(self, name: str, error: Exception) -> None:
        self.name = name
        self.error = error

    def load(self) -> Any:
        """Raises what reading raised."""
        raise self.error


def _may_be_any(group: str) -> bool:
    """Whether `others` has to look: False only where no folder on the path has a package that says so."""
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return True
    section = f"[{group}]"
    return any(section in text for place in sys.path for text in _announcements(place or os.curdir, section))


def _announcements(place: str, unknown: str) -> Iterator[str]:
    """What the packages in `place`, an entry of sys.path, announce; `unknown` where that is an archive."""
    try:
        names = os.listdir(place)
    except NotADirectoryError:
        yield unknown
        return
    except OSError:
        return
    for name in names:
        if not name.lower().endswith(("dist-info", "egg-info")) or name.startswith((f"{OWN}-", f"{OWN}.")):
            continue
        try:
            with open(os.path.join(place, name, "entry_points.txt"), encoding="utf-8") as file:
                yield file.read()
        except (OSError, ValueError):
            continue
