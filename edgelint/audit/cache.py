"""What was found before, by content: no model is judged twice for the same target in the same way.

    FOLDER/contents/ab/cdef…        what a file with this path, size and times contained
    FOLDER/results/ab/cdef…/…       records of one content, one file per audit that added some

A result's key is made of the model's content and suffix, of edgelint and its rule packs, and for each target
of its definition and all settings. Entries are written beside and renamed: a reader sees a whole one or none,
two audits at a time never harm each other, and a broken entry is one that is not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from collections.abc import Iterator, Mapping, Set
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.audit.contents import Companion, Content, stamp, told_content
from edgelint.audit.rows import Record
from edgelint.audit.sources import Item
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError

if TYPE_CHECKING:
    from edgelint.checker import Settings
    from edgelint.targets import Target

LAYOUT = 1
"""Version of the entries; raised when a reader of the old ones would misread the new ones."""

TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Results that edgelint can find again: delete at will.\n"
"""Content of CACHEDIR.TAG, by which backups know what to leave out (https://bford.info/cachedir/)."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What results are kept by besides the content. edition: of edgelint. targets: target name to its key."""

    edition: str
    targets: Mapping[str, str]


class Cache:
    """Results in a folder that is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def content(self, item: Item) -> Content | None:
        """What `item` contains, without reading it; None where that is not known or no longer so."""
        told = told_content(item)
        if told is not None or item.remote:
            return told
        found = self._read(self._content_path(item, stamp(Path(item.name))))
        if not isinstance(found, dict):
            return None
        try:
            return Content(found["key"], found["sha256"], found["size"])
        except KeyError:
            return None

    def find(self, content: Content, item: Item, keys: Keys) -> Iterator[tuple[str, Record]]:
        """Target names and records that are known of this content."""
        names = {key: name for name, key in keys.targets.items()}
        folder = self._results_folder(content, item, keys)
        for path in _entries(folder):
            entry = self._read(path)
            if not isinstance(entry, dict) or not names.keys() & entry.get("records", {}).keys():
                continue
            beside = [Companion(*each) for each in entry.get("companions", ())]
            if beside and (item.remote or not all(each.unchanged(Path(item.name).parent) for each in beside)):
                continue
            for key, record in entry["records"].items():
                if key in names:
                    yield names[key], record

    def keep(
        self,
        item: Item,
        keys: Keys,
        content: Content,
        seen: str,
        records: Mapping[str, Record],
        companions: tuple[Companion, ...] = (),
    ) -> None:
        """Keeps the records, by target name, of a model whose file had the stamp `seen` before it was read.

        Raises EdgelintError when the folder takes nothing.
        """
        if seen and not item.remote and stamp(Path(item.name)) == seen:
            self._write(
                self._content_path(item, seen),
                {"key": content.key, "sha256": content.sha256, "size": content.size},
            )
        if records:
            by_key = {keys.targets[name]: record for name, record in records.items()}
            name = digest(sorted(by_key))
            beside = [[each.name, each.stamp, each.sha256] for each in companions]
            path = self._results_folder(content, item, keys) / name
            self._write(path, {"records": by_key, "companions": beside})

    def size(self) -> int:
        """Its bytes."""
        return sum(
            os.lstat(os.path.join(root, name)).st_size
            for root, _, names in os.walk(self.folder)
            for name in names
        )

    def _content_path(self, item: Item, seen: str) -> Path:
        key = digest([LAYOUT, os.path.abspath(item.name), seen])
        return self.folder / "contents" / key[:2] / key[2:]

    def _results_folder(self, content: Content, item: Item, keys: Keys) -> Path:
        key = digest([LAYOUT, content.key, item.suffix, keys.edition])
        return self.folder / "results" / key[:2] / key[2:]

    def _read(self, path: Path) -> Any:
        try:
            return json.loads(zlib.decompress(path.read_bytes()))
        except (OSError, ValueError, zlib.error):
            return None

    def _write(self, path: Path, entry: Mapping[str, Any]) -> None:
        data = zlib.compress(json.dumps(entry, separators=(",", ":")).encode(), 1)
        # A name of its own for each writer, on whatever machine, that no reader takes for an entry.
        temporary = path.with_name(f".{os.urandom(8).hex()}")
        try:
            self._begin()
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(data)
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            hint = "name another folder by --cache, or use --no-cache"
            raise EdgelintError(self.folder, f"cannot keep results: {error.strerror}", hint=hint) from error

    def _begin(self) -> None:
        tag = self.folder / "CACHEDIR.TAG"
        if not tag.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            tag.write_text(TAG)


def default_folder() -> Path:
    """Where results are kept unless the user says: the platform's folder for caches."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given, "edgelint")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local", "edgelint", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/edgelint"
    return Path.home() / ".cache/edgelint"


def keys_of(settings: Settings, edition: str) -> Keys:
    """What the results of these settings are kept by."""
    plain = _plain(settings)
    del plain["targets"]
    targets: tuple[Target | None, ...] = settings.targets or (None,)
    return Keys(
        edition,
        {target.name if target else "": digest([plain, _plain(target)]) for target in targets},
    )


def edition() -> str:
    """What edgelint and its rule packs are: different whenever any of their rules or tables is."""
    from importlib import import_module

    from edgelint import __version__
    from edgelint.rule import registry

    packages = {type(rule).__module__.partition(".")[0] for rule in registry().values()}
    found = hashlib.sha256(f"{LAYOUT} {__version__} {sys.version_info[:2]}".encode())
    for name in sorted({"edgelint", *packages}):
        for folder in import_module(name).__path__:
            _add_files(found, Path(folder))
    _add_files(found, Path(import_module("edgelint.rules").__path__[0]))
    return found.hexdigest()


def digest(data: Any) -> str:
    """The SHA-256 of JSON-ready data, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(data, separators=(",", ":")).encode()).hexdigest()


def _add_files(found: Any, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".toml"):
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(path.read_bytes())


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _plain(value: Any) -> Any:
    """`value` as JSON-ready data that is the same in every process."""
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        return {name: _plain(getattr(value, name)) for name in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, Set):
        return sorted(map(str, value))
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
