"""From the paths on a command line to model files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgelint.errors import EdgelintError
from edgelint.loaders import SUFFIXES, is_model_name

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "site-packages", "__pycache__"}
)
"""Folders no user keeps models of their own in."""


def model_files(paths: Iterable[str]) -> Iterator[Path | EdgelintError]:
    """The files that `paths` mean, each once: files as given, folders walked, globs expanded.

    A folder gives its files with a model's suffix, in name order. What matches nothing is
    an EdgelintError in its place, so that the other paths are still checked.
    """
    seen: set[Path] = set()
    for text in paths:
        if "://" in text and not os.path.lexists(text):
            yield _url(text)
            continue
        found = False
        for path in _expand(text):
            found = True
            if isinstance(path, EdgelintError):
                yield path
            elif path not in seen:
                seen.add(path)
                yield path
        if not found:
            yield _nothing(text)


def _expand(text: str) -> Iterator[Path | EdgelintError]:
    path = Path(text)
    if os.path.isdir(path):
        yield from _walk(path)
    elif os.path.lexists(text):
        yield path
    else:
        yield from _matching(text)


def _matching(text: str) -> Iterator[Path | EdgelintError]:
    """What a glob matches, or the path that `text` is if it is none."""
    import glob

    if not glob.has_magic(text):
        yield Path(text)
        return
    for name in sorted(glob.glob(text, recursive=True)):
        if os.path.isdir(name):
            yield from _walk(Path(name))
        else:
            yield Path(name)


def _walk(folder: Path) -> Iterator[Path | EdgelintError]:
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if is_model_name(name):
                yield Path(root, name)
    for error in closed:
        yield EdgelintError(error.filename, f"cannot be read: {error.strerror}")


def _url(text: str) -> EdgelintError:
    hint = f"`edgelint audit {text} -o report.parquet` judges models at URLs"
    return EdgelintError(text, "is a URL, and only local files are read here", hint=hint)


def _nothing(text: str) -> EdgelintError:
    if os.path.isdir(text):
        hint = f"looked for {' '.join(SUFFIXES)}; name a file to check it whatever its suffix"
        return EdgelintError(text, "holds no model file", hint=hint)
    return EdgelintError(text, "matches no file")
