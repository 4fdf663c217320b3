"""One configuration file: found, read and verified."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from edgelint.config.keys import BUDGET, PER_RUN, Place, budget_of, flat
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets import find, names, own_names
from edgelint.targets.definitions import KINDS, Definitions, read_all, read_definitions, read_user_toml
from edgelint.targets.keys import a_table, only_known, only_printable

NAMES = ("edgelint.toml", "pyproject.toml")
"""Files that may hold a configuration; of two in one folder the first counts."""

_STRUCTURE = ("targets", "files", *KINDS)
"""Keys beside those of keys.READERS."""


@dataclass(frozen=True)
class ConfigFile:
    """A configuration as its file has it.

    inside: what goes before a key's table, "tool.edgelint." in a pyproject.toml. data: its content.
    """

    path: Path
    inside: str
    data: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """The top of it."""
        return Place(self.path, f"[{self.inside[:-1]}]" if self.inside else "", self.inside)

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """What it says of every file, flat. Raises EdgelintError for what means nothing."""
        return flat(self.place, self.data, _STRUCTURE)

    @cached_property
    def per_file(self) -> tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]:
        """What it says of some files: globs and flat values. Raises EdgelintError for what means nothing."""
        place = self.place.table("files")
        tables = self.data.get("files", [])
        if not isinstance(tables, list):
            raise place.wrong("is no list of tables", f"write [[{self.inside}files]]")
        found = []
        for table in tables:
            globs = a_table(self.path, place.where, table).get("path")
            globs = [globs] if isinstance(globs, str) else globs
            if not isinstance(globs, list) or not globs or not all(isinstance(each, str) for each in globs):
                raise place.wrong("lacks path, a glob or a list of them")
            values = flat(place, table, ("path",))
            for key in PER_RUN & set(values):
                raise place.wrong(f"has {key!r}, which holds for a whole run", "set it outside of files")
            found.append((tuple(globs), values))
        return tuple(found)

    @cached_property
    def definitions(self) -> Definitions:
        """The user's own boards, runtimes, accelerators and tables: in it, and in the files it names."""
        own = read_definitions(self.path, self.data, self.inside)
        return own.joined(read_all(self._definition_files()))

    def verify(self) -> None:
        """Raises EdgelintError for anything in it that means nothing."""
        only_printable(self.path, self.data)
        # Each part is verified as it is read.
        _ = self.values, self.per_file, self.definitions
        self._verify_budgets()

    def matching(self, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What it says of this file in particular: the glob that matched, and flat values; in file order."""
        name = Path(os.path.relpath(path, self.path.parent)).as_posix()
        for globs, values in self.per_file:
            matched = next((glob for glob in globs if matches(glob, name)), None)
            if matched is not None:
                yield matched, values

    def _verify_budgets(self) -> None:
        """Raises EdgelintError for a budget of a target that does not exist."""
        keys = [*self.values, *(key for _, values in self.per_file for key in values)]
        stated = dict.fromkeys(found[0] for key in keys if (found := budget_of(key)) and found[0])
        if stated:
            known = {*names(), *own_names(self.definitions), *self._targets_of_files()}
            only_known(self.path, self.place.table("budget").where, stated, {*known, *BUDGET})

    def _targets_of_files(self) -> Iterator[str]:
        """The names of the targets that it names by the files that define them."""
        for values in (self.values, *(values for _, values in self.per_file)):
            for name in values.get("target", ()):
                if name.partition("#")[0].endswith(".toml"):
                    yield find(name, self.definitions).name

    def _definition_files(self) -> Iterator[Path]:
        stated = self.data.get("targets", [])
        globs = [stated] if isinstance(stated, str) else stated
        if not isinstance(globs, list) or not all(isinstance(each, str) and each for each in globs):
            raise self.place.wrong(f"has {stated!r} for targets; globs of TOML files")
        for glob in globs:
            try:
                found = sorted(self.path.parent.glob(glob))
            except (ValueError, NotImplementedError) as error:
                raise self.place.wrong(f"has {glob!r} for targets, which is no relative glob") from error
            if not found:
                raise self.place.wrong(f"has {glob!r} for targets, which matches no file")
            yield from found


def nearest_config(path: Path) -> ConfigFile | None:
    """The configuration nearest to `path`: in its folder, or the first one above.

    A pyproject.toml without [tool.edgelint] is passed by. Raises EdgelintError when one is not TOML.
    """
    start = Path(os.path.abspath(path))
    for folder in (start, *start.parents) if os.path.isdir(start) else start.parents:
        found = _in_folder(_short(folder))
        if found is not None:
            return found
    return None


def read_config(path: Path) -> ConfigFile:
    """The configuration in `path`. Raises EdgelintError when it holds none or is not TOML."""
    path = _short(Path(os.path.abspath(path)))
    found = _read(path)
    if found is None:
        raise EdgelintError(path, "has no [tool.edgelint]")
    return found


def matches(glob: str, name: str) -> bool:
    """Whether a path relative to the configuration is meant by `glob`.

    `*` and `?` stay within a folder, `**` goes through any. A glob without a slash matches the file's
    name in any folder; one that ends in a slash everything below.
    """
    if "/" not in glob:
        name = name.rpartition("/")[2]
    return re.fullmatch(_expression(glob + "**" if glob.endswith("/") else glob), name) is not None


def _expression(glob: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", glob.removeprefix("./"))
    return "".join(_EXPRESSIONS.get(part) or _class(part) for part in parts)


def _class(part: str) -> str:
    if len(part) > 2 and part.startswith("["):
        inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^{inner[1:]}/]" if inner.startswith("!") else f"[{inner}]"
    return re.escape(part)


_EXPRESSIONS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _short(path: Path) -> Path:
    """`path` from the current folder where it lies below it, for a reader."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _in_folder(folder: Path) -> ConfigFile | None:
    for name in NAMES:
        path = folder / name
        if os.path.isfile(path) and (found := _read(path)) is not None:
            return found
    return None


def _read(path: Path) -> ConfigFile | None:
    """The configuration in `path`; None for a pyproject.toml that has none."""
    if path.name != "pyproject.toml":
        data = read_user_toml(path)
        tool = data.get("tool")
        # The same table as in a pyproject.toml is understood here too.
        if set(data) == {"tool"} and isinstance(tool, Mapping) and "edgelint" in tool:
            return ConfigFile(path, "tool.edgelint.", a_table(path, "[tool.edgelint]", tool["edgelint"]))
        return ConfigFile(path, "", data)
    data = read_user_toml(path, only_if="edgelint")
    tool = data.get("tool", {})
    if not isinstance(tool, Mapping) or "edgelint" not in tool:
        return None
    return ConfigFile(path, "tool.edgelint.", a_table(path, "[tool.edgelint]", tool["edgelint"]))
