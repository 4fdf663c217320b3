"""What is known of edgelint's own rules before they are imported.

A check needs few of them for most models, and importing all takes longer than the rest of it. The table
`edgelint.rules.index` is held against the folders, so that a rule is found by being there, listed or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from inspect import getmodulename

from edgelint.deferred import dataclass

BUILT_IN = "edgelint.rules"
"""The package of edgelint's own rules."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule as the table has it. needs, operators: those of its class."""

    module: str
    needs: tuple[str, ...]
    operators: tuple[str, ...]

    @property
    def name(self) -> str:
        """The rule's name, after which its file is called."""
        return self.module.rpartition(".")[2].replace("_", "-")


@cache
def listed() -> Mapping[str, Listed]:
    """Every rule of the table by code whose file is there."""
    return {code: rule for code, rule in _table().items() if rule.module in _files()}


def unlisted() -> tuple[str, ...]:
    """The modules of rules that the table lacks."""
    known = {rule.module for rule in _table().values()}
    return tuple(sorted(_files() - known))


@cache
def are_installed() -> bool:
    """Whether edgelint's own rules are there: they lie beside it in a checkout."""
    return find_spec(BUILT_IN) is not None


@cache
def _table() -> Mapping[str, Listed]:
    if not are_installed():
        return {}
    rows = import_module(f"{BUILT_IN}.index").RULES
    return {
        code: Listed(f"{BUILT_IN}.{module}", needs, operators)
        for code, (module, needs, operators) in rows.items()
    }


@cache
def _files() -> frozenset[str]:
    """The modules in the folders of rules; those of the table where there are no folders, in an archive."""
    folders = import_module(BUILT_IN).__path__ if are_installed() else ()
    try:
        return frozenset(name for folder in folders for name in _in_folder(folder))
    except OSError:
        return frozenset(rule.module for rule in _table().values())


def _in_folder(folder: str) -> Iterator[str]:
    with os.scandir(folder) as families:
        for family in families:
            if not family.name.startswith(("_", ".")) and family.is_dir():
                stems = filter(None, map(getmodulename, os.listdir(family.path)))
                yield from (f"{BUILT_IN}.{family.name}.{stem}" for stem in stems if stem != "__init__")
