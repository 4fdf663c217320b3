"""`edgelint config`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from edgelint.commands.check import check
from edgelint.commands.configured import SETTINGS, resolver_of
from edgelint.commands.options import LIST_FORMATS
from edgelint.commands.running import told_in_one_line
from edgelint.parameters import Word
from edgelint.printable import printable


@click.command(context_settings={"auto_envvar_prefix": "EDGELINT_CHECK"})
@click.argument("path", default=".", metavar="[PATH]")
@click.option(
    "--format",
    type=Word(LIST_FORMATS),
    default="text",
    show_default=True,
    allow_from_autoenv=False,
)
def config(path: str, format: str, **options: Any) -> None:
    """Show what `check` would use for a file or folder, and who says so; takes check's options too."""
    out = sys.stdout
    with told_in_one_line():
        resolved = resolver_of(click.get_current_context()).for_path(Path(path))
        resolved.settings()
        file = str(resolved.config.path) if resolved.config else None
        values = {key: resolved.values[key] for key in sorted(resolved.values)}
    if format == "json":
        said = {key: {"value": each.value, "source": each.source} for key, each in values.items()}
        json.dump({"path": path, "file": file, "values": said}, out, indent=1, default=str)
        out.write("\n")
        return
    out.write(f"{printable(path)}: {file or 'no configuration file'}\n\n")
    shown = {key: printable(_shown(each.value), 400) for key, each in values.items()}
    width = max(map(len, shown))
    column = min(max(map(len, shown.values())), 40)
    for key, each in values.items():
        out.write(f"{key:<{width}}  {shown[key]:<{column}}  {printable(each.source, 400)}\n")


config.params += [each for each in check.params if each.name in {*SETTINGS, "config", "isolated"}]


def _shown(value: Any) -> str:
    """A value as TOML would have it; "-" for none."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False, default=str)
