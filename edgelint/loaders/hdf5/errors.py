"""What can be wrong with an HDF5 file."""

from __future__ import annotations


class HDF5Error(Exception):
    """Something in a file that could not be read.

    problem: a clause about what lies there. offset: of it, in bytes from the superblock; None where
    it has no single place. path: of the object it is about; "" where that is not known.
    """

    def __init__(self, problem: str, offset: int | None = None) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset
        self.path = ""

    @property
    def place(self) -> str:
        """The offset in words; "" where there is none."""
        return "" if self.offset is None else f"offset {self.offset:#x}"


class Damaged(HDF5Error):
    """Bytes that are not what the format says."""


class Unreadable(HDF5Error):
    """Sound bytes of a kind that this reader does not read, named by `problem`."""


class LiesElsewhere(HDF5Error):
    """Elements that the file keeps in another file, which is never opened."""


class LeadsElsewhere(LiesElsewhere):
    """A link to an object in another file, which is never followed."""
