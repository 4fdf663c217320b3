"""Accelerators beside a processor, and what their compilers and delegates leave to it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from edgelint.errors import EdgelintError
from edgelint.targets.sections import Sections


@dataclass(frozen=True, slots=True)
class Accelerator:
    """What takes operators off the processor, as far as its table says.

    title: as sentences name it. table: its operator support table. tool: what compiles for it or
    hands operators to it. compiled: the custom operator that stands for what it runs in a file that
    the tool has processed, "" where it processes no files.
    """

    name: str
    title: str
    table: str
    tool: str
    source: str
    compiled: str = ""


@cache
def find(file: Sections, name: str) -> Accelerator | None:
    """The accelerator called `name` in accelerators.toml; None where edgelint has no table for it.

    Raises EdgelintError for a key that means nothing.
    """
    for section in file.every:
        if name and section.name == name:
            data = file.parse([section])[section.kind][name]
            unknown = set(data) - {entry.name for entry in fields(Accelerator)}
            if unknown:
                raise EdgelintError(file.path, f"has the unknown key {min(unknown)}", where=f"[{name}]")
            return Accelerator(name=name, **data)
    return None
