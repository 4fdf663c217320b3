"""Weights counted by a process of their own, while this one loads the model and judges the rest of it.

NumPy takes a third of the time of a check to import, and most models need it for nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.ir.files import size

if TYPE_CHECKING:
    from edgelint.analysis.weights.statistics import Split, Statistics
    from edgelint.ir.tensor import Tensor

SMALLEST_FILE, LARGEST_FILE = 4 << 20, 32 << 20
"""Bytes of a model file for which this pays: plain Python is done sooner with smaller ones, and for larger
ones the import is a small part of the whole."""

MOST_CONSTANTS = 2_000
"""Constants up to which they are counted so; telling of each takes time as well."""

SECONDS, MORE_BYTES, LONGEST_REPLY = 2.0, 128 << 20, 64 << 20
"""Processor time and memory that the process may take, and bytes of what it has found that are taken."""


class Counter:
    """A process that has begun to import NumPy, and counts once, what it is asked for."""

    def __init__(self) -> None:
        """Begins it."""
        from edgelint.child import Child

        heard, self._asking = os.pipe()

        def work() -> bytes:
            os.close(self._asking)
            return _counted(heard)

        try:
            self._child = Child(work, SECONDS, MORE_BYTES)
        except OSError:
            self._close()
            raise
        finally:
            os.close(heard)

    def ask(self, questions: Sequence[tuple[Tensor, Split | None]]) -> None:
        """Has it count each tensor, its channels as the split says."""
        import pickle

        from edgelint.child import send

        with suppress(OSError):
            send(self._asking, pickle.dumps(questions))
        self._close()

    def answers(self) -> Mapping[int, Statistics | None]:
        """The question's place to what was counted, once all is; those that failed are not among them."""
        import pickle

        from edgelint.child import ChildTimeout

        with suppress(ChildTimeout, EOFError, pickle.UnpicklingError):
            answers: Mapping[int, Statistics | None] = pickle.loads(self._child.reply(LONGEST_REPLY))
            return answers
        return {}

    def end(self) -> None:
        """Ends the process, where it was not waited for."""
        self._close()
        self._child.end()

    def _close(self) -> None:
        if self._asking >= 0:
            os.close(self._asking)
            self._asking = -1


def _counted(heard: int) -> bytes:
    """The life of that process: what there is to answer to what is heard."""
    import pickle

    from edgelint.analysis.weights import counts_numpy
    from edgelint.analysis.weights.statistics import measure
    from edgelint.errors import EdgelintError

    with os.fdopen(heard, "rb") as asked:
        questions: Sequence[tuple[Tensor, Split | None]] = pickle.load(asked)
    answers: dict[int, Statistics | None] = {}
    for place, (tensor, split) in enumerate(questions):
        with suppress(EdgelintError):
            answers[place] = measure(tensor, split, counts_numpy)
    return pickle.dumps(answers)


_waiting: Counter | None = None


@contextmanager
def counting_ahead(path: Path) -> Iterator[None]:
    """For the time of the block, which checks the model in `path` and no other, a process that may count.

    None where that does not pay, or where there can be none.
    """
    global _waiting
    counter = _waiting = _begun() if _pays(path) else None
    try:
        yield
    finally:
        _waiting = None
        if counter is not None:
            counter.end()


def _pays(path: Path) -> bool:
    # On macOS a process that is forked from one with threads, as some libraries begin them, may be ended.
    several = sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1
    return several and SMALLEST_FILE <= size(path) <= LARGEST_FILE


def _begun() -> Counter | None:
    try:
        return Counter()
    except OSError:
        return None


def waiting() -> Counter | None:
    """The process that waits to be asked, for whoever is the first to call; None for all others."""
    global _waiting
    counter, _waiting = _waiting, None
    return counter
