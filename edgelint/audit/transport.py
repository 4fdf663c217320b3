"""Requests for files elsewhere: tried again where that helps, bounded, and those of fsspec's stores."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any, NoReturn, Protocol, TypeVar

from edgelint.audit.ranges import Range, Ranges
from edgelint.errors import EdgelintError
from edgelint.printable import printable
from edgelint.quantity import show_bytes

T = TypeVar("T")

FIRST = 256 << 10
"""Bytes that the first request asks for: small models come whole with it."""

MOST_WHOLE = 256 << 20
"""Bytes of a file that is fetched whole because its server, or the archive it is in, gives out no ranges."""

WAITS = (0.5, 1.0, 2.0)
"""Seconds before each new try of what failed for a reason that may pass."""

LONGEST_WAIT = 30.0
"""Seconds that a server may ask for before the next try."""

PATIENCE = 120.0
"""Seconds that the requests for one file may take in all, besides 1 s for each and 10 s for each MiB."""


class File(Protocol):
    """One file elsewhere. name: how to call it.

    ranges: its content. sha256, identity: as in `Item`, as far as they are known now.
    """

    name: str
    ranges: Ranges
    sha256: str
    identity: str


class Transient(Exception):
    """A failure that may pass. reason: a clause. after: seconds to wait at least."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Requests:
    """The requests for one file: tried again where that may help, and ended where they take too long."""

    def __init__(self, name: str) -> None:
        """Those for the file called `name`."""
        self.name = name
        self.failure: EdgelintError | None = None
        """What the last reader was told, though it may not have told anyone."""
        self._patience = PATIENCE

    def tried(
        self, ranges: Sequence[Range], some: Callable[[Sequence[Range]], Sequence[T | BaseException]]
    ) -> list[T]:
        """What `some` gives for each of `ranges`, asked again for those that it gives an error for.

        Raises FileNotFoundError where the file is not there, EdgelintError where it cannot be had.
        """
        found: dict[Range, T] = {}
        for wait in (*WAITS, None):
            missing = [each for each in ranges if each not in found]
            began = time.monotonic()
            errors = []
            for wanted, answer in zip(missing, some(missing), strict=True):
                if isinstance(answer, BaseException):
                    errors.append(answer)
                else:
                    found[wanted] = answer
            self._patience -= time.monotonic() - began
            if not errors:
                break
            self._wait(errors, wait)
        self._patience += sum(1 + (stop - start) * 10 / 2**20 for start, stop in ranges)
        return [found[each] for each in ranges]

    def fail(self, reason: str, hint: str = "") -> NoReturn:
        """Raises EdgelintError for `reason`, a clause; its cause tells it from an error of the file."""
        error = EdgelintError(Path(self.name), f"cannot be fetched: {printable(reason, 200)}", hint=hint)
        self.failure = self.failure or error
        raise error from OSError(reason)

    def _wait(self, errors: Sequence[BaseException], seconds: float | None) -> None:
        """Waits for the next try. Raises one of `errors` where there is none, or it would not help."""
        for error in errors:
            if isinstance(error, (EdgelintError, FileNotFoundError)):
                raise error
            if not isinstance(error, (Transient, OSError, TimeoutError)) or isinstance(error, _FINAL):
                self.fail(_words(error))
        reason = str(errors[0]) or type(errors[0]).__name__
        if seconds is None:
            self.fail(f"{reason} (tried {len(WAITS) + 1} times)")
        if self._patience < 0:
            self.fail(f"its server takes too long: {reason}")
        after = max(getattr(error, "after", 0.0) for error in errors)
        time.sleep(max(seconds, min(after, LONGEST_WAIT)))


_FINAL = (PermissionError, IsADirectoryError, NotADirectoryError)


