"""From the SOURCEs of a command line to models: folders, files and globs here, URLs by `remote`.

A SOURCE with `://` in it is a URL and goes to `edgelint.audit.remote`, which offers

    items(url: str) -> Iterator[Item]
        the models that the URL means, in name order, each with `remote=True`; EdgelintError when there is
        none, or when the library that reads such URLs is not installed
    localised(item: Item) -> ContextManager[Path]
        a path that `edgelint.ir.files` opens while the block lasts, with the item's suffix: only what is
        read is fetched, and whatever becomes of the block, nothing is left on disk. EdgelintError when it
        cannot be read
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Any

from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.paths import model_files


@dataclass(frozen=True, slots=True)
class Item:
    """One model of a zoo, not opened yet. Goes to other processes and machines: keep it small.

    source: the SOURCE that means it. name: what the tables call it: its path, or its URL.
    remote: whether `remote` opens it. size: bytes, None where that is not known yet.
    sha256: of the whole content, where the store says so without reading it; "" otherwise.
    identity: where `sha256` is not known, what changes whenever the content does ("etag …"), and by which
    results are cached; "" for a local file, which is hashed. details: what `remote` needs to open it.
    """

    source: str
    name: str
    remote: bool = False
    size: int | None = None
    sha256: str = ""
    identity: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """The suffix of its name in small letters: ".tflite"."""
        path = self.name.partition("?")[0] if self.remote else self.name
        return PurePosixPath(path).suffix.lower() if self.remote else Path(path).suffix.lower()


def items(sources: Iterable[str]) -> Iterator[Item]:
    """The models that `sources` mean, each once, in their order.

    Raises EdgelintError for a source that means none: an audit of less than was asked for is none.
    """
    seen: set[str] = set()
    for source in sources:
        for item in _remote(source) if is_url(source) else _local(source):
            if item.name not in seen:
                seen.add(item.name)
                yield replace(item, source=_shown(source))


def is_url(source: str) -> bool:
    """Whether a SOURCE is a URL."""
    return "://" in source


def opened(item: Item) -> AbstractContextManager[Path]:
    """A local file with the content of `item`, there while the block lasts. EdgelintError without one."""
    if not item.remote:
        return nullcontext(Path(item.name))
    from edgelint.audit.remote import localised

    return localised(item)


def remark_on(path: Path) -> str:
    """What the user should know of where `opened` found a remote model; "" for nothing."""
    from edgelint.audit.remote import remark_on

    return remark_on(path)


def _shown(source: str) -> str:
    """`source` without what nobody else should read."""
    if not is_url(source):
        return source
    from edgelint.audit.remote import shown

    return shown(source)


def _local(source: str) -> Iterator[Item]:
    for path in model_files([source]):
        if isinstance(path, EdgelintError):
            raise path
        if not os.path.lexists(path):
            raise EdgelintError(path, "does not exist")
        yield Item(source, str(path))


def _remote(url: str) -> Iterator[Item]:
    from edgelint.audit.remote import items

    return items(url)
