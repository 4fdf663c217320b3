"""`edgelint rule`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgelint.commands.options import format_option
from edgelint.commands.output import style_of
from edgelint.commands.running import told_in_one_line
from edgelint.parameters import RULE

if TYPE_CHECKING:
    from edgelint.rule import Rule


@click.command()
@click.argument("code", required=False, type=RULE)
@format_option(("text", "json", "markdown"))
@click.option(
    "--output",
    type=click.Path(file_okay=False),
    help="Folder for the Markdown pages, one per rule, and an index.",
)
def rule(code: str | None, format: str, output: str | None) -> None:
    """List the rules, or explain the one with this code or name."""
    from edgelint.reporters.catalogue import write_rule, write_rules
    from edgelint.reporters.encoding import encodable
    from edgelint.rule import find, registry

    with told_in_one_line():
        rules = list(registry().values()) if code is None else [find(code)]
        if format == "markdown" or output is not None:
            _write_pages(rules, output)
        elif code is None:
            write_rules(rules, encodable(sys.stdout), style_of(sys.stdout, "auto"), format)
        else:
            write_rule(rules[0], encodable(sys.stdout), format)


def _write_pages(rules: Sequence[Rule], folder: str | None) -> None:
    """The pages of `rules` to files in `folder`, with their index; one after the other to standard output."""
    from edgelint.reporters.encoding import encodable
    from edgelint.reporters.file import written_whole
    from edgelint.reporters.rule_pages import page, pages

    if folder is None:
        encodable(sys.stdout).write("\n".join(map(page, rules)))
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in pages(rules).items():
        with written_whole(Path(folder, name)) as out:
            out.write(text)
