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
from edgelint.bounds import figures
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
        match found:
            case {"key": str(key), "sha256": str(sha256), "size": int(size)}:
                return Content(key, sha256, size)
        return None

    def find(self, content: Content, item: Item, keys: Keys) -> Iterator[tuple[str, Record]]:
        """Target names and records that are known of this content."""
        names = {key: name for name, key in keys.targets.items()}
        folder = self._results_folder(content, item, keys)
        for path in _entries(folder):
            records, beside = _parts(self._read(path))
            if not names.keys() & records.keys():
                continue
            if beside and (item.remote or not all(each.unchanged(Path(item.name).parent) for each in beside)):
                continue
            for key, record in records.items():
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
            beside = [[each.name, each.stamp, each.sha256, each.size] for each in companions]
            path = self._results_folder(content, item, keys) / name
            self._write(path, {"records": by_key, "companions": beside})

    def size(self) -> int:
        """Its bytes."""
        return sum(
            _size(os.path.join(root, name)) for root, _, names in os.walk(self.folder) for name in names
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
        except (OSError, ValueError, RecursionError, zlib.error):
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
    """Where results are kept unless the user says: the platform's folder for caches.

    Raises EdgelintError for a user without a home, as the process of a container may have.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given, "edgelint")
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local", "edgelint", "Cache")
        if sys.platform == "darwin":
            return Path.home() / "Library/Caches/edgelint"
        return Path.home() / ".cache/edgelint"
    except RuntimeError as error:
        hint = "name a folder by --cache, or use --no-cache"
        raise EdgelintError(Path(), "there is no home folder to keep results in", hint=hint) from error


def keys_of(settings: Settings, edition: str) -> Keys:
    """What the results of these settings are kept by."""
    plain = _plain(settings)
    del plain["targets"]
    # Shapes that take too long are given up, and the report goes on without them.
    plain["allowed"] = figures()
    targets: tuple[Target | None, ...] = settings.targets or (None,)
    return Keys(
        edition,
        {target.name if target else "": digest([plain, _plain(target)]) for target in targets},
    )


def edition() -> str:
    """What edgelint and its rule packs are: different whenever any of their rules or tables is."""
    from importlib import import_module
    from importlib.metadata import version

    from edgelint import __version__
    from edgelint.rule import broken_packs, registry

    packages = {type(rule).__module__.partition(".")[0] for rule in registry().values()}
    # Shapes are what onnx infers; a pack that is broken is told with every model.
    about = [LAYOUT, __version__, sys.version_info[:2], version("onnx"), sorted(broken_packs().items())]
    found = hashlib.sha256(json.dumps(about).encode())
    for name in (*sorted({"edgelint", *packages}), "edgelint.rules"):
        module = import_module(name)
        for place in getattr(module, "__path__", None) or [module.__file__ or ""]:
            _add_files(found, Path(place))
    return found.hexdigest()


def digest(data: Any) -> str:
    """The SHA-256 of JSON-ready data, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(data, separators=(",", ":")).encode()).hexdigest()


def _add_files(found: Any, place: Path) -> None:
    """Adds a package's files, a module's one, or the archive that either lies in."""
    if not place.is_dir():
        found.update(next(each for each in (place, *place.parents) if each.exists()).read_bytes())
        return
    for path in sorted(place.rglob("*")):
        if path.suffix in (".py", ".toml"):
            found.update(path.relative_to(place).as_posix().encode())
            found.update(path.read_bytes())


def _parts(entry: Any) -> tuple[dict[str, Record], list[Companion]]:
    """Records by key, and companions, of what was read as an entry; none of what `keep` never wrote."""
    try:
        records: dict[str, Record] = dict(entry["records"])
        for record in records.values():
            if not isinstance(record["row"]["verdict"], str) or not isinstance(record["findings"], list):
                return {}, []
        return records, [Companion(*each) for each in entry["companions"]]
    except (KeyError, TypeError, ValueError):
        return {}, []


def _size(path: str) -> int:
    """Bytes of a file; 0 for one that another audit has renamed or taken away meanwhile."""
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


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
