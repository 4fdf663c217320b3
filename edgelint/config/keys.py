"""What a configuration may say: each key, its type, and its value once read.

A configuration is kept flat, so that layers can be joined key by key and each value knows its source:
`[budget] ram = "96K"` is `budget.ram`, `[budget.cortex-m4] growth.arena = "2%"` is
`budget.cortex-m4.growth.arena`, `[rules.EL203] headroom = 15` is `rules.EL203.headroom`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from edgelint.analysis.own_limits import FIGURES
from edgelint.choices import FAIL_ON, QUANTIZE, SEVERITIES, TASKS
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.quantity import parse_bytes, parse_count, parse_percent
from edgelint.targets.keys import a_table, nearest, only_known

DEFAULTS: Mapping[str, Any] = {
    "target": [],
    "task": "auto",
    "quantize": None,
    "select": None,
    "ignore": [],
    "fail-on": "error",
    "budget.ram": None,
    "budget.flash": None,
    "budget.macs": None,
    "budget.parameters": None,
    "budget.arena": None,
    "reserve": 0,
    "baseline": None,
    "record": None,
    "allow-inline": False,
    "weights": None,
}
"""Flat key to its value where nobody says anything.

`dim`, `severity`, `rules`, and under `budget` growth and single targets, have no keys then.
"""

JOINED = frozenset({"ignore"})
"""Keys whose values of all layers count together; of the others the uppermost layer's."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. where: "[tool.edgelint]"; inside: what goes before a table's key there."""

    path: Path
    where: str
    inside: str = ""

    def wrong(self, problem: str, hint: str = "") -> EdgelintError:
        """The error about this place."""
        return EdgelintError(self.path, problem, where=self.where, hint=hint)

    def table(self, key: str) -> Place:
        """The place of the table `key` below this one."""
        return Place(self.path, f"[{self.inside}{key}]", f"{self.inside}{key}.")


Reader = Callable[[Place, str, Any], Iterator[tuple[str, Any]]]
"""From a key and its value to flat keys and values. Raises EdgelintError for what means nothing."""


def flat(place: Place, data: Mapping[str, Any], extra: tuple[str, ...] = ()) -> dict[str, Any]:
    """The flat keys and values of `data`, all verified; the keys `extra` are left to the caller.

    Raises EdgelintError, with file, key and the nearest right one, for what means nothing.
    """
    only_known(place.path, place.where, data, {*READERS, *extra})
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in READERS:
            found.update(READERS[key](place, key, value))
    return found


def _choice(known: tuple[str, ...]) -> Reader:
    def read(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
        if value not in known:
            raise place.wrong(f"has {value!r} for {key}", nearest(str(value), known))
        yield key, value

    return read


def _flag(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, bool):
        raise place.wrong(f"has {value!r} for {key}; true or false")
    yield key, value


def _text(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, str) or not value:
        raise place.wrong(f"has {value!r} for {key}, which is no string")
    yield key, value


def _file(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    for _, name in _text(place, key, value):
        yield key, str(place.path.parent / name)


def _amount(parse: Callable[[str], int]) -> Reader:
    def read(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            yield key, value
            return
        try:
            yield key, parse(value)
        except (ValueError, TypeError) as error:
            raise place.wrong(f"has {value!r} for {key}, which is no amount such as '96K'") from error

    return read


def _strings(place: Place, key: str, value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
        raise place.wrong(f"has {value!r} for {key}; a string or a list of strings")
    return values


def _targets(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    names = []
    for name in _strings(place, key, value):
        file = name.partition("#")[0]
        names.append(str(place.path.parent / name) if file.endswith(".toml") else name)
    yield key, names


def _rules(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A list of rules: codes, prefixes or names."""
    words = _strings(place, key, value)
    _known_rules(place, words)
    yield key, words


