"""TOML files cut at their section headers, so that a reader parses only the part it wants.

The largest of edgelint's data files take a quarter of `edgelint check` to parse whole. Their
sections begin at headers in column 0 (`[op.CONV_2D]`, `[board."teensy-4.0"]`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets.plain_toml import parse

_HEADER = r"(?m)^\[\[?([A-Za-z_]\w*)(?:\.(?:\"([^\"]+)\"|([\w-]+)))?\]\]?[ \t]*(?:#.*)?$"


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a file that begins at a header: `[kind.name]`, or `[kind]` with name ""."""

    kind: str
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sections:
    """A TOML file as text, and its sections in order."""

    path: Path
    text: str
    every: tuple[Section, ...]

    def parse(self, wanted: Iterable[Section]) -> dict[str, Any]:
        """The content of `wanted`, given in file order. Raises EdgelintError when it is not TOML."""
        try:
            return own_toml("".join(self.text[section.start : section.end] for section in wanted))
        except ValueError as error:
            raise EdgelintError(
                self.path, f"cannot be read: {error}", hint="install edgelint again"
            ) from error


@cache
def sections(path: Path) -> Sections:
    """The sections of one of edgelint's own data files.

    Raises EdgelintError when it is missing, which only a broken installation explains.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EdgelintError(path, f"cannot be read: {error}", hint="install edgelint again") from error
    heads = list(re.finditer(_HEADER, text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return Sections(
        path,
        text,
        tuple(
            Section(head[1], head[2] or head[3] or "", head.start(), end)
            for head, end in zip(heads, ends, strict=False)
        ),
    )


def own_toml(text: str) -> dict[str, Any]:
    """`text`, of one of edgelint's own data files, as TOML. Raises ValueError when it is not."""
    try:
        return parse(text)
    except ValueError:
        return parse_toml(text)


def parse_toml(text: str) -> dict[str, Any]:
    """`text` as TOML. Raises ValueError when it is not."""
    import sys
    from importlib import import_module

    module = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    data: dict[str, Any] = module.loads(text)
    return data
