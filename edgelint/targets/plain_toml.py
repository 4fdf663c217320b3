"""TOML as edgelint's own data files are written, read ten times as fast as by `tomllib`.

A key and its value on a line, the value in JSON's own syntax but for inline tables and arrays over several
lines. That standard module is pure Python: to import it and to read a target's tables with it took a fifth
of `edgelint check`. A test holds every data file against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from json import JSONDecoder

_BARE_KEY = r"([\w-]+)\s*="


def parse(text: str) -> dict[str, Any]:
    """The content of `text`. Raises ValueError where it is written in another way than those files are."""
    data: dict[str, Any] = {}
    table = data
    lines = iter(text.split("\n"))
    for line in lines:
        if not line or line[0] == "#" or not line.strip():
            continue
        if line[0] == "[":
            table = _table(data, line)
            continue
        key, equals, given = line.partition("=")
        if not equals:
            raise ValueError(f"not a key and its value: {line!r}")
        table[_name(key.strip())] = _value(given.strip(), lines)
    return data


def _table(data: dict[str, Any], header: str) -> dict[str, Any]:
    """The table that `header` begins, made where it is not there: a new one for [[…]]."""
    inside, closing, _ = header.strip("[").partition("]")
    if not closing:
        raise ValueError(f"not a header: {header!r}")
    # A quoted name, which may have dots, comes last.
    bare, _, quoted = inside.partition('"')
    *outer, name = [*filter(None, bare.split(".")), *filter(None, [quoted.rstrip('"')])]
    place = data
    for each in outer:
        place = place.setdefault(_name(each), {})
        if not isinstance(place, dict):
            raise ValueError(f"not plain, a table in a list of them: {header!r}")
    if header.startswith("[["):
        made: dict[str, Any] = {}
        place.setdefault(name, []).append(made)
        return made
    found: dict[str, Any] = place.setdefault(name, {})
    return found


def _name(written: str) -> str:
    """A key without its quotes. Raises ValueError for one with dots."""
    if written.startswith('"') and written.endswith('"'):
        return written[1:-1]
    if not written.replace("-", "_").replace("_", "a").isalnum():
        raise ValueError(f"not one name: {written!r}")
    return written


def _value(given: str, following: Iterator[str]) -> Any:
    """What `given` says, with as many of the lines after it as it takes."""
    try:
        found, end = _decoder().raw_decode(given)
    except ValueError:
        found, end = _decoder().raw_decode(given := _as_json(given, following))
    rest = given[end:].lstrip()
    if rest and rest[0] != "#":
        raise ValueError(f"more than a value: {given!r}")
    return found


@cache
def _decoder() -> JSONDecoder:
    from json import JSONDecoder

    return JSONDecoder()


def _as_json(given: str, following: Iterator[str]) -> str:
    """Arrays and inline tables as JSON writes them."""
    parts: list[str] = []
    depth = 0
    line: str | None = given
    while line is not None:
        if "\\" in line or "'" in line.partition("#")[0]:
            raise ValueError(f"not plain: {line!r}")
        # What is within quotes stays; what is outside has every second place.
        words = line.split('"')
        for place in range(0, len(words), 2):
            word, comment, _ = words[place].partition("#")
            depth += word.count("[") + word.count("{") - word.count("]") - word.count("}")
            parts.append(re.sub(_BARE_KEY, r'"\1":', word).replace("=", ":"))
            if comment:
                break
            if place + 1 < len(words):
                parts.append(f'"{words[place + 1]}"')
        line = next(following, None) if depth > 0 else None
    joined = " ".join(parts)
    return joined.replace(", ]", "]").replace(",  ]", "]")
