"""What the page shows where scripts don't run, and what it prints: totals and findings as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from edgelint.picture import Mark, Picture


def fallback(pictures: Sequence[Picture], unreadable: Sequence[str]) -> str:
    """HTML with everything from the files escaped."""
    lines = [line for picture in pictures for line in _lines(picture)]
    return "\n".join([*lines, *(f"<p>{escape(sentence)}</p>" for sentence in unreadable)])


def _lines(picture: Picture) -> Iterator[str]:
    on = f" on {picture.target}: {picture.verdict}" if picture.target else ""
    yield f"<h1>{escape(picture.path + on)}</h1>"
    yield "<table><tbody>"
    for title, amount, basis in picture.totals:
        yield f"<tr><th>{escape(title)}</th><td>{escape(amount)}</td><td>{escape(basis)}</td></tr>"
    yield "</tbody></table>"
    if not picture.findings:
        yield "<p>No findings.</p>"
        return
    yield "<table><thead><tr><th>rule</th><th>severity</th><th>node</th><th>what</th></tr></thead><tbody>"
    yield from map(_row, picture.findings)
    yield "</tbody></table>"


def _row(mark: Mark) -> str:
    hint = f"<br><em>{escape(mark.hint)}</em>" if mark.hint else ""
    return (
        f"<tr><td>{mark.code} {escape(mark.rule)}</td><td>{mark.severity}</td><td>{escape(mark.node)}</td>"
        f"<td>{escape(mark.message)}{hint}</td></tr>"
    )
