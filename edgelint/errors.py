"""What a user can be told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

LONGEST_PATH = 4096
"""Characters of a path that are shown; Linux takes no more."""


class Ending(BaseException):
    """What takes edgelint out of whatever it is at, and is no fault of the code that it meets there."""


ENDINGS = (KeyboardInterrupt, Ending)
"""What goes on even where anything else that foreign code raises is caught."""


class EdgelintError(Exception):
    """Something edgelint could not do, said in one line.

    path: the file it is about; Path() when it is about none.
    problem: what is wrong, a phrase that follows the path: "is empty", "ends inside tensor 3".
    where: the place in the file ("subgraph 0, operator 17", "offset 0x1f0"), or "".
    hint: what to do about it, or "".
    code: EL901 unless a more special code fits.
    """

    def __init__(
        self, path: Path | str, problem: str, *, where: str = "", hint: str = "", code: str = "EL901"
    ) -> None:
        super().__init__(path, problem)
        self.path = Path(path)
        self.problem = problem
        self.where = where
        self.hint = hint
        self.code = code

    def __reduce__(self) -> tuple[Callable[..., EdgelintError], tuple[object, ...]]:
        """How to make it again in another process."""
        words = {"where": self.where, "hint": self.hint, "code": self.code}
        return partial(type(self), **words), (self.path, self.problem)

    @property
    def sentence(self) -> str:
        """Problem and place, without the path."""
        return f"{self.problem} ({self.where})" if self.where else self.problem

    def __str__(self) -> str:
        if self.path == Path():
            return self.sentence
        from edgelint.printable import printable

        # Whoever made a model may have chosen its name, and has those of its external data.
        return f"{printable(str(self.path), LONGEST_PATH)}: {self.sentence}"


BUG = "EL900"
"""Code of what is edgelint's own fault."""


def refusal(path: Path | str, error: Exception) -> EdgelintError:
    """What to say of a file that ended in `error`, whatever that is."""
    if isinstance(error, EdgelintError):
        return error
    if isinstance(error, MemoryError):
        hint = "give edgelint more memory, or fewer --jobs"
        return EdgelintError(path, "needs more memory than there is", hint=hint)
    return bug(path, f"makes edgelint fail: {failure(error)}")


def bug(path: Path | str, problem: str) -> EdgelintError:
    """The error for a file that brings a mistake of edgelint to light."""
    hint = "this is a bug in edgelint: please report it with the model"
    return EdgelintError(path, problem, hint=hint, code=BUG)


def failure(error: BaseException) -> str:
    """An exception that nobody expected, in words: its type, and what it says if it can say it."""
    try:
        said = str(error)
    except ENDINGS:
        raise
    except BaseException:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
