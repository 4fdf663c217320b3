"""A layer's stored settings, read with their types checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.printable import printable

LARGEST = 2**40
"""No size, stride or count in a real network comes near this."""


LONGEST_PROBLEM = 300
"""Characters of what is said about a configuration, names from it among them."""


class ConfigProblem(ValueError):
    """Something in a layer's configuration cannot be; the message follows the layer's name."""

    def __init__(self, problem: str) -> None:
        """`problem` may quote the file: it is made printable here."""
        super().__init__(printable(problem, LONGEST_PROBLEM))


class Settings:
    """A configuration mapping whose values are checked as they are read.

    All methods raise ConfigProblem for a value of the wrong kind, or for one that is missing where
    no default is given.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: Mapping[str, Any]) -> None:
        """Settings over a stored mapping, which stays as it is."""
        self.raw = raw

    def get(self, key: str, default: Any = None) -> Any:
        """The value as stored."""
        return self.raw.get(key, default)

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.raw.get(key)
        if value is None and default is not None:
            return default
        return _int(key, value)

    def ints(self, key: str, count: int, default: int | None = None) -> tuple[int, ...]:
        """`count` whole numbers; one stands for all."""
        value = self.raw.get(key)
        if value is None and default is not None:
            return (default,) * count
        if isinstance(value, (list, tuple)):
            if len(value) == 1:
                value = list(value) * count
            if len(value) != count:
                raise ConfigProblem(f"{key} has {len(value)} entries for {count} dims")
            return tuple(_int(key, item) for item in value)
        return (_int(key, value),) * count

    def sizes(self, key: str, count: int, default: int | None = None) -> tuple[int, ...]:
        """`count` whole numbers above zero; one stands for all."""
        found = self.ints(key, count, default)
        if min(found, default=1) < 1:
            raise ConfigProblem(f"{key} is {min(found)}, not above zero")
        return found

    def pairs(self, key: str, count: int, default: int) -> tuple[tuple[int, int], ...]:
        """`count` pairs; one number stands for all, one number per dim for both of its ends."""
        value = self.raw.get(key, default)
        if not isinstance(value, (list, tuple)):
            value = [value] * count
        if count == 1 and len(value) == 2:
            value = [value]
        if len(value) != count:
            raise ConfigProblem(f"{key} has {len(value)} entries for {count} dims")
        found = []
        for item in value:
            both = item if isinstance(item, (list, tuple)) else [item, item]
            if len(both) != 2:
                raise ConfigProblem(f"{key} has {len(both)} ends in a dim")
            found.append((_int(key, both[0]), _int(key, both[1])))
        return tuple(found)

    def axes(self, key: str, default: int = -1) -> tuple[int, ...]:
        """One or several axes."""
        value = self.raw.get(key, default)
        if value is None:
            return ()
        return tuple(_int(key, item) for item in (value if isinstance(value, (list, tuple)) else [value]))

    def positive(self, key: str, default: int | None = None) -> int:
        """A whole number above zero."""
        value = self.whole(key, default)
        if value < 1:
            raise ConfigProblem(f"{key} is {value}, not above zero")
        return value

    def size(self, key: str) -> int | None:
        """A whole number that a dim can be; None for anything else."""
        value = self.raw.get(key)
        return value if type(value) is int and 0 <= value <= LARGEST else None

    def number(self, key: str, default: float) -> float:
        """A number; Keras 2 stores some as one-element arrays."""
        value = self.raw.get(key, default)
        if isinstance(value, Mapping):
            value = value.get("value", default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return default
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """A truth value."""
        value = self.raw.get(key)
        return default if value is None else bool(value)

    def text(self, key: str, default: str = "") -> str:
        """A word."""
        value = self.raw.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise ConfigProblem(f"{key} is {_seen(value)}, not a word")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of `choices`, in lower case; the first when none is stored."""
        value = self.text(key, choices[0]).lower()
        if value not in choices:
            raise ConfigProblem(f"{key} is {_seen(value)}, not one of {', '.join(choices)}")
        return value


def _int(key: str, value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigProblem(f"{key} is {_seen(value)}, not a whole number")
    if abs(value) > LARGEST:
        raise ConfigProblem(f"{key} is too large to be true")
    return value


def _seen(value: Any) -> str:
    if value is None:
        return "missing"
    return repr(printable(value, 40)) if isinstance(value, str) else printable(repr(value), 40)
