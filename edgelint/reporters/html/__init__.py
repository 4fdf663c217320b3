"""One HTML file with the graph, its findings, costs and memory: no network, no outside script or font.

Everything shown comes from an untrusted file. It reaches the page as JSON in which no "<" is left, and is
put there as text only; the page's own script and style are named by their hashes in a strict
Content-Security-Policy, so that nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, TextIO
from xml.sax.saxutils import escape

from edgelint.picture import Picture
from edgelint.reporters import Style
from edgelint.reporters.html.data import page_data
from edgelint.reporters.html.fallback import fallback


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The page of one picture."""
    out.write(page([picture]))


class Part(NamedTuple):
    """A picture's share of the page.

    name: the model's file. lines: what shows where scripts don't run. data: JSON for the page's script.
    """

    name: str
    lines: str
    data: str


def part(picture: Picture) -> Part:
    """What the page says of `picture`, which takes far less memory."""
    return Part(picture.path.rpartition("/")[2], "\n".join(fallback(picture)), _json(page_data(picture)))


def page(
    pictures: Iterable[Picture], unreadable: Sequence[str] = (), diff: Mapping[str, Any] | None = None
) -> str:
    """The whole document, as `document` has it, with these pictures."""
    return "".join(document([part(picture) for picture in pictures], unreadable, diff))


def document(
    parts: Sequence[Part], unreadable: Sequence[str] = (), diff: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """The document piece by piece; it shows a picture at a time.

    unreadable: a sentence per file that has none. diff: how the second of two pictures differs from the
    first, as `diff_html` writes it down.
    """
    sheet, script = colors() + _asset("page.css"), _script()
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(sheet)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    pictures = ",".join(each.data for each in parts)
    places = {
        "policy": policy,
        "title": escape(f"{_name(parts)} - edgelint"),
        "style": sheet,
        "fallback": "\n".join(
            [*(each.lines for each in parts), *(f"<p>{escape(sentence)}</p>" for sentence in unreadable)]
        ),
        "data": f'{{"pictures":[{pictures}],"unreadable":{_json(list(unreadable))},"diff":{_json(diff)}}}',
        "script": script,
    }
    page = _asset("page.html")
    # From the left and each once, so that nothing in a part is taken for a place to fill.
    for name, content in places.items():
        before, _, page = page.partition(f"<!--{name}-->")
        yield from (before, content)
    yield page


def colors() -> str:
    """The part of the page's style sheet that names its colours, light and dark."""
    return _asset("colors.css")


SCRIPTS = ("core.js", "graph.js", "select.js", "strip.js", "sidebar.js", "input.js")
"""The parts of the page's script, in one scope and in this order."""


def _script() -> str:
    parts = "\n".join(_asset(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _name(parts: Sequence[Part]) -> str:
    names = dict.fromkeys(each.name for each in parts)
    return next(iter(names), "no model") + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _json(data: object) -> str:
    return embedded(json.dumps(data, separators=(",", ":"), allow_nan=False))


def embedded(text: str) -> str:
    """JSON for a script element: no "<" that could end it, none of the line ends that JSON alone allows."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
