"""Users' own boards, runtimes, accelerators and operator tables, as their TOML files state them.

They come from `edgelint.toml` or `pyproject.toml`, from stand-alone files, and from installed packages
(entry point group `edgelint.targets`: a package whose `*.toml` files are read). What a definition may
say: edgelint/targets/own.py, and own_table.py for operator tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.aside import aside
from edgelint.deferred import dataclass
from edgelint.entry_points import others
from edgelint.errors import ENDINGS, EdgelintError
from edgelint.small_file import text_of
from edgelint.targets.keys import a_table, only_known, only_printable
from edgelint.targets.sections import parse_toml

ENTRY_POINT_GROUP = "edgelint.targets"

KINDS = ("board", "runtime", "accelerator", "operators")
"""What can be defined: tables of these names, each with one table per definition."""

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; edgelint's own largest table has 120 KiB."""

_NAME = r"[a-z0-9][a-z0-9._-]*"


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition as its file states it. where: its place there, "[board.acme]"."""

    path: Path
    where: str
    data: Mapping[str, Any]

    def is_same(self, other: Definition) -> bool:
        """Whether both are one definition, however its file was named."""
        return self.data == other.data and os.path.abspath(self.path) == os.path.abspath(other.path)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Definitions by kind and name."""

    every: Mapping[tuple[str, str], Definition] = field(default_factory=dict)

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all of a kind, in the order of their files."""
        return tuple(name for each, name in self.every if each == kind)

    def get(self, kind: str, name: str) -> Definition | None:
        """The definition of this kind and name; None where there is none."""
        return self.every.get((kind, name))

    def joined(self, other: Definitions) -> Definitions:
        """Both together. Raises EdgelintError, naming both files, where they define the same."""
        for (kind, name), one in self.every.items():
            clash = other.every.get((kind, name))
            if clash is not None and not clash.is_same(one):
                raise EdgelintError(
                    clash.path,
                    f"defines the {_word(kind)} {name!r}, which {one.path} defines too",
                    where=clash.where,
                )
        return Definitions({**self.every, **other.every})


NONE = Definitions()


def read_definitions(path: Path, data: Mapping[str, Any], inside: str = "") -> Definitions:
    """The definitions in `data`, a table of `path`; its other keys are left alone.

    inside: the table's own place in the file, such as "tool.edgelint.". Raises EdgelintError for a name
    or value that means nothing.
    """
    found: dict[tuple[str, str], Definition] = {}
    only_printable(path, {kind: data[kind] for kind in KINDS if kind in data})
    for kind in KINDS:
        for name, stated in a_table(path, f"[{inside}{kind}]", data.get(kind, {})).items():
            where = f"[{inside}{kind}.{name}]"
            if not re.fullmatch(_NAME, name):
                raise EdgelintError(
                    path,
                    f"has the name {name!r}",
                    where=where,
                    hint="names are small letters, digits, '-', '.' and '_'",
                )
            found[kind, name] = Definition(path, where, a_table(path, where, stated))
    return Definitions(found)


def read_file(path: Path) -> Definitions:
    """The definitions in a TOML file that has nothing else.

    Raises EdgelintError when it cannot be read or has anything else.
    """
    data = read_user_toml(path)
    only_known(path, "", data, KINDS)
    return read_definitions(path, data)


def read_user_toml(path: Path, only_if: str = "") -> dict[str, Any]:
    """The content of a user's TOML file; {} for one without the word `only_if`, which is not parsed.

    Raises EdgelintError when it is missing, huge or not TOML.
    """
    try:
        text = text_of(path, LARGEST_FILE)
        return parse_toml(text) if only_if in text else {}
    except (ValueError, RecursionError) as error:
        raise EdgelintError(path, f"is not TOML: {error}") from error


def read_all(paths: Iterable[Path]) -> Definitions:
    """The definitions in several files."""
    found = NONE
    for path in paths:
        found = found.joined(read_file(path))
    return found


@cache
def installed() -> Definitions:
    """The definitions that installed packages bring along, through their entry points.

    Raises EdgelintError for an entry point that leads to no package, or a file that means nothing.
    """
    return read_all(_packaged_files())


def _packaged_files() -> Iterator[Path]:
    from importlib.util import find_spec

    for point in others(ENTRY_POINT_GROUP):
        try:
            # This imports the packages around it.
            with aside():
                spec = find_spec(point.value)
        except ENDINGS:
            raise
        except BaseException:
            spec = None
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if not folders:
            raise EdgelintError(
                Path(), f"the target pack {point.name!r} names {point.value!r}, which is no package"
            )
        for folder in folders:
            yield from sorted(Path(folder).glob("*.toml"))


def _word(kind: str) -> str:
    return "operator table" if kind == "operators" else kind
