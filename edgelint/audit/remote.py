"""Models at URLs: found by `items`, and by `localised` opened so that only what is read is fetched."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from edgelint.audit.ranges import RangedFile
from edgelint.audit.sources import Item
from edgelint.audit.transport import File, Requests, StoreFile, told, within
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.loaders import SUFFIXES, is_model_name
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.audit.contents import Content

INSTALL = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "hf": "huggingface_hub",
    "http": "aiohttp",
    "https": "aiohttp",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
}
"""Scheme to what has to be installed for it besides fsspec; of others, fsspec itself says so."""

_MAGIC = re.compile(r"[*\[]")

_NOWHERE = Path(os.devnull)
"""A folder below which no file can ever be: what goes past `edgelint.ir.files` finds nothing there."""

_numbers = count()
"""Of the models that were opened: each has a folder of its own there."""


def items(url: str) -> Iterator[Item]:
    """The models that `url` means, in name order: one, those below a prefix, or those that match a glob.

    Raises EdgelintError when there is none, or what reads such URLs is not installed.
    """
    scheme, mark, place = url.partition("://")
    url = scheme.lower() + mark + place
    fs, path = _store(url)
    found = False
    for item in _listed(fs, path, url):
        found = True
        yield item
    if not found:
        hint = f"looked for {' '.join(SUFFIXES)}; name a file to audit it whatever its suffix"
        raise _refused(url, "holds no model file", hint=hint)


@contextmanager
def localised(item: Item) -> Iterator[Path]:
    """A path that `edgelint.ir.files` opens while the block lasts, where only what is read is fetched.

    Raises EdgelintError when it cannot be fetched, at the end of the block too: whoever was in the middle
    of the file may have passed over what was missing.
    """
    fs, path = _store(item.details["url"])
    # Some names mean something else in a URL: "a::b" is a member of an archive there.
    path = item.details.get("path", path)
    with _Place(fs, path, item) as place, files.reachable(place.folder, place):
        yield place.folder / place.name
        place.complain()


def content_of(path: Path) -> Content:
    """The content of what `localised` has opened at `path`: its hash where it was fetched whole."""
    return _place(path).content()


def remark_on(path: Path) -> str:
    """What the user should know about the server of what `localised` has opened at `path`; "" for nothing."""
    return _place(path).remark()


def shown(url: str) -> str:
    """`url` without what nobody else should read: its user, its password, and signatures in its query."""
    return _SECRETS.sub(r"\1…", _USER.sub(r"\1", url))


_USER = re.compile(r"(://)[^/@?#]*@")
_SECRETS = re.compile(
    r"([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|sig|signature|token"
    r"|access_token|AWSAccessKeyId|Policy|Key-Pair-Id)=)[^&#]*",
    re.IGNORECASE,
)


def _place(path: Path) -> _Place:
    place = files.place_of(path)
    assert isinstance(place, _Place)
    return place


def _store(url: str) -> tuple[Any, str]:
    """The file system that `url` lies in, and its path there."""
    scheme = url.partition("::")[0].partition("://")[0]
    if scheme in ("http", "https"):
        _verify_web(url)
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        hint = "install what reads URLs: pip install 'edgelint[audit]'"
        raise _refused(url, "is a URL, and fsspec is not installed", hint=hint) from error
    try:
        fs, path = within(url_to_fs, url)
    except ImportError as error:
        missing = INSTALL.get(scheme, "")
        hint = f"pip install {missing}" if missing else printable(str(error), 200)
        raise _refused(url, f"needs a library for {scheme}://", hint=hint) from error
    except Exception as error:
        reason = printable(str(error) or type(error).__name__, 200)
        raise _refused(url, f"cannot be opened: {reason}") from error
    return fs, path


def _verify_web(url: str) -> None:
    """Raises EdgelintError for a web address that names no server, or none that can be asked."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or _MAGIC.search(host):
        raise _refused(url, "is no valid URL")
    if ":" in host:
        raise _refused(url, "is not read: its server is an IPv6 address", hint="give the server's name")


def _refused(url: str, problem: str, hint: str = "") -> EdgelintError:
    """The error about a URL, which is no path."""
    return EdgelintError(Path(), f"{printable(shown(url), 200)} {problem}", hint=hint)


def _listed(fs: Any, path: str, url: str) -> Iterator[Item]:
    if _is_local(fs):
        from edgelint.audit.sources import items as local_items

        yield from local_items([path])
    elif _is_web(fs):
        from edgelint.audit.index_page import linked

        for found in linked(fs, url) if url.endswith("/") or _MAGIC.search(url) else (url,):
            yield Item(url, shown(found), remote=True, details={"url": found})
        # A connection that a forked process has as well, and closes, would not answer here any more.
        fs.clear_instance_cache()
    else:
        yield from _stored(fs, path, url)


