"""A web server for tests: ranges, no ranges, and answers that no honest server gives."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("aiohttp", reason="http:// needs aiohttp")


@dataclass
class Served:
    """A folder that is served. url: with a slash at its end. log: path, first byte, bytes sent."""

    url: str
    folder: Path
    behaviour: Behaviour
    log: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def bytes_sent(self) -> int:
        return sum(count for _, _, count in self.log)


@dataclass
class Behaviour:
    """What a server does unlike others.

    ranges: whether it gives out ranges. etag: of a file; None for none. before: called with the handler
    and the number of the request, from 1; True where it has answered itself.
    """

    ranges: bool = True
    etag: Callable[[Path], str | None] = lambda path: f'"{path.stat().st_size}-{path.stat().st_mtime_ns}"'
    before: Callable[[Handler, int], bool] = lambda handler, number: False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served: Served

    def log_message(self, *arguments: object) -> None:
        """Nothing: the log is kept."""

    def do_HEAD(self) -> None:
        self.send_error(405)

    def do_GET(self) -> None:
        path = self.served.folder / unquote(urlsplit(self.path).path).lstrip("/")
        self.served.log.append((self.path, 0, 0))
        if self.served.behaviour.before(self, len(self.served.log)):
            return
        if path.is_dir():
            self._send_page(path)
        elif path.is_file():
            self._send_file(path)
        else:
            self.send_error(404)

    def _send_page(self, folder: Path) -> None:
        names = sorted(each.name + "/" * each.is_dir() for each in folder.iterdir())
        links = "".join(f'<a href="{name}">{name}</a><br>' for name in names)
        page = f"<!doctype html><a href='../'>..</a> <a href='?C=N'>Name</a> {links}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def _send_file(self, path: Path) -> None:
        size = path.stat().st_size
        start, stop = 0, size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if wanted and self.served.behaviour.ranges:
            if int(wanted[1]) >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start, stop = int(wanted[1]), min(int(wanted[2]) + 1, size)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        else:
            self.send_response(200)
        etag = self.served.behaviour.etag(path)
        if etag is not None:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        self.served.log[-1] = (self.path, start, stop - start)
        with path.open("rb") as file:
            file.seek(start)
            while start < stop and (piece := file.read(min(1 << 20, stop - start))):
                self.wfile.write(piece)
                start += len(piece)


@contextmanager
def serving(folder: Path, behaviour: Behaviour | None = None) -> Iterator[Served]:
    """`folder` behind a web server on this machine, while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_port}/", folder, behaviour or Behaviour())
    server.RequestHandlerClass = type("Bound", (Handler,), {"served": served})
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until `condition` holds; fails where it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
