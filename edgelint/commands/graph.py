"""`edgelint graph`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from edgelint.commands.configured import plan_of_call
from edgelint.commands.options import TASKS, judging_options
from edgelint.commands.output import written
from edgelint.commands.running import EXIT_CLEAN, told_in_one_line
from edgelint.deferred import replace
from edgelint.parameters import Word

OVERLAYS = ("live-bytes", "macs", "weight-bytes", "findings")
"""Numbers that can be laid over another viewer's graph."""

_WRITERS = {
    "html": "edgelint.reporters.html",
    "svg": "edgelint.reporters.svg",
    "png": "edgelint.reporters.png",
    "dot": "edgelint.reporters.dot",
    "mermaid": "edgelint.reporters.mermaid",
    "model-explorer": "edgelint.reporters.model_explorer",
}


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@judging_options
@click.option("--task", type=Word(TASKS), default="auto", show_default=True, help="What the model is for.")
@click.option(
    "--format",
    "format",
    type=Word(tuple(_WRITERS)),
    help="What to draw; by default what the suffix of --output says, else html.",
)
@click.option(
    "--overlay",
    type=click.Choice(tuple(OVERLAYS)),
    default="live-bytes",
    show_default=True,
    help="The number that --format model-explorer gives of each node.",
)
def graph(
    model: Path, format: str | None, output: str | None, color: str, overlay: str, **options: Any
) -> int:
    """Draw a model with its findings, costs and memory."""
    from edgelint.bounds import ALL, Allowance
    from edgelint.checker import judged
    from edgelint.picture.draw import draw

    with told_in_one_line(of_model=True), Allowance(model, share=ALL):
        context, report = next(judged(model, plan_of_call()(model)))
        kind = format or _suffix(output)
        picture = replace(draw(context, report, weights=kind == "html"), overlay=overlay)
        with written(output, color) as (out, style):
            import_module(_WRITERS[kind]).write(picture, out, style)
    return EXIT_CLEAN


def _suffix(output: str | None) -> str:
    suffix = Path(output).suffix.lstrip(".").lower() if output else ""
    return _OF_SUFFIX.get(suffix, "html")


_OF_SUFFIX = {
    "svg": "svg",
    "png": "png",
    "dot": "dot",
    "gv": "dot",
    "mmd": "mermaid",
    "json": "model-explorer",
}
