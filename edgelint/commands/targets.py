"""`edgelint targets`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from edgelint.commands.configured import resolver_of
from edgelint.commands.options import LIST_FORMATS, configuration_options, format_option
from edgelint.commands.output import style_of
from edgelint.commands.running import told_in_one_line
from edgelint.parameters import TARGET


@click.command()
@click.argument("target", required=False, type=TARGET, metavar="[NAME]")
@click.option(
    "--operator", metavar="OP", help="Who takes this operator: Conv, CONV_2D or Conv2D, within which limits."
)
@format_option(LIST_FORMATS)
@configuration_options
def targets(target: str | None, operator: str | None, format: str, **configuration: Any) -> None:
    """List the targets, or describe one with the operators it runs."""
    from edgelint.reporters.catalogue import write_target, write_targets
    from edgelint.reporters.operators import write_operator
    from edgelint.targets import find, names, own_names, own_tables

    look = style_of(sys.stdout, "auto")
    with told_in_one_line():
        config = resolver_of(click.get_current_context()).config_for(Path())
        own = config.definitions if config else None
        if operator is not None:
            write_operator(operator, sys.stdout, look, format, own_tables(own))
        elif target is None:
            every = [find(name, own) for name in (*names(), *own_names(own))]
            write_targets(every, sys.stdout, look, format)
        else:
            write_target(find(target, own), sys.stdout, look, format)
