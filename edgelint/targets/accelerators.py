"""Accelerators beside a processor, and what their compilers and delegates leave to it."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.targets.keys import only_known
from edgelint.targets.sections import Sections

if TYPE_CHECKING:
    from edgelint.targets.table import TableName


@dataclass(frozen=True, slots=True)
class Accelerator:
    """What takes operators off the processor, as far as its table says.

    title: as sentences name it. table: its operator support table. tool: what compiles for it or
    hands operators to it. compiled: the custom operator that stands for what it runs in a file that
    the tool has processed, "" where it processes no files.
    """

    name: str
    title: str
    table: TableName
    tool: str
    source: str
    compiled: str = ""

    def instead_of(self, subject: str, name: str) -> str:
        """What it offers instead of an operator, element type… called `name`; "" where nothing is known."""
        from edgelint.targets.replacement import instead_of
        from edgelint.targets.table import root

        return instead_of(root(self.table), subject, name, self.table)


@cache
def find(file: Sections, name: str) -> Accelerator | None:
    """The accelerator called `name` in accelerators.toml; None where edgelint has no table for it.

    Raises EdgelintError for a key that means nothing.
    """
    for section in file.every:
        if name and section.name == name:
            data = file.parse([section])[section.kind][name]
            only_known(file.path, f"[{name}]", data, {entry.name for entry in fields(Accelerator)})
            return Accelerator(name=name, **data)
    return None
