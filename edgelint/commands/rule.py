"""`edgelint rule`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgelint.commands.options import format_option
from edgelint.commands.output import style_of
from edgelint.commands.running import EXIT_CLEAN, EXIT_FAILED, say, told_in_one_line
from edgelint.parameters import RULE
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.rule import Rule


@click.command()
@click.argument("code", required=False, type=RULE)
@format_option(("text", "json", "markdown"))
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False),
    help="Folder for the Markdown pages, one per rule, and an index.",
)
def rule(code: str | None, format: str, output: str | None) -> int:
    """List the rules, or explain the one with this code or name."""
    from edgelint.reporters.catalogue import write_rule, write_rules
    from edgelint.rule import broken_packs, find, registry

    with told_in_one_line():
        rules = list(registry().values()) if code is None else [find(code)]
        if format == "markdown" or output is not None:
            _write_pages(rules, output)
        elif code is None:
            write_rules(rules, sys.stdout, style_of(sys.stdout, "auto"), format)
        else:
            write_rule(rules[0], sys.stdout, format)
    missing = broken_packs() if code is None else {}
    for name, fault in missing.items():
        say(f"edgelint: the rule pack {printable(name)!r} {fault}")
    return EXIT_FAILED if missing else EXIT_CLEAN


def _write_pages(rules: Sequence[Rule], folder: str | None) -> None:
    """The pages of `rules` to files in `folder`, with their index; one after the other to standard output."""
    from edgelint.reporters.file import written_whole
    from edgelint.reporters.rule_pages import page, pages

    if folder is None:
        sys.stdout.write("\n".join(map(page, rules)))
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in pages(rules).items():
        with written_whole(Path(folder, name)) as out:
            out.write(text)
