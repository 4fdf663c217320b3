"""What makes a finding the same finding in the next run, and where its file is for a platform."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from edgelint.report import Report
from edgelint.rule import Finding


def identified(report: Report) -> Iterator[tuple[Finding, str]]:
    """Each finding of a report with 16 hex digits that are its own.

    They depend on rule, file, target and the node's name; its operator and ordinal where it has none. The
    message, with its numbers, may change without making another finding of it.
    """
    repeats: Counter[tuple[str, ...]] = Counter()
    path = relative(report.path)
    for finding in report.findings:
        place = finding.location
        node = place.node or f"{place.op}#{place.index}"
        key = (finding.code, path, report.target or "", place.graph, node)
        repeats[key] += 1
        yield finding, digest((*key, str(repeats[key])))


def digest(words: Iterable[str]) -> str:
    """16 hex digits of SHA-256 over `words`, told apart."""
    joined = "\0".join(words)
    return hashlib.sha256(joined.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def relative(path: str) -> str:
    """`path` from the working folder with forward slashes; as it is where it lies elsewhere."""
    try:
        return Path(path).resolve().relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return Path(path).as_posix()


def uri(path: str) -> str:
    """A URI reference for `path`: relative to the working folder, or a file: one outside of it."""
    found = relative(path)
    encoded = quote(found.encode("utf-8", "surrogateescape"), safe="/-._~")
    return f"file://{encoded}" if found.startswith("/") else encoded
