"""`edgelint diff`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgelint.commands.configured import plan_of_call, words
from edgelint.commands.options import TASKS, format_option, judging_options
from edgelint.commands.output import written
from edgelint.commands.running import EXIT_CLEAN, EXIT_FINDINGS, told_in_one_line
from edgelint.parameters import Word

if TYPE_CHECKING:
    from edgelint.comparison import Comparison

_WRITERS = {
    "text": "edgelint.reporters.diff_text",
    "json": "edgelint.reporters.diff_json",
    "markdown": "edgelint.reporters.diff_markdown",
}

_POLICIES: dict[str, Callable[[Comparison, float], bool]] = {
    "contract": lambda found, growth: bool(found.contract),
    "growth": lambda found, growth: any(
        figure.grows(growth) for change in found.targets for figure in change.figures
    ),
    "findings": lambda found, growth: any(change.appeared for change in found.targets),
}
"""What `--fail-on` may name, and when it fails."""


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@judging_options
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the models are for.")
@format_option((*_WRITERS, "html"))
@click.option(
    "--fail-on",
    multiple=True,
    metavar="POLICY",
    help="Exit with 1 on: contract, growth (of any figure), findings (that appeared); repeatable.",
)
@click.option(
    "--allow-growth", type=float, default=0.0, metavar="PERCENT", help="Growth that is no failure, such as 2."
)
def diff(
    old: Path,
    new: Path,
    task: str,
    format: str,
    output: str | None,
    color: str,
    fail_on: tuple[str, ...],
    allow_growth: float,
    **options: Any,
) -> int:
    """Compare two models: contract, layers, operators, cost and findings. Formats may differ."""
    from edgelint.bounds import ALL, Allowance
    from edgelint.comparison import compare

    policies = words(fail_on)
    for policy in policies:
        if policy not in _POLICIES:
            raise click.BadParameter(
                f"{policy!r} is not one of {', '.join(_POLICIES)}{_meant(policy)}", param_hint="'--fail-on'"
            )
    with told_in_one_line(of_model=True):
        settings = plan_of_call()(new)
        found = compare(old, new, settings)
        with Allowance(new, share=ALL), written(output, color, readable=format == "text") as (out, style):
            if format == "html":
                from edgelint.reporters import diff_html

                diff_html.write(found, settings, out)
            else:
                import_module(_WRITERS[format]).write(found, out, style)
    failed = any(_POLICIES[policy](found, allow_growth) for policy in policies)
    return EXIT_FINDINGS if failed else EXIT_CLEAN


def _meant(policy: str) -> str:
    near = get_close_matches(policy.lower(), _POLICIES, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
