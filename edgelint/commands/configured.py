"""What a command line, the environment and the configuration files say together, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edgelint.commands.output import verify_outputs

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.config.layers import Layer, Resolved, Resolver, Said
    from edgelint.suppress import Ignore

Flat = Callable[[Any], Mapping[str, Any]]


class Plan:
    """The settings of one call by checked file. rules: False for `inspect`."""

    def __init__(self, resolver: Resolver, rules: bool = True) -> None:
        self.resolver = resolver
        self.rules = rules
        self._settings: dict[int, tuple[Resolved, Settings]] = {}

    def resolved(self, path: Path) -> Resolved:
        """What holds for `path`. Raises EdgelintError for a configuration that means nothing."""
        return self.resolver.for_path(path)

    def __call__(self, path: Path) -> Settings:
        """The settings for `path`; the same object for all files for which the same holds."""
        resolved = self.resolved(path)
        if id(resolved) not in self._settings:
            self._settings[id(resolved)] = resolved, resolved.settings(rules=self.rules)
        return self._settings[id(resolved)][1]

    def value(self, key: str, paths: Sequence[str]) -> Any:
        """A value that holds for the whole run: that of the first path."""
        return self.resolved(Path(paths[0] if paths else ".")).value(key)

    def ignores(self, paths: Iterable[str]) -> tuple[Ignore, ...]:
        """What the configurations of these files silence of some nodes only."""
        found = [ignore for path in paths for ignore in self.resolved(Path(path)).ignores]
        return tuple(ignore for place, ignore in enumerate(found) if ignore not in found[:place])


def plan_of_call(*, rules: bool = True) -> Plan:
    """The plan of the command that is running.

    Raises EdgelintError for options that mean nothing, and for outputs that cannot be written.
    """
    context = click.get_current_context()
    verify_outputs(context.params)
    return Plan(resolver_of(context), rules)


def resolver_of(context: click.Context) -> Resolver:
    """The configurations of a call: its flags and environment over the files they leave to count."""
    from edgelint.config.layers import Resolver

    config = context.params.get("config")
    layers = (_given(context, ParameterSource.ENVIRONMENT), _given(context, ParameterSource.COMMANDLINE))
    return Resolver(layers, Path(config) if config else None, bool(context.params.get("isolated")))


def words(values: Sequence[str]) -> list[str]:
    """The words of repeated options that take lists with commas."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _given(context: click.Context, source: ParameterSource) -> Layer:
    """What came by that way, as flat keys of a configuration."""
    from edgelint.config.layers import Layer, Said

    found: dict[str, Said] = {}
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if name not in SETTINGS or context.get_parameter_source(name) is not source or value is None:
            continue
        said_by = parameter.opts[0]
        if source is ParameterSource.ENVIRONMENT:
            said_by = f"{context.auto_envvar_prefix}_{name.upper()}"
        found.update({key: Said(each, said_by) for key, each in SETTINGS[name](value).items()})
    return Layer(found)


def _as(key: str) -> Flat:
    return lambda value: {key: value}


def _options(value: Any) -> Mapping[str, Any]:
    from edgelint.thresholds import gather

    moved = gather(value)
    return {f"rules.{code}.{name}": said for code, names in moved.items() for name, said in names.items()}


def _growth(value: Any) -> Mapping[str, Any]:
    from edgelint.analysis.own_limits import FIGURES

    return {f"budget.growth.{name}": value for name in FIGURES}


def _fail_on(value: Any) -> Mapping[str, Any]:
    """The severity of `check`; the policies of `diff` are no setting."""
    return {"fail-on": value} if isinstance(value, str) else {}


SETTINGS: Mapping[str, Flat] = {
    "target": lambda value: {"target": words(value)},
    "task": _as("task"),
    "quantize": _as("quantize"),
    "select": lambda value: {"select": words(value)},
    "ignore": lambda value: {"ignore": words(value)},
    "option": _options,
    "fail_on": _fail_on,
    "ram": _as("budget.ram"),
    "flash": _as("budget.flash"),
    "macs": _as("budget.macs"),
    "parameters": _as("budget.parameters"),
    "arena": _as("budget.arena"),
    "growth": _growth,
    "record": _as("record"),
    "reserve": _as("reserve"),
    "dim": lambda value: {f"dim.{name}": size for name, size in value},
    "baseline": _as("baseline"),
    "allow_inline": _as("allow-inline"),
    "weights": _as("weights"),
}
"""Name of a command's parameter to what its value says as a configuration."""
