"""Flags, environment, file and defaults joined: what holds for one checked file, and who said it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.checker import Settings
from edgelint.config.file import ConfigFile, nearest_config, read_config
from edgelint.config.keys import DEFAULTS, JOINED, budget_of
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets import Target, find

if TYPE_CHECKING:
    from edgelint.record import Record
    from edgelint.suppress import Ignore

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Said:
    """A value and who said it: "--target", "EDGELINT_CHECK_TARGET", a file, "default"."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Flat keys and values of one source each."""

    values: Mapping[str, Said] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str) -> Layer:
        """All of `values` from one source."""
        return cls({key: Said(value, source) for key, value in values.items()})


@dataclass(frozen=True)
class Resolved:
    """What holds for one file. values: flat key to value and source. config: the file it has, if any."""

    values: Mapping[str, Said]
    config: ConfigFile | None

    def value(self, key: str) -> Any:
        """The value of a flat key."""
        return self.values[key].value

    def below(self, table: str) -> dict[str, Any]:
        """The values of the keys below `table`: `dim`, `severity`."""
        inside = f"{table}."
        return {key[len(inside) :]: said.value for key, said in self.values.items() if key.startswith(inside)}

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets. Raises EdgelintError for one that does not exist, or is defined wrongly."""
        definitions = self.config.definitions if self.config else None
        return tuple(find(name, definitions) for name in self.value("target"))

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """What is silenced of some files and nodes only."""
        from edgelint.rule import select
        from edgelint.suppress import Ignore

        return tuple(
            Ignore(
                select([entry["rule"]] if isinstance(entry["rule"], str) else entry["rule"]),
                **{key: said for key, said in entry.items() if key != "rule"},
            )
            for entry in self.value("ignore")
            if isinstance(entry, Mapping)
        )

    def budgets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Target and limits, as settings: first "" with what holds for all, then what single ones have."""
        found: dict[str, dict[str, Any]] = {"": {}}
        for key, said in self.values.items():
            target, name = budget_of(key) or ("", "")
            if name:
                found.setdefault(target, {})[name] = said.value
        general = found[""]
        for target, own in found.items():
            growth = _growth({**general, **own})
            limits = {name: value for name, value in own.items() if not name.startswith("growth.")}
            yield target, {**limits, **({"growth": growth} if growth else {})}

    def record(self) -> Record | None:
        """What growth is held against; None where it has no limit.

        Raises EdgelintError for limits without a record, and for one that cannot be read.
        """
        if not any("growth" in limits for _, limits in self.budgets()):
            return None
        from edgelint.record import Record

        path = self.value("record")
        if path is None:
            hint = 'name a file, record = ".edgelint-record.json"; `edgelint record` writes it'
            raise EdgelintError(
                self.config.path if self.config else Path(), "limits growth beyond no record", hint=hint
            )
        return Record.read(Path(path))

    def settings(self, *, rules: bool = True) -> Settings:
        """The settings of a check; `rules` False for `inspect`, which holds nothing against a record.

        Raises EdgelintError for what means nothing.
        """
        from edgelint.rule import Severity, select

        chosen, silent = (
            self.value("select"),
            [each for each in self.value("ignore") if isinstance(each, str)],
        )
        moved: dict[str, dict[str, object]] = {}
        for key, value in self.below("rules").items():
            code, _, name = key.partition(".")
            moved.setdefault(code, {})[name] = value
        by_target = dict(self.budgets())
        general = by_target.pop("")
        return Settings(
            targets=self.targets,
            task=self.value("task"),
            select=select(chosen) if chosen is not None else None,
            ignore=select(silent) if silent else frozenset(),
            dims=self.below("dim"),
            **general,
            by_target=by_target,
            record=self.record() if rules else None,
            reserve=self.value("reserve"),
            quantize=self.value("quantize"),
            options=moved,
            severities={code: Severity(word) for code, word in self.below("severity").items()},
            weights=self.value("weights"),
            rules=rules,
        )


def _growth(limits: Mapping[str, Any]) -> dict[str, float]:
    """Figure to percent, of limits such as `growth.arena`."""
    inside = "growth."
    return {name[len(inside) :]: value for name, value in limits.items() if name.startswith(inside)}


class Resolver:
    """Finds what holds for each of many files; each configuration is read once.

    given: what flags and the environment say, the stronger last. config: a file that replaces the
    nearest one. isolated: whether no file counts.
    """

    def __init__(
        self, given: tuple[Layer, ...] = (), config: Path | None = None, isolated: bool = False
    ) -> None:
        self.given = given
        self.isolated = isolated
        self.fixed = read_config(config) if config is not None else None
        self._by_folder: dict[Path, ConfigFile | None] = {}
        self._read: dict[Path, ConfigFile] = {}
        self._verified: set[Path] = set()
        self._resolved: dict[tuple[Path | None, tuple[int, ...]], Resolved] = {}

    def config_for(self, path: Path) -> ConfigFile | None:
        """The configuration that counts for `path`; None without one."""
        if self.isolated or self.fixed is not None:
            return None if self.isolated else self.fixed
        folder = path.absolute() if os.path.isdir(path) else path.absolute().parent
        if folder not in self._by_folder:
            found = nearest_config(folder)
            self._by_folder[folder] = found and self._read.setdefault(found.path, found)
        return self._by_folder[folder]

    def for_path(self, path: Path) -> Resolved:
        """What holds for the file `path`. Raises EdgelintError for a configuration that means nothing."""
        config = self.config_for(path)
        layers = [Layer.of(DEFAULTS, DEFAULT)]
        matched: list[int] = []
        if config is not None:
            if config.path not in self._verified:
                config.verify()
                self._verified.add(config.path)
            name = str(config.path)
            layers.append(Layer.of(config.values, name))
            for glob, values in config.matching(path):
                matched.append(id(values))
                layers.append(Layer.of(values, f"{name} [[files]] {glob}"))
        key = config.path if config else None, tuple(matched)
        if key not in self._resolved:
            self._resolved[key] = Resolved(joined([*layers, *self.given]), config)
        return self._resolved[key]


def joined(layers: list[Layer]) -> dict[str, Said]:
    """All layers as one, the later the stronger: also a budget for all targets over those of single ones."""
    found: dict[str, Said] = {}
    for layer in layers:
        general = {name for target, name in filter(None, map(budget_of, layer.values)) if not target}
        for key in [key for key in found if (budget_of(key) or ("", ""))[1] in general]:
            del found[key]
        for key, said in layer.values.items():
            below = found.get(key)
            if key in JOINED and below is not None and below.value and said.value:
                said = Said([*below.value, *said.value], f"{below.source}, {said.source}")
            elif key in JOINED and below is not None and not said.value:
                continue
            found[key] = said
    return found
