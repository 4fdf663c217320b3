"""Thresholds of rules that a user has moved: read, verified, gathered by rule code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from edgelint.errors import EdgelintError
from edgelint.rule import find

Thresholds = Mapping[str, Mapping[str, object]]
"""Rule code to option name to value, as `Context.option` looks them up."""


def gather(entries: Iterable[tuple[str, str, object]]) -> Thresholds:
    """What (rule, option, value) triples mean, later ones winning.

    Raises EdgelintError, naming the nearest ones, for a rule or an option that does not exist, and
    for a value of another type than the option's.
    """
    moved: dict[str, dict[str, object]] = {}
    for word, name, value in entries:
        rule = find(word)
        option = rule.options.get(name)
        if option is None:
            raise EdgelintError(
                Path(), f"{rule.code} {rule.name} has no option {name!r}", hint=_nearest(rule.options, name)
            )
        read = option.read(value)
        if read is None:
            kind = type(option.default).__name__
            raise EdgelintError(
                Path(),
                f"{rule.code}.{name} = {value!r} is no {kind}",
                hint=f"{option.about}; {option.default} by default",
            )
        moved.setdefault(rule.code, {})[name] = read
    return moved


def _nearest(options: Mapping[str, object], name: str) -> str:
    if not options:
        return "this rule has no options"
    near = get_close_matches(name, options, 3)
    return f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(options)}"