def _words(error: object) -> str:
    if isinstance(error, PermissionError):
        return "access is denied"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class StoreFile(Requests):
    """A file of any fsspec file system, by the ranges that it gives out."""

    def __init__(self, fs: Any, path: str, name: str, info: Mapping[str, Any] | None = None) -> None:
        """The file at `path` of `fs`, of which `info` is known from a listing. Raises OSError without one."""
        super().__init__(name)
        self._fs, self._path = fs, path
        info = info or within(fs.info, path)
        if info.get("type", "file") != "file" or not isinstance(info.get("size"), int):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        self.sha256, self.identity = told(info, name)
        if _is_archive(fs):
            self.ranges = self._copied()
        else:
            self.ranges = Ranges(info["size"], self.fetch)
            if info["size"] <= FIRST:
                self.ranges.need(0, info["size"])

    def fetch(self, ranges: Sequence[Range]) -> list[bytes]:
        """The bytes of `ranges`. Raises EdgelintError where they cannot be had."""
        try:
            return self.tried(ranges, self._some)
        except FileNotFoundError:
            self.fail("it is no longer there")

    def _some(self, ranges: Sequence[Range]) -> list[bytes | BaseException]:
        if self._fs.async_impl:
            starts, stops = (list(ends) for ends in zip(*ranges, strict=True))
            paths = [self._path] * len(ranges)
            answer = _Call(self._fs.cat_ranges, paths, starts, stops, on_error="return").outcome()
            answers = [answer] * len(ranges) if isinstance(answer, BaseException) else answer
        else:
            # Without the store's own cache, which would read on for some MiB.
            calls = [
                _Call(self._fs.cat_file, self._path, start, stop, cache_type="none") for start, stop in ranges
            ]
            answers = [call.outcome() for call in calls]
        return [_whole(wanted, each) for wanted, each in zip(ranges, answers, strict=True)]

    def _copied(self) -> Ranges:
        """All of the file: to go back in a compressed one is to begin again."""
        store: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the ranges
        size = 0
        with self._fs.open(self._path, "rb") as file:
            while piece := file.read(1 << 20):
                size += store.write(piece)
                if size > MOST_WHOLE:
                    self.fail(f"it has more than {show_bytes(MOST_WHOLE)}, unpacked")
        return Ranges.whole(store, size)


def _whole(wanted: Range, data: bytes | BaseException) -> bytes | BaseException:
    start, stop = wanted
    if isinstance(data, BaseException) or len(data) == stop - start:
        return data
    return Transient(f"{len(data):,} of {stop - start:,} bytes came")


REQUEST_SECONDS = 90.0
"""Seconds that one call of a store may take."""


def within(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What `call` returns, or raises. Raises Transient when it takes too long."""
    found = _Call(call, *arguments, **options).outcome()
    if isinstance(found, BaseException):
        raise found
    return found


class _Call:
    """A call on a thread of its own, which does not keep the process from ending should it hang for ever."""

    def __init__(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        self._done: SimpleQueue[Any] = SimpleQueue()
        Thread(target=self._run, args=(partial(call, *arguments, **options),), daemon=True).start()

    def outcome(self) -> Any:
        """What the call returned, or raised."""
        try:
            return self._done.get(timeout=REQUEST_SECONDS)
        except Empty:
            return Transient(f"no answer within {REQUEST_SECONDS:.0f} s")

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self._done.put(call())
        except BaseException as error:
            self._done.put(error)


_VALIDATORS = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "md5",
    "blob_id",
    "generation",
    "VersionId",
    "crc32c",
)
"""What stores call that which changes whenever the content does: S3, Google, Azure, Hugging Face."""


def told(info: Mapping[str, Any], name: str) -> tuple[str, str]:
    """SHA-256 and identity of a file, "" for what its store does not say. Both as `Item` has them."""
    lfs = info.get("lfs")
    sha256 = lfs.get("sha256", "") if isinstance(lfs, Mapping) else getattr(lfs, "sha256", "")
    for field in _VALIDATORS:
        value = info.get(field)
        if isinstance(value, (str, int)) and value and not str(value).startswith("W/"):
            return sha256, f"{name} {field.lower()}={value} size={info.get('size')}"
    return sha256, ""


def _is_archive(fs: Any) -> bool:
    from fsspec.archive import AbstractArchiveFileSystem

    return isinstance(fs, AbstractArchiveFileSystem)
