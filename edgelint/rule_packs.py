"""Packages of rules: every module in one is imported, and what is wrong with it is told, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    faults = list(_faults(pack))
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
