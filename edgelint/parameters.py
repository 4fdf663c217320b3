"""The kinds of values that options of the command line take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from edgelint.commands.completion import option_words, rule_words, target_words
from edgelint.quantity import parse_bytes, parse_count, parse_percent

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
    _Choice = click.Choice[str]
else:
    _ParamType = click.ParamType
    """Generic since click 8.5 only."""
    _Choice = click.Choice


class Word(_Choice):
    """One of a few words; a wrong one is told the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """`value`, when it is one of the words."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = _nearest(str(value), map(str, self.choices))
            if not near:
                raise
            self.fail(f"{error.message.rstrip('.')}; did you mean {near[0]!r}?", param, ctx)


def _nearest(word: str, words: Iterable[str]) -> list[str]:
    """The one of `words` that is most like `word`; empty where none is."""
    from difflib import get_close_matches

    return get_close_matches(word.lower(), list(words), 1)


class Names(click.types.StringParamType):
    """A name or several with commas, completed by the shell; whether they exist, the command finds out.

    words: gives the names, and what each means where that is known. several: whether commas part them.
    """

    def __init__(self, name: str, words: Callable[[], Iterable[str]], several: bool = True) -> None:
        self.name = name
        self.words = words
        self.several = several

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """`value`, unless it names nothing."""
        if not str(value).replace(",", "").strip():
            self.fail(f"{value!r} names no {self.name}", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The names that begin as the last of `incomplete` does."""
        before, comma, last = incomplete.rpartition(",") if self.several else ("", "", incomplete)
        return _completions(before + comma, last, self.words())


def _completions(
    before: str, incomplete: str, words: Iterable[str]
) -> list[click.shell_completion.CompletionItem]:
    from click.shell_completion import CompletionItem

    meaning = words if isinstance(words, Mapping) else {}
    small = incomplete.lower()
    return [
        CompletionItem(before + word, help=meaning.get(word))
        for word in words
        if word.lower().startswith(small)
    ]


class Amount(_ParamType):
    """A number with a unit, as `parse` reads it; it raises ValueError for what is none."""

    def __init__(self, name: str, parse: Callable[[str], float]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number `value` means."""
        if isinstance(value, (int, float)):
            return value
        try:
            return self.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DimBinding(_ParamType):
    """NAME=N."""

    name = "name=n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The pair (name, size)."""
        if isinstance(value, tuple):
            return value
        symbol, equals, size = value.rpartition("=")
        countable = size.isdecimal() and len(size) < 20
        if not equals or not symbol or not countable or not 0 < int(size) < 2**31:
            self.fail(f"{value!r} is not NAME=N with N a positive number, such as seq=64", param, ctx)
        return symbol, int(size)


class OptionSetting(_ParamType):
    """RULE.NAME=VALUE."""

    name = "rule.name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The triple (rule, option, value), its words not verified."""
        if isinstance(value, tuple):
            return value
        key, equals, setting = value.partition("=")
        rule, dot, name = key.partition(".")
        if not (equals and dot and rule and name and setting):
            self.fail(f"{value!r} is not RULE.NAME=VALUE, such as EL205.percent=10", param, ctx)
        return rule.strip(), name.strip(), setting.strip()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Rules, and after the dot the options of one."""
        return _completions("", incomplete, option_words(incomplete))


class ReportFile(_ParamType):
    """FORMAT=FILE."""

    name = "format=file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The pair (format, file)."""
        from edgelint.commands.options import CHECK_FORMATS

        if isinstance(value, tuple):
            return value
        kind, _, file = value.partition("=")
        if kind not in CHECK_FORMATS or not file:
            (kind_meant,) = _nearest(kind, CHECK_FORMATS) or ["sarif"]
            formats = ", ".join(CHECK_FORMATS)
            self.fail(
                f"{value!r} is not FORMAT=FILE, such as {kind_meant}=FILE; formats are {formats}", param, ctx
            )
        return kind, file


TARGET = Names("target", target_words)

RULES = Names("rule", rule_words)
"""Codes, names or prefixes of codes."""

RULE = Names("rule", rule_words, several=False)

SIZE = Amount("size", parse_bytes)
"""Bytes, such as 256K."""

COUNT = Amount("count", parse_count)
"""A number such as 10M, with K, M and G as powers of 1000."""

PERCENT = Amount("percent", parse_percent)
"""A percentage such as 2%."""

DIM = DimBinding()

OPTION = OptionSetting()

REPORT = ReportFile()