def _stored(fs: Any, path: str, url: str) -> Iterator[Item]:
    """The models in a store that lists what it has."""
    try:
        if _MAGIC.search(path) and not within(fs.isfile, path):
            found = within(fs.glob, path, detail=True)
            chosen = {name: info for name, info in found.items() if info.get("type") == "file"}
        else:
            info = within(fs.info, path)
            chosen = {path: info} if info.get("type") == "file" else {}
            if not chosen:
                found = within(fs.find, path, detail=True)
                chosen = {name: info for name, info in found.items() if is_model_name(name)}
    except FileNotFoundError as error:
        raise _refused(url, "does not exist") from error
    except Exception as error:
        reason = printable(str(error) or type(error).__name__, 200)
        raise _refused(url, f"cannot be listed: {reason}") from error
    _, chained, rest = url.partition("::")
    for name in sorted(chosen):
        full = fs.unstrip_protocol(name) + chained + rest
        sha256, identity = told(chosen[name], shown(full))
        if chained:
            identity = ""
        details = {"url": url, "path": name, "size": chosen[name].get("size")}
        yield Item(url, shown(full), True, chosen[name].get("size"), sha256, identity, details)


class _Place:
    """The folder of one model elsewhere. folder, name: of the path that it has here."""

    def __init__(self, fs: Any, path: str, item: Item) -> None:
        self._fs, self._path, self._item = fs, path, item
        full = urlsplit(path).path if _is_web(fs) else path
        name = PurePosixPath(unquote(full) if _is_web(fs) else full).name
        # Of its own: a worker on a cluster may open several at a time.
        self.folder = _NOWHERE / f"elsewhere-{next(_numbers)}"
        self.name = name.replace("\0", "") or "model"
        self._files: dict[str, File | FileNotFoundError] = {}
        self._stack = ExitStack()

    def __enter__(self) -> _Place:
        try:
            self._found(self.name)
        except FileNotFoundError as error:
            raise EdgelintError(self._item.name, "does not exist") from error
        except OSError as error:
            raise EdgelintError(self._item.name, f"cannot be fetched: {error}") from error
        found = self._found(self.name).identity
        if _differ(found, self._item.identity):
            self._stack.close()
            problem = "has changed since it was listed"
            raise EdgelintError(self._item.name, problem) from OSError(problem)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def opened(self, path: Path) -> BinaryIO:
        """The model, or a file beside it. Raises FileNotFoundError where there is none."""
        return cast(BinaryIO, RangedFile(self._found(path.relative_to(self.folder).as_posix()).ranges))

    def status(self, path: Path) -> os.stat_result:
        """The size of the model, or of a file beside it. Raises FileNotFoundError where there is none."""
        size = len(self._found(path.relative_to(self.folder).as_posix()).ranges)
        return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, size, 0, 0, 0))

    def complain(self) -> None:
        """Raises EdgelintError where something could not be fetched."""
        for file in self._files.values():
            if isinstance(file, Requests) and file.failure is not None:
                raise file.failure

    def remark(self) -> str:
        """What the user should know about the server."""
        return getattr(self._found(self.name), "remark", "")

    def content(self) -> Content:
        """What the model contains."""
        from edgelint.audit.contents import Content

        file = self._found(self.name)
        sha256 = file.sha256 or file.ranges.digest()
        return Content(sha256 or file.identity, sha256, len(file.ranges))

    def _found(self, name: str) -> File:
        if name not in self._files:
            try:
                self._files[name] = file = self._begun(name)
                self._stack.callback(file.ranges.close)
            except FileNotFoundError as error:
                self._files[name] = error
        found = self._files[name]
        if isinstance(found, FileNotFoundError):
            raise found
        return found

    def _begun(self, name: str) -> File:
        fs, beside = self._fs, name != self.name
        path = _beside(self._path, name, _is_web(fs)) if beside else self._path
        if not _is_web(fs):
            return StoreFile(fs, path, self._item.name)
        from edgelint.audit.http import HttpFile

        return HttpFile(fs, path, self._item.name, beside=beside)


def _differ(identity: str, other: str) -> bool:
    """Whether two identities of one file, told in the same way, are not the same."""
    return identity.partition("=")[0] == other.partition("=")[0] and identity != other


def _beside(path: str, name: str, is_web: bool) -> str:
    """The path of the file `name` in the folder of the one at `path`; never outside it."""
    if not is_web:
        return f"{path.rpartition('/')[0]}/{name}"
    parts = urlsplit(path)
    # Quoted whole: a server takes "%2e%2e" in an address for "..".
    return urlunsplit((*parts[:2], f"{parts.path.rpartition('/')[0]}/{quote(name)}", "", ""))


def _is_web(fs: Any) -> bool:
    return "https" in _protocols(fs)


def _is_local(fs: Any) -> bool:
    return "file" in _protocols(fs)


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
