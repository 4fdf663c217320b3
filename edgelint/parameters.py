"""The kinds of values that options of the command line take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from edgelint.quantity import parse_bytes, parse_count

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType
    """Generic since click 8.5 only."""


class TargetName(_ParamType):
    """A target by its name, completed by the shell."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The Target called `value`; a usage error with the nearest names when there is none."""
        from edgelint.errors import EdgelintError
        from edgelint.targets import find

        if not isinstance(value, str):
            return value
        try:
            return find(value)
        except EdgelintError as error:
            self.fail(f"{error.sentence}; {error.hint}" if error.hint else error.sentence, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The names that begin with `incomplete`."""
        from click.shell_completion import CompletionItem

        from edgelint.targets import names

        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


class Amount(_ParamType):
    """A number with a unit, as `parse` reads it; it raises ValueError for what is none."""

    def __init__(self, name: str, parse: Callable[[str], int]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number `value` means."""
        if isinstance(value, int):
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
        if not equals or not symbol or not size.isdecimal() or not 0 < int(size) < 2**31:
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
            self.fail(f"{value!r} is not RULE.NAME=VALUE, such as EL205.share=0.9", param, ctx)
        return rule.strip(), name.strip(), setting.strip()


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
            formats = ", ".join(CHECK_FORMATS)
            self.fail(f"{value!r} is not FORMAT=FILE with FORMAT one of {formats}", param, ctx)
        return kind, file


TARGET = TargetName()
SIZE = Amount("size", parse_bytes)
"""Bytes, such as 256K."""

COUNT = Amount("count", parse_count)
"""A number such as 10M, with K, M and G as powers of 1000."""

DIM = DimBinding()

OPTION = OptionSetting()

REPORT = ReportFile()
