"""Keys that a user or a data file got wrong, told with the nearest right one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError


def only_known(path: Path, where: str, data: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises EdgelintError, with the nearest known ones as its hint, for a key of `data` not in `known`."""
    known = set(known)
    unknown = sorted(set(data) - known)
    if unknown:
        raise EdgelintError(
            path, f"has the unknown key {unknown[0]!r}", where=where, hint=nearest(unknown[0], known)
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """Which of `known` was probably meant by `word`; all of them when there are few and none is near."""
    from difflib import get_close_matches

    known = sorted(set(known))
    near = get_close_matches(word, known, 3, 0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there is {', '.join(known)}" if 0 < len(known) <= 12 else ""


def only_printable(path: Path, data: Mapping[str, Any]) -> None:
    """Raises EdgelintError for a name or text with control characters, which would steer what prints it."""
    waiting: list[Any] = [data]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and not each.isprintable():
            raise EdgelintError(path, f"has control characters or several lines in {each[:60]!a}")


def a_table(path: Path, where: str, value: object) -> Mapping[str, Any]:
    """`value`, which must be a table. Raises EdgelintError when it is none."""
    if not isinstance(value, Mapping):
        raise EdgelintError(path, f"has {value!r} where a table is wanted", where=where)
    return value


def words_of(path: Path, where: str, value: object) -> tuple[str, ...]:
    """`value`, which must be a list of strings. Raises EdgelintError when it is none."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise EdgelintError(path, f"has {value!r} where a list of strings is wanted", where=where)
    return tuple(value)
