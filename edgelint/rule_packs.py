"""Modules of rules: they are imported, and what is wrong with one is told, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from edgelint.aside import aside
from edgelint.errors import ENDINGS, failure
from edgelint.printable import printable


def load_pack(load: Callable[[], Any]) -> str:
    """What keeps rules of a pack from being known, a phrase; "" where nothing does.

    load: imports the pack: a module, or a package of modules, whose classes thereby are known.
    """
    pack, fault = _tried(load)
    if fault:
        return f"cannot be imported: {fault}"
    if not isinstance(pack, ModuleType):
        return f"is no package but a {type(pack).__name__}"
    return _first(list(_faults(pack)))


def load_modules(names: Iterable[str]) -> str:
    """What keeps rules in these modules from being known, as `load_pack` says it."""
    faults = ((name, _tried(import_module, name)[1]) for name in names)
    return _first([f"lacks {name}: {fault}" for name, fault in faults if fault])


def _first(faults: list[str]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return faults[0] + more if faults else ""


def _faults(pack: ModuleType) -> Iterator[str]:
    """What is wrong with each module of a pack that cannot be imported."""
    from pkgutil import iter_modules

    for module in iter_modules(getattr(pack, "__path__", ()), f"{pack.__name__}."):
        found, fault = _tried(import_module, module.name)
        if fault:
            yield f"lacks {module.name}: {fault}"
        elif module.ispkg:
            yield from _faults(found)


def _tried(load: Callable[..., Any], *names: str) -> tuple[Any, str]:
    """What code of others gives, and "" or how it failed: it may raise anything."""
    try:
        with aside():
            return load(*names), ""
    except ENDINGS:
        raise
    except BaseException as error:
        return None, printable(failure(error), 400)
