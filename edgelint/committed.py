"""JSON files that a team commits: a head and a list of entries, sorted, one a line, for small diffs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.small_file import text_of

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is still read."""


def read_entries(path: Path, kind: str, version: int) -> list[Any]:
    """The entries of the `kind` ("baseline") in `path`, not verified.

    Raises EdgelintError for a file that cannot be read, or is none of this kind and version.
    """
    import json

    hint = f"`edgelint {kind}` writes it"
    try:
        data = json.loads(text_of(path, LARGEST, hint=hint))
    except (ValueError, RecursionError) as error:
        raise EdgelintError(path, "is no JSON", hint=hint) from error
    if not isinstance(data, dict) or data.get(f"edgelint-{kind}") != version:
        raise EdgelintError(path, f"is no {kind} of version {version}", hint=hint)
    entries = data.get("entries")
    if not isinstance(entries, list):
        raise EdgelintError(path, "has no list of entries", hint=hint)
    return entries


def write_entries(path: Path, kind: str, version: int, entries: Iterable[Mapping[str, Any]]) -> None:
    """Writes the file whole, `entries` in their order. Raises EdgelintError when that fails."""
    import json

    from edgelint.reporters.file import written_whole

    lines = [json.dumps(entry) for entry in entries]
    body = ",\n".join(lines)
    with written_whole(path) as out:
        out.write(f'{{"edgelint-{kind}": {version}, "entries": [\n{body}{chr(10) * bool(lines)}]}}\n')


def relative_name(path: str | Path, folder: Path) -> str:
    """A model's path from the folder of the file that names it, with forward slashes."""
    try:
        return Path(path).resolve().relative_to(folder.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return PurePath(path).as_posix()
