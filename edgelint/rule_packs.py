"""Modules of rules: they are imported, and what is wrong with one is told, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from edgelint.errors import failure
from edgelint.printable import printable

_NOT_RAISED = (Exception, SystemExit)
"""What foreign code may raise that is no word of the user's."""


def load_pack(load: Callable[[], Any]) -> str:
    """What keeps rules of a pack from being known, a phrase; "" where nothing does.

    load: imports the pack: a module, or a package of modules, whose classes thereby are known.
    """
    try:
        pack = load()
    except _NOT_RAISED as error:
        return f"cannot be imported: {_said(error)}"
    if not isinstance(pack, ModuleType):
        return f"is no package but a {type(pack).__name__}"
    return _first(list(_faults(pack)))


def load_modules(names: Iterable[str]) -> str:
    """What keeps rules in these modules from being known, as `load_pack` says it."""
    faults = []
    for name in names:
        try:
            import_module(name)
        except _NOT_RAISED as error:
            faults.append(f"lacks {name}: {_said(error)}")
    return _first(faults)


def _first(faults: list[str]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return faults[0] + more if faults else ""


def _faults(pack: ModuleType) -> Iterator[str]:
    """What is wrong with each module of a pack that cannot be imported."""
    from pkgutil import walk_packages

    # Its own complaint comes from a second try at what was imported here.
    modules = walk_packages(getattr(pack, "__path__", ()), f"{pack.__name__}.", onerror=lambda name: None)
    while True:
        try:
            module = next(modules)
            import_module(module.name)
        except StopIteration:
            return
        except _NOT_RAISED as error:
            yield f"lacks {module.name}: {_said(error)}"


def _said(error: BaseException) -> str:
    return printable(failure(error), 400)
