"""What installed packages announce to edgelint, told without importlib.metadata where it is nothing.

That module (with email, zipfile and csv) and its search through all distributions take longer than
checking a small model does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

OWN = "edgelint"
"""The distribution whose entry points are left out: edgelint knows what it brings."""


def others(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of `group`, by name, without those of edgelint itself."""
    if not _may_be_any(group):
        return ()
    from importlib.metadata import entry_points

    points = (point for point in entry_points(group=group) if point.dist is None or point.dist.name != OWN)
    return tuple(sorted(points, key=lambda point: point.name))


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
