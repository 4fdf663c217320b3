"""What a shell completes: names of rules, their options and targets.

It runs at every press of Tab: rules are read as text, not imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.entry_points import others

if TYPE_CHECKING:
    import click

SHELLS = ("bash", "zsh", "fish")
"""Shells that `edgelint --completion` has a script for."""

VARIABLE = "_EDGELINT_COMPLETE"
"""What the scripts set in the environment to ask for completions."""

_CODE = r'(?m)^    code = "(EL\d{3})"'
_NAME = r'(?m)^    name = "([a-z0-9-]+)"'
_SUMMARY = r'(?m)^class \w+\(.*\):\n    """(.+?)\.?(?:""")?$'
"""Compiled when they are needed, as every run of edgelint imports them."""


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule as its file states it. module: where its class is."""

    code: str
    name: str
    summary: str
    module: str


def script(shell: str, program: click.Command) -> str:
    """What to put into the start-up file of `shell`, one of `SHELLS`, to complete `program`."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    return kind(program, {}, "edgelint", VARIABLE).source()


@cache
def listed_rules() -> tuple[ListedRule, ...]:
    """Every installed rule in code order, without importing it."""
    packages = {"edgelint.rules", *(point.value for point in others("edgelint.rules"))}
    return tuple(
        sorted((rule for name in packages for rule in _in_package(name)), key=lambda rule: rule.code)
    )


def rule_words() -> Mapping[str, str]:
    """What names a rule to what it finds: first all codes, then all names."""
    rules = listed_rules()
    by_code = {rule.code: rule.summary for rule in rules}
    return by_code | {rule.name: rule.summary for rule in rules}


def option_words(incomplete: str) -> Mapping[str, str]:
    """What RULE.NAME= may begin with `incomplete`: rules up to the dot, then the options of that rule."""
    word, dot, _ = incomplete.partition(".")
    meant = {known: said for known, said in rule_words().items() if known.lower().startswith(word.lower())}
    if not dot and len(meant) != 1:
        return {f"{known}.": summary for known, summary in meant.items()}
    word = word if dot else next(iter(meant))
    found = next((rule for rule in listed_rules() if word.upper() == rule.code or word == rule.name), None)
    if found is None:
        return {}
    module = import_module(found.module)
    for each in vars(module).values():
        if getattr(each, "code", None) == found.code:
            return {f"{word}.{name}=": option.about for name, option in each.options.items()}
    return {}


def target_words() -> tuple[str, ...]:
    """The names of all targets: edgelint's own, and those of the configuration of this folder."""
    from edgelint.config.file import nearest_config
    from edgelint.errors import EdgelintError
    from edgelint.targets import names, own_names

    try:
        config = nearest_config(Path())
        own = own_names(config.definitions if config else None)
    except EdgelintError:
        own = ()
    return (*names(), *own)


def _in_package(package: str) -> Iterator[ListedRule]:
    from importlib.util import find_spec

    try:
        spec = find_spec(package)
    except ImportError:
        return
    for folder in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8", errors="replace")
            code, name = re.search(_CODE, text), re.search(_NAME, text)
            if code and name:
                summaries = re.findall(_SUMMARY, text[: code.start()])
                module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
                yield ListedRule(code[1], name[1], summaries[-1] if summaries else "", module)
