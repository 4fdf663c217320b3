"""What the page shows where scripts don't run, and what it prints: totals, memory and findings."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from edgelint.picture import Mark, Picture
from edgelint.quantity import show_bytes

WIDTH, HEIGHT = 720, 160
"""Pixels of the plot of memory over time."""

MOST_STEPS = WIDTH
"""Bars of it; of longer graphs each shows the most of several steps."""


def fallback(picture: Picture) -> Iterator[str]:
    """Lines of HTML with everything from the file escaped."""
    on = f" on {picture.target}: {picture.verdict}" if picture.target else ""
    yield f"<h1>{escape(picture.path + on)}</h1>"
    yield "<table><tbody>"
    for title, amount, basis in picture.totals:
        yield f"<tr><th>{escape(title)}</th><td>{escape(amount)}</td><td>{escape(basis)}</td></tr>"
    yield "</tbody></table>"
    yield from _plot(picture)
    if not picture.findings:
        yield "<p>No findings.</p>"
        return
    yield "<table><thead><tr><th>rule</th><th>severity</th><th>node</th><th>what</th></tr></thead><tbody>"
    yield from map(_row, picture.findings)
    yield "</tbody></table>"


def _plot(picture: Picture) -> Iterator[str]:
    """Bytes alive at each step of the graph that runs, and the budget where it is in sight."""
    memory = picture.views[-1].sheets[0].memory if picture.views and picture.views[-1].sheets else ()
    known = [live or 0 for live in memory]
    peak = max(known, default=0)
    if not peak:
        return
    budget = picture.budget if picture.budget and picture.budget < 3 * peak else None
    top = max(peak, budget or 0)
    bars = [max(known[part]) for part in _parts(len(known))]
    step = WIDTH / len(bars)
    shape = "".join(
        f"M{number * step:.1f},{HEIGHT}v{-HEIGHT * live / top:.1f}h{step:.1f}V{HEIGHT}z"
        for number, live in enumerate(bars)
    )
    said = f"memory over {len(known)} steps, peak {show_bytes(peak)} at step {known.index(peak) + 1}"
    yield f"<p>{said}</p>"
    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{said}">'
    yield f'<path d="{shape}" fill="#6ea5ea"/>'
    if budget is not None:
        y = HEIGHT - HEIGHT * budget / top
        yield f'<path d="M0,{y:.1f}H{WIDTH}" stroke="#d1242f" stroke-width="2"/>'
    yield "</svg>"


def _parts(count: int) -> list[slice]:
    """`count` steps in at most `MOST_STEPS` parts."""
    parts = min(count, MOST_STEPS)
    return [slice(part * count // parts, (part + 1) * count // parts) for part in range(parts)]


def _row(mark: Mark) -> str:
    hint = f"<br><em>{escape(mark.hint)}</em>" if mark.hint else ""
    return (
        f"<tr><td>{mark.code} {escape(mark.rule)}</td><td>{mark.severity}</td><td>{escape(mark.node)}</td>"
        f"<td>{escape(mark.message)}{hint}</td></tr>"
    )
