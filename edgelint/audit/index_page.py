"""The models that the pages of a web server link to, as those list folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from edgelint.audit.http import HttpFile
from edgelint.errors import EdgelintError
from edgelint.loaders import is_model_name

LARGEST_PAGE = 16 << 20
"""Bytes of a page: a list of a hundred thousand files."""

MOST_PAGES = 10_000
"""Folders that are looked into."""

DEEPEST = 16
"""Folders in one another that are looked into."""


def linked(fs: Any, url: str) -> Iterator[str]:
    """The URLs of the models below the folder `url`, or of those that match the glob, in name order.

    Only links that lead further down are followed. Raises EdgelintError where a page cannot be read.
    """
    start, wanted, depth = _start(url)
    pending = [start]
    seen = {start}
    while pending:
        page = pending.pop()
        if len(seen) > MOST_PAGES:
            raise EdgelintError(Path(), f"{start} has more than {MOST_PAGES:,} folders")
        folders = []
        for link in sorted(_links(fs, page)):
            if link.endswith("/"):
                if link not in seen and link.count("/") - start.count("/") < depth:
                    seen.add(link)
                    folders.append(link)
            elif wanted(link):
                yield link
        pending.extend(reversed(folders))


def _start(url: str) -> tuple[str, Any, int]:
    """The folder to begin with, what tells the wanted URLs, and how many folders deep they may be."""
    magic = re.search(r"[*\[]", url)
    if magic is None:
        return url, _is_model, DEEPEST
    start = url[: url.rindex("/", 0, magic.start()) + 1]
    pattern = url[len(start) :]
    matches = re.compile(re.escape(start) + _expression(pattern)).fullmatch
    depth = DEEPEST if "**" in pattern else pattern.count("/") + 1
    return start, lambda link: matches(unquote(link)) or matches(link), depth


_PARTS = re.compile(r"\*\*/?|\*|\[[^]/]*\]|[^*\[]+|\[")


def _expression(pattern: str) -> str:
    """The regular expression of a glob, in which `?` is itself: it begins an address's query."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    found = []
    for part in _PARTS.findall(pattern):
        if part in words:
            found.append(words[part])
        elif part.startswith("[") and len(part) > 2:
            inside = part[1:-1].replace("\\", "\\\\")
            found.append(f"[{'^' + inside[1:] if inside[0] == '!' else inside}]")
        else:
            found.append(re.escape(part))
    return "".join(found)


def _is_model(url: str) -> bool:
    return is_model_name(unquote(urlsplit(url).path))


def _links(fs: Any, page: str) -> set[str]:
    """The addresses below `page` that it links to, without queries."""
    try:
        file = HttpFile(fs, page, page)
    except FileNotFoundError as error:
        raise EdgelintError(Path(), f"{page} does not exist") from error
    try:
        if len(file.ranges) > LARGEST_PAGE:
            raise EdgelintError(Path(), f"{page} is too large for a page that lists files")
        text = file.ranges[:].decode("utf-8", "replace")
    finally:
        file.ranges.close()
    reader = _Reader()
    reader.feed(text)
    found = set()
    for link in reader.links:
        try:
            parts = urlsplit(urldefrag(urljoin(page, link.strip())).url)
            full = urlunsplit((*parts[:3], "", ""))
        except ValueError:
            continue
        if full.startswith(page) and full != page and ".." not in full.split("/"):
            found.add(full)
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attributes if name == "href" and value]
