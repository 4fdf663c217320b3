"""The onnx package without what nobody asks for: all of it takes longer to import than a check takes.

The `edgelint` program has Python import it so. Whatever is asked of it is found: messages and submodules are
imported one by one, and for anything else the package is imported whole, as if it had been from the start.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

PACKAGE, MESSAGES = "onnx", "onnx.onnx_ml_pb2"
"""The package, and its module of protobuf messages."""

_SET_BY_PYTHON = frozenset({"__path__", "__file__", "__cached__", "__loader__", "__package__", "__spec__"})
"""What Python itself gives a module once it has looked whether that is there."""


def install() -> None:
    """From now on, unless it was imported already, `import onnx` imports no more than what is asked of it."""
    if PACKAGE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds the package where Python does, but has it loaded in parts."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """The package's specification; None for all else."""
        if name != PACKAGE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Postponed(spec.loader))
        return spec


class _Postponed:
    """Loads a package without running its `__init__`."""

    def __init__(self, real: Loader) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A package that completes itself."""
        return _Parts(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing, for now."""


class _Parts(ModuleType):
    """The package until something is asked of it that only its `__init__` makes."""

    def __getattr__(self, name: str) -> Any:
        """A message, a submodule, or what the whole package has of that name."""
        if name in _SET_BY_PYTHON:
            raise AttributeError(name)
        if name.endswith("Proto"):
            setattr(self, name, getattr(import_module(MESSAGES), name))
            return vars(self)[name]
        if name == "load_from_string":
            return self._parsed
        if not name.startswith("__") and PathFinder.find_spec(f"{PACKAGE}.{name}", self.__path__) is not None:
            return import_module(f"{PACKAGE}.{name}")
        self._complete()
        return getattr(self, name)

    def _parsed(self, content: bytes, format: str | None = None) -> Any:
        """`onnx.load_from_string`, which shape inference ends with."""
        if format in (None, "protobuf"):
            return self.ModelProto.FromString(content)
        self._complete()
        return self.load_from_string(content, format)

    def _complete(self) -> None:
        """Makes it the package that it stands for."""
        spec = self.__spec__
        assert spec is not None
        spec.loader = self.__loader__ = cast(_Postponed, spec.loader).real
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)