def _ignores(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Rules, or tables that name rules of some files and nodes only."""
    entries = value if isinstance(value, list) else [value]
    words = [entry for entry in entries if not isinstance(entry, Mapping)]
    yield from _rules(place, key, words)
    for entry in entries:
        if isinstance(entry, Mapping):
            _verify_ignore(place.table(key), entry)
    if len(words) < len(entries):
        yield "ignore", [*words, *(dict(entry) for entry in entries if isinstance(entry, Mapping))]


IGNORE_KEYS = ("rule", "path", "node", "reason", "until")


def _verify_ignore(place: Place, entry: Mapping[str, Any]) -> None:
    only_known(place.path, place.where, entry, IGNORE_KEYS)
    if "rule" not in entry:
        raise place.wrong("lacks rule")
    _known_rules(place, _strings(place, "rule", entry["rule"]))
    for key in ("path", "node", "reason"):
        list(_text(place, key, entry.get(key, "*")))
    until = entry.get("until")
    if until is not None and (not isinstance(until, date) or hasattr(until, "hour")):
        raise place.wrong(f"has {until!r} for until, which is no date such as 2027-01-31")


def _known_rules(place: Place, words: list[str]) -> frozenset[str]:
    from edgelint.rule import select

    try:
        return select(words)
    except EdgelintError as error:
        raise place.wrong(error.problem, error.hint) from error


def _dims(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    for name, size in a_table(place.path, place.table(key).where, value).items():
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < 2**31:
            raise place.table(key).wrong(f"has {size!r} for {name}, which is no positive whole number")
        yield f"dim.{name}", size


def _budget(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Limits, and tables of limits for one target each. Which targets there are, ConfigFile knows."""
    inner = place.table(key)
    table = a_table(place.path, inner.where, value)
    targets = {name: each for name, each in table.items() if isinstance(each, Mapping) and name not in BUDGET}
    yield from _limits(inner, {name: each for name, each in table.items() if name not in targets}, "budget.")
    for name, limits in targets.items():
        yield from _limits(inner.table(name), limits, f"budget.{name}.")


def _limits(place: Place, table: Mapping[str, Any], inside: str) -> Iterator[tuple[str, Any]]:
    only_known(place.path, place.where, table, BUDGET)
    for name, limit in table.items():
        for key, number in BUDGET[name](place, name, limit):
            yield inside + key, number


def _growth(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Percent for all figures, or a table of percents by figure."""
    percents = value if isinstance(value, Mapping) else dict.fromkeys(FIGURES, value)
    only_known(place.path, place.table(key).where, percents, FIGURES)
    for name, percent in percents.items():
        yield f"{key}.{name}", _percent(place, key, percent)


def _percent(place: Place, key: str, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    try:
        return parse_percent(value)
    except (ValueError, TypeError) as error:
        raise place.wrong(f"has {value!r} for {key}, which is no percentage such as '2%'") from error


def budget_of(key: str) -> tuple[str, str] | None:
    """Target ("" for all) and limit that a flat key is about: `budget.rp2040.ram` is ("rp2040", "ram").

    None for a key that is no budget.
    """
    head, _, name = key.rpartition(".")
    if head == "budget.growth" or (head.startswith("budget.") and head.endswith(".growth")):
        head, name = head.removesuffix(".growth"), f"growth.{name}"
    if head != "budget" and not head.startswith("budget."):
        return None
    return head[len("budget.") :], name


def _severities(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner = place.table(key)
    for word, severity in a_table(place.path, inner.where, value).items():
        for code in sorted(_known_rules(inner, [word])):
            if severity not in SEVERITIES:
                raise inner.wrong(f"has {severity!r} for {word}", nearest(str(severity), SEVERITIES))
            yield f"severity.{code}", severity


def _options(place: Place, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    from edgelint.thresholds import gather

    for word, settings in a_table(place.path, place.table(key).where, value).items():
        inner = place.table(f"{key}.{word}")
        for name, setting in a_table(place.path, inner.where, settings).items():
            try:
                moved = gather([(word, name, setting)])
            except EdgelintError as error:
                raise inner.wrong(error.problem, error.hint) from error
            for code, options in moved.items():
                yield f"rules.{code}.{name}", options[name]


BUDGET: Mapping[str, Reader] = {
    "ram": _amount(parse_bytes),
    "flash": _amount(parse_bytes),
    "macs": _amount(parse_count),
    "parameters": _amount(parse_count),
    "arena": _amount(parse_bytes),
    "growth": _growth,
}
"""What a budget may limit."""

READERS: Mapping[str, Reader] = {
    "target": _targets,
    "task": _choice(TASKS),
    "quantize": _choice(QUANTIZE),
    "select": _rules,
    "ignore": _ignores,
    "fail-on": _choice(FAIL_ON),
    "reserve": _amount(parse_bytes),
    "baseline": _file,
    "record": _file,
    "allow-inline": _flag,
    "weights": _flag,
    "dim": _dims,
    "budget": _budget,
    "severity": _severities,
    "rules": _options,
}
"""Key of a configuration to what reads it."""

PER_RUN = frozenset({"baseline", "record", "allow-inline"})
"""Keys that hold for a whole run, not for some of its files."""
