"""Which losses serve which task."""

from __future__ import annotations

from typing import NamedTuple

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Clue, Evidence, Task


class Unfitting(NamedTuple):
    """A loss that does not serve the task. said: what calls it so. reason, hint: phrases."""

    said: Evidence
    reason: str
    hint: str


_DISTANCES = losses.NUMERIC | {"poisson"}
_CLASSES = losses.EXCLUSIVE | losses.BINARY | losses.HINGES | {"categorical_hinge"}

_DISTANCE = "measures how far numbers are apart"
_CHOICE = "lets one class be true at a time"
_CLASS = "is for classes"

_TABLE: tuple[tuple[frozenset[Task], frozenset[str], str, str], ...] = (
    (
        frozenset({Task.CLASSIFICATION, Task.SEGMENTATION}),
        _DISTANCES,
        _DISTANCE,
        "train with categorical_crossentropy on a softmax",
    ),
    (
        frozenset({Task.BINARY, Task.MULTILABEL}),
        _DISTANCES,
        _DISTANCE,
        "train with binary_crossentropy on a sigmoid",
    ),
    (
        frozenset({Task.MULTILABEL}),
        losses.EXCLUSIVE | {"categorical_hinge"},
        _CHOICE,
        "train with binary_crossentropy on a sigmoid per label",
    ),
    (
        frozenset({Task.REGRESSION}),
        _CLASSES,
        _CLASS,
        "train with mse, mae or Huber on a layer without activation",
    ),
    (
        frozenset({Task.AUTOENCODER}),
        losses.EXCLUSIVE | losses.HINGES,
        _CLASS,
        "train with mse, or with binary_crossentropy on inputs from 0 to 1",
    ),
)
"""Tasks, losses that don't serve them, why, and what does.

Source: Edge Impulse's documentation on loss functions; the Keras documentation of each loss."""


def unfitting(head: Head) -> Unfitting | None:
    """Why the head's loss does not serve the task it is said to have; None where it does, or is not known."""
    said = _said(head)
    if said is None or head.loss is None:
        return None
    for tasks, names, reason, hint in _TABLE:
        if said.task in tasks and head.loss.name in names:
            return Unfitting(said, reason, hint)
    return None


def _said(head: Head) -> Evidence | None:
    """What the user, or else the file's labels, call the head's task."""
    user = head.says(Clue.USER)
    if user:
        return user[0]
    labels = [said for said in head.says(Clue.LABELS) if said.task in CLASS_TASKS]
    return labels[0] if labels else None
