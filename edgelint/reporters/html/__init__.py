"""One HTML file with the graph, its findings, costs and memory: no network, no outside script or font.

Everything shown comes from an untrusted file. It reaches the page as JSON in which no "<" is left, and is
put there as text only; the page's own script and style are named by their hashes in a strict
Content-Security-Policy, so that nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, TextIO
from xml.sax.saxutils import escape

from edgelint.picture import Picture
from edgelint.reporters import Style
from edgelint.reporters.html.data import page_data
from edgelint.reporters.html.fallback import fallback


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The page of one picture."""
    out.write(page([picture]))


def page(
    pictures: Sequence[Picture], unreadable: Sequence[str] = (), diff: Mapping[str, Any] | None = None
) -> str:
    """The whole document, with a picture at a time.

    unreadable: a sentence per file that has none. diff: how the second of two pictures differs from the
    first, as `diff_html` writes it down.
    """
    sheet, script = colors() + _asset("page.css"), _script()
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(sheet)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": escape(f"{_name(pictures)} - edgelint"),
        "style": sheet,
        "fallback": fallback(pictures, unreadable),
        "data": embedded(_json(pictures, unreadable, diff)),
        "script": script,
    }
    page = _asset("page.html")
    # From the left and each once, so that nothing in a part is taken for a place to fill.
    done = []
    for name, part in parts.items():
        before, _, page = page.partition(f"<!--{name}-->")
        done += [before, part]
    return "".join((*done, page))


def colors() -> str:
    """The part of the page's style sheet that names its colours, light and dark."""
    return _asset("colors.css")


SCRIPTS = ("core.js", "graph.js", "select.js", "strip.js", "sidebar.js", "input.js")
"""The parts of the page's script, in one scope and in this order."""


def _script() -> str:
    parts = "\n".join(_asset(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _name(pictures: Sequence[Picture]) -> str:
    names = dict.fromkeys(picture.path.rpartition("/")[2] for picture in pictures)
    return next(iter(names), "no model") + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _json(pictures: Sequence[Picture], unreadable: Sequence[str], diff: Mapping[str, Any] | None) -> str:
    data = {
        "pictures": [page_data(picture) for picture in pictures],
        "unreadable": list(unreadable),
        "diff": diff,
    }
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def embedded(text: str) -> str:
    """JSON for a script element: no "<" that could end it, none of the line ends that JSON alone allows."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
