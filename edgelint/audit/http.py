"""Files at web addresses: every answer is checked and bounded, for a server may say anything."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from edgelint.audit.ranges import Range, Ranges
from edgelint.audit.transport import FIRST, MOST_WHOLE, Requests, Transient
from edgelint.errors import EdgelintError
from edgelint.quantity import show_bytes

CONNECT_SECONDS = 15.0
"""Seconds after which a server that takes no connection is given up."""

STALL_SECONDS = 20.0
"""Seconds without a byte after which an answer is given up."""

RANGE_SECONDS = 60.0
"""Seconds that an answer to a range may take; a range is 4 MiB or less."""

WHOLE_SECONDS = 300.0
"""Seconds that a file may take which comes whole."""

REDIRECTS = 5
"""Redirects in a row that are followed."""

SETTLED = 60
"""Seconds between a file's last change and the answer after which its date is a strong validator
(RFC 9110, §8.8.2.2)."""

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another try may not meet."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")

_NO_RANGES = "its server gives out no ranges"
_FETCH = f"files of up to {show_bytes(MOST_WHOLE)} are fetched whole; fetch this one yourself"


class Answer(NamedTuple):
    """What came. host: of the server that sent it. total: bytes of the file.

    data: of the range that was asked for, up to the file's end; b"" where `store` has the whole file.
    whole_only: whether the server gives out no ranges of a file that is not fetched whole.
    """

    host: str
    headers: Any
    total: int
    data: bytes
    store: IO[bytes] | None = None
    whole_only: bool = False

    @property
    def etag(self) -> str:
        """The ETag; "" for one that two contents may have, or none."""
        return _strong(self.headers)


class HttpFile(Requests):
    """A file at a web address.

    remark: what the user should know about its server, "" for nothing.
    """

    def __init__(self, fs: Any, url: str, name: str, *, beside: bool = False) -> None:
        """The file at `url`, fetched by the session of `fs`, a file system of fsspec.

        beside: whether it lies beside a model: only looked at, and never fetched whole.
        Raises FileNotFoundError where there is none, and EdgelintError where it cannot be fetched.
        """
        super().__init__(name)
        self._fs, self._url = fs, url
        self._beside = beside
        self._first: Answer | None = None
        self.sha256 = self.identity = self.remark = ""
        answer = self.tried([(0, 1 if beside else FIRST)], self._answers)[0]
        self._first = answer
        if answer.store is not None:
            size = answer.store.seek(0, 2)
            self.ranges = Ranges.whole(answer.store, size)
            # An answer with all of a small file is one that RFC 9110 allows to any server.
            if size > FIRST:
                self.remark = f"{answer.host} gives out no ranges: files were fetched whole"
        else:
            size = answer.total
            self.ranges = Ranges(size, self.fetch)
            self.ranges.put(0, answer.data)
        validator = _validator(answer.headers)
        if validator:
            self.identity = f"{name} {validator} size={size}"

    def fetch(self, ranges: Sequence[Range]) -> list[bytes]:
        """The bytes of `ranges`. Raises EdgelintError where they cannot be had."""
        if self._first is not None and self._first.whole_only:
            raise EdgelintError(Path(self.name), f"external data is not fetched: {_NO_RANGES}")
        try:
            return [answer.data for answer in self.tried(ranges, self._answers)]
        except FileNotFoundError:
            self.fail("it is no longer there")

    def _answers(self, ranges: Sequence[Range]) -> Sequence[Answer | BaseException]:
        from fsspec.asyn import sync

        async def all_of_them() -> list[Answer | BaseException]:
            return await asyncio.gather(*map(self._guarded, ranges), return_exceptions=True)

        found: list[Answer | BaseException] = sync(self._fs.loop, all_of_them)
        return found

    async def _guarded(self, wanted: Range) -> Answer:
        import aiohttp

        try:
            return await self._answer(*wanted)
        except aiohttp.TooManyRedirects:
            self.fail("it is redirected in circles")
        except aiohttp.InvalidURL:
            self.fail("its address, or the one that it is redirected to, is none of the web")
        except aiohttp.ClientSSLError as error:
            self.fail(str(error))
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise Transient("its server does not answer") from error
        except aiohttp.ClientError as error:
            raise Transient(str(error) or type(error).__name__) from error

    async def _answer(self, start: int, stop: int) -> Answer:
        import aiohttp

        session = await self._fs.set_session()
        options = {"max_redirects": REDIRECTS, **self._fs.kwargs}
        options["headers"] = {
            **options.get("headers", {}),
            "Range": f"bytes={start}-{stop - 1}",
            "Accept-Encoding": "identity",
        }
        options["timeout"] = aiohttp.ClientTimeout(
            total=WHOLE_SECONDS if self._first is None else RANGE_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=STALL_SECONDS,
        )
        async with session.get(self._fs.encode_url(self._url), **options) as response:
            self._refuse(response)
            if response.status == 200:
                return await self._all(response)
            total = 0
            if response.status == 206:
                total = self._total(response, start, stop)
            body = _body(response, min(stop, total) - start)
            data = await asyncio.wait_for(body, RANGE_SECONDS)
            return Answer(str(response.url.host), response.headers, total, data)

    def _refuse(self, response: Any) -> None:
        """Raises what keeps the answer from being read."""
        status = response.status
        if any(hop.url.scheme == "https" for hop in response.history) and response.url.scheme != "https":
            self.fail(f"it is redirected to {response.url.scheme}://, where anybody may change it")
        if status in _PASSING:
            raise Transient(f"HTTP {status} {response.reason}", _retry_after(response.headers))
        if status in (404, 410):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.name)
        if status == 416 and response.headers.get("Content-Range", "").strip() == "bytes */0":
            return
        if status not in (200, 206):
            self.fail(f"HTTP {status} {response.reason}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            self.fail("its server compresses what it was asked not to")
        if self._first is not None and _strong(response.headers) != self._first.etag:
            self.fail("it has changed while it was read")

    def _total(self, response: Any, start: int, stop: int) -> int:
        """The size of the file, as an answer with a range of it says."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if match is None:
            self.fail("its server does not say which range it sends")
        first, last, total = map(int, match.groups())
        if self._first is not None and total != self._first.total:
            self.fail("it has changed while it was read")
        if first != start or last + 1 != min(stop, total):
            self.fail(f"its server sends bytes {first} to {last} in place of {start} to {stop - 1}")
        return total

    async def _all(self, response: Any) -> Answer:
        """The whole file, from a server that gives out no ranges."""
        if self._first is not None:
            self.fail("its server has ceased to give out ranges")
        stated = response.headers.get("Content-Length", "")
        size = int(stated) if stated.isdecimal() and len(stated) < 20 else 0
        host = str(response.url.host)
        if self._beside and size:
            return Answer(host, response.headers, size, b"", whole_only=True)
        if size > MOST_WHOLE or self._beside:
            self.fail(f"{_NO_RANGES}, and it has {show_bytes(size)}" if size else _NO_RANGES, hint=_FETCH)
        store: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the ranges
        async for piece in response.content.iter_chunked(1 << 16):
            store.write(piece)
            if store.tell() > MOST_WHOLE:
                self.fail(f"{_NO_RANGES}, and more than {show_bytes(MOST_WHOLE)}", hint=_FETCH)
        return Answer(host, response.headers, store.tell(), b"", store)


async def _body(response: Any, count: int) -> bytes:
    """The `count` bytes of an answer, which may be sent without an end."""
    body = bytearray()
    while len(body) < count:
        piece = await response.content.read(count - len(body))
        if not piece:
            raise Transient(f"{len(body):,} of {count:,} bytes came")
        body += piece
    return bytes(body)


def _validator(headers: Any) -> str:
    """What is different whenever the content is: a strong ETag, or a date that is one; "" without any."""
    if "ETag" in headers:
        etag = _strong(headers)
        return f"etag={etag}" if etag else ""
    try:
        changed = parsedate_to_datetime(headers["Last-Modified"])
        answered = parsedate_to_datetime(headers["Date"])
        settled = (answered - changed).total_seconds() >= SETTLED
    except (KeyError, TypeError, ValueError, OverflowError):
        return ""
    return f"last-modified={headers['Last-Modified']}" if settled else ""


def _strong(headers: Any) -> str:
    """The ETag; "" for one that two contents may have, or none."""
    etag: str = headers.get("ETag", "")
    return "" if etag.startswith("W/") else etag


def _retry_after(headers: Any) -> float:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0
