"""`edgelint targets`."""

from __future__ import annotations

import sys
from typing import Any

import click

from edgelint.commands.options import LIST_FORMATS, format_option
from edgelint.commands.output import style_of
from edgelint.commands.running import told_in_one_line
from edgelint.parameters import TARGET


@click.command()
@click.argument("target", required=False, type=TARGET, metavar="[NAME]")
@click.option(
    "--operator", metavar="OP", help="Who takes this operator: Conv, CONV_2D or Conv2D, within which limits."
)
@format_option(LIST_FORMATS)
def targets(target: Any, operator: str | None, format: str) -> None:
    """List the targets, or describe one with the operators it runs."""
    from edgelint.reporters.catalogue import write_target, write_targets
    from edgelint.reporters.encoding import encodable
    from edgelint.reporters.operators import write_operator
    from edgelint.targets import find, names

    look = style_of(sys.stdout, "auto")
    with told_in_one_line():
        if operator is not None:
            write_operator(operator, encodable(sys.stdout), look, format)
        elif target is None:
            write_targets([find(name) for name in names()], encodable(sys.stdout), look, format)
        else:
            write_target(target, encodable(sys.stdout), look, format)
