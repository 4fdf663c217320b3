"""Firm reasons to take a head for one task: what the user says, a stored loss, metadata, metrics.

Activations, shapes and names are no such reasons: they are what the rules judge.
"""

from __future__ import annotations

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Clue, Evidence, Task


def of_regression(head: Head, heads: tuple[Head, ...]) -> Evidence | None:
    """Why the head predicts numbers; None where that is not firm, or something firm contradicts it."""
    if head.says(Clue.USER):
        return _from_user(head, heads, Task.REGRESSION)
    labels, metrics = head.says(Clue.LABELS), head.says(Clue.METRIC)
    if any(said.task is not Task.REGRESSION for said in (*labels, *metrics)):
        return None
    if head.loss is None:
        return next((said for said in labels if said.task is Task.REGRESSION), None)
    return head.says(Clue.LOSS)[0] if head.loss.name in losses.NUMERIC and head.says(Clue.LOSS) else None


def of_exclusive_classes(head: Head, heads: tuple[Head, ...]) -> Evidence | None:
    """Why just one of the head's classes is true at a time; None where that is not firm.

    Labels don't say it: several of them may be true at once.
    """
    if head.says(Clue.USER):
        return _from_user(head, heads, Task.CLASSIFICATION)
    if head.loss is not None and head.loss.name in losses.EXCLUSIVE and head.says(Clue.LOSS):
        return head.says(Clue.LOSS)[0]
    return None


def of_several_labels(head: Head, heads: tuple[Head, ...]) -> Evidence | None:
    """Why several of the head's classes may be true at once; None where that is not firm."""
    if head.says(Clue.USER):
        return _from_user(head, heads, Task.MULTILABEL)
    if head.loss is not None and head.loss.name in losses.BINARY:
        return next((said for said in head.says(Clue.LOSS) if said.task is Task.MULTILABEL), None)
    return None


def of_classes(head: Head) -> Evidence | None:
    """Why the head tells classes apart, in whatever way; None where that is not firm."""
    for clue in (Clue.USER, Clue.LABELS, Clue.LOSS, Clue.METRIC):
        said = head.says(clue)
        if said:
            found = next((each for each in said if each.task in CLASS_TASKS), None)
            if found is not None or clue is Clue.USER:
                return found
    return None


def _from_user(head: Head, heads: tuple[Head, ...], task: Task) -> Evidence | None:
    """The user's word for all outputs, as long as they all end alike: it may not mean each of them."""
    said = head.says(Clue.USER)[0]
    alike = all(other.activation == head.activation for other in heads)
    return said if said.task is task and alike else None
