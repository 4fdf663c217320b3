"""From the paths on a command line to model files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgelint.errors import EdgelintError
from edgelint.loaders import SUFFIXES

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
        found = False
        for path in _expand(text):
            found = True
            if path not in seen:
                seen.add(path)
                yield path
        if not found:
            yield _nothing(text)


def _expand(text: str) -> Iterator[Path]:
    path = Path(text)
    if path.is_dir():
        yield from _walk(path)
    elif glob.has_magic(text) and not os.path.lexists(text):
        for name in sorted(glob.glob(text, recursive=True)):
            if Path(name).is_dir():
                yield from _walk(Path(name))
            else:
                yield Path(name)
    else:
        yield path


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                yield Path(root, name)


def _nothing(text: str) -> EdgelintError:
    if Path(text).is_dir():
        hint = f"looked for {' '.join(SUFFIXES)}; name a file to check it whatever its suffix"
        return EdgelintError(text, "holds no model file", hint=hint)
    return EdgelintError(text, "matches no file")
