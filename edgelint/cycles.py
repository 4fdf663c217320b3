"""Unused objects that refer to one another, as those of a model that is done with do.

Python looks for such cycles whenever there are many new objects, and for a large model that takes a
twentieth of the time: hardly any are unused as long as it is at hand. The `edgelint` program has Python leave
off, and looks for them itself, between one model and the next.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 100_000
"""After so many it looks for cycles among them. Python's own 700 take a tenth of the time to start up."""

_MOST = 100 * NEW_OBJECTS
"""After so many Python does, model or not: a limit to what code of others may leave behind."""


def leave_to_edgelint() -> None:
    """Has this process, and those that are forked from it, look for cycles between models."""
    gc.set_threshold(_MOST, 100)


def collect() -> None:
    """Frees what the models before have left, once that may be much."""
    if gc.get_count()[0] > NEW_OBJECTS:
        gc.collect(0)
