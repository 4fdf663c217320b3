"""Dataclasses whose methods are made when they are first needed.

`dataclasses.dataclass` compiles about seven functions for each class, which takes 0.4 ms: a fifth of the
time of `edgelint check`, which imports 140 such classes and calls few of those functions. The decorator
here is written like that one and means the same. `__init__` is compiled when there are `FEW` instances,
`__eq__` and `__hash__` for their first call; all the rest is left to `dataclasses` itself, when it is first
called or looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from inspect import get_annotations
from threading import RLock
from typing import TYPE_CHECKING, Any

FEW = 16
"""Instances of a class that are filled in field by field, each a tenth of what compiling `__init__` takes."""

_OPTIONS = {"frozen", "slots", "eq", "order"}
_FACTS = ("__dataclass_fields__", "__dataclass_params__")
_COMPARISONS = ("__lt__", "__le__", "__gt__", "__ge__")
_MADE = {"__init__", "__repr__", "__eq__", "__hash__", *_COMPARISONS, "__setattr__", "__delattr__"}
_OWN = frozenset({*_MADE, "__post_init__"})
"""A class with one of these in its body is left to `dataclasses`."""

_NOT_COPIED = ("__dict__", "__weakref__")

_LOCK = RLock()


def _dataclass(cls: type | None = None, /, **options: bool) -> Any:
    """`dataclasses.dataclass`, deferred for all but unusual classes."""
    if cls is None:
        return partial(_dataclass, **options)
    kinds = get_annotations(cls)
    if not _usual(cls, options, kinds):
        return dataclasses.dataclass(cls, **options)
    return _Deferred(cls, options, tuple(kinds)).made


def _usual(cls: type, options: Mapping[str, bool], kinds: Mapping[str, object]) -> bool:
    """Whether `cls` has nothing but fields that are given to `__init__`, and methods of other names."""
    own = vars(cls)
    if cls.__bases__ != (object,) or not options.keys() <= _OPTIONS or not own.keys().isdisjoint(_OWN):
        return False
    # One text is sooner looked through than many.
    said = " ".join(map(str, kinds.values()))
    if "ClassVar" in said or "InitVar" in said:
        return False
    return all(each.init for each in own.values() if isinstance(each, dataclasses.Field))


class _Deferred:
    """One class to be completed.

    plain: the class as it was written, that `dataclasses` completes in the end. made: what stands for
    it from the start, with slots if asked for; its methods put those of `plain` in their own place.
    """

    def __init__(self, plain: type, options: dict[str, bool], names: tuple[str, ...]) -> None:
        self.plain = plain
        self.names = names
        body = dict(vars(plain))
        # `dataclasses` takes the factories among them off the class when it completes it.
        self.defaults = {name: body.get(name, dataclasses.MISSING) for name in names}
        self.slots = options.pop("slots", False)
        self.options = options
        self.complete = False
        for name in _NOT_COPIED:
            body.pop(name, None)
        for name, default in self.defaults.items():
            if isinstance(default, dataclasses.Field):
                default = body[name] = default.default
            if self.slots or default is dataclasses.MISSING:
                body.pop(name, None)
        for name in _FACTS:
            body[name] = _Fact(self, name)
        for name in self.methods():
            body[name] = self.late(name)
        body["__init__"], body["__match_args__"] = self.first_init(), names
        if options.get("frozen"):
            body |= {"__setattr__": _refuse_setting, "__delattr__": _refuse_deleting}
            body |= {"__getstate__": _state, "__setstate__": _set_state} if self.slots else {}
        if self.slots:
            body["__slots__"] = self.names
        self.made: type = type(plain.__name__, (object,), body)
        self.made.__qualname__ = plain.__qualname__

    def methods(self) -> tuple[str, ...]:
        """The methods that `dataclasses` shall make, by what was asked for."""
        equality = ("__eq__", "__hash__") if self.options.get("eq", True) else ()
        return ("__repr__", *equality, *(_COMPARISONS if self.options.get("order") else ()))

    def completed(self) -> type:
        """`plain` as `dataclasses` makes it."""
        with _LOCK:
            if not self.complete:
                dataclasses.dataclass(self.plain, **self.options)
                self.complete = True
        return self.plain

    def late(self, name: str) -> Any:
        """A method that puts the real one in its place at its first call."""
        if name == "__hash__" and not self.options.get("frozen"):
            return None

        def method(instance: object, *arguments: object) -> Any:
            made = self.compared(name) or getattr(self.completed(), name)
            setattr(self.made, name, made)
            return made(instance, *arguments)

        return method

    def compared(self, name: str) -> Callable[..., Any] | None:
        """`__eq__` or `__hash__` by all fields, as `dataclasses` writes it; None for any other method."""
        fields = [each for each in self.defaults.values() if isinstance(each, dataclasses.Field)]
        plain = all(each.compare and each.hash is None for each in fields)
        if name not in ("__eq__", "__hash__") or not plain:
            return None
        own, other = ("".join(f"{each}.{field}, " for field in self.names) for each in ("self", "other"))
        known: dict[str, Any] = {}
        if name == "__hash__":
            exec(f"def __hash__(self):\n  return hash(({own}))", known)
        else:
            same = f"({own}) == ({other}) if other.__class__ is self.__class__ else NotImplemented"
            exec(f"def __eq__(self, other):\n  return {same}", known)
        made: Callable[..., Any] = known[name]
        made.__qualname__ = f"{self.plain.__qualname__}.{name}"
        return made

    def first_init(self) -> Callable[..., None]:
        """An `__init__` that puts the compiled one in its place when it has been called often enough."""
        left = FEW

        def __init__(instance: object, *arguments: object, **named: object) -> None:
            nonlocal left
            left -= 1
            if left > 0 and self.is_filled(instance, arguments, named):
                return
            made = self.compiled_init()
            setattr(self.made, "__init__", made)  # noqa: B010 - mypy knows no such assignment
            made(instance, *arguments, **named)

        return __init__

    def is_filled(self, instance: object, arguments: tuple[object, ...], named: dict[str, object]) -> bool:
        """Whether these arguments are right, and `instance` has them now."""
        given = dict(zip(self.names, arguments, strict=False))
        if len(arguments) > len(self.names) or not given.keys().isdisjoint(named):
            return False
        given |= named
        for name in self.names:
            if name not in given:
                default: Any = self.defaults[name]
                if isinstance(default, dataclasses.Field):
                    factory: Any = default.default_factory
                    default = default.default if factory is dataclasses.MISSING else factory()
                if default is dataclasses.MISSING:
                    return False
                given[name] = default
        if len(given) > len(self.names):
            return False
        for name in self.names:
            object.__setattr__(instance, name, given[name])
        return True

    def compiled_init(self) -> Callable[..., None]:
        """`__init__`, from a source like that which `dataclasses` writes."""
        known: dict[str, Any] = {"_set": object.__setattr__, "_absent": dataclasses.MISSING}
        heads, lines = [], []
        for name in self.names:
            default: Any = self.defaults[name]
            factory: Any = dataclasses.MISSING
            if isinstance(default, dataclasses.Field):
                default, factory = default.default, default.default_factory
            value = name
            if factory is not dataclasses.MISSING:
                known[f"_make_{name}"], default = factory, dataclasses.MISSING
                value = f"_make_{name}() if {name} is _absent else {name}"
                heads.append(f"{name}=_absent")
            elif default is not dataclasses.MISSING:
                known[f"_default_{name}"] = default
                heads.append(f"{name}=_default_{name}")
            else:
                heads.append(name)
            if not self.options.get("frozen"):
                lines.append(f"  self.{name} = {value}")
            elif self.slots:
                # A slot's own setter, which need not be looked for by name: half as long again is saved.
                known[f"_set_{name}"] = vars(self.made)[name].__set__
                lines.append(f"  _set_{name}(self, {value})")
            else:
                lines.append(f"  _set(self, {name!r}, {value})")
        exec(f"def __init__(self, {', '.join(heads)}):\n" + "\n".join(lines or ["  pass"]), known)
        made: Callable[..., None] = known["__init__"]
        made.__qualname__ = f"{self.plain.__qualname__}.__init__"
        return made


class _Fact:
    """What `dataclasses` keeps with a class, read from the completed one."""

    def __init__(self, deferred: _Deferred, name: str) -> None:
        self.deferred = deferred
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        fact = getattr(self.deferred.completed(), self.name)
        setattr(self.deferred.made, self.name, fact)
        return fact


def _refuse_setting(instance: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(instance: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(instance: Any) -> list[Any]:
    return [getattr(instance, name) for name in instance.__slots__]


def _set_state(instance: Any, state: list[Any]) -> None:
    for name, value in zip(instance.__slots__, state, strict=True):
        object.__setattr__(instance, name, value)


def _replace(instance: Any, /, **changes: Any) -> Any:
    """`dataclasses.replace`, which would look at the fields: another instance, with some changed."""
    kind = type(instance)
    return kind(**{name: getattr(instance, name) for name in kind.__match_args__} | changes)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:
    dataclass, replace = _dataclass, _replace
