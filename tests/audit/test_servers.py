"""Web servers, honest and other: a report as ever, or one line that says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.audit import http, remote, transport
from edgelint.errors import EdgelintError
from tests.audit.far import failure, far_reports, reports
from tests.audit.large import MIB, large_onnx
from tests.audit.serving import Behaviour, Handler, serving
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
NAME = "digits_wide.float32.tflite"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "WAITS", (0.01, 0.02))


def test_without_ranges_a_file_is_fetched_whole_and_that_is_said() -> None:
    with serving(MODELS, Behaviour(ranges=False)) as web:
        (item,) = remote.items(web.url + NAME)
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / NAME)
            assert remote.remark_on(path) == "127.0.0.1 gives out no ranges: files were fetched whole"
        assert len(web.log) == 1


def test_without_ranges_a_file_may_not_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_WHOLE", 1000)
    with serving(MODELS, Behaviour(ranges=False)) as web:
        problem = "cannot be fetched: its server gives out no ranges, and it has 1.1 MiB"
        assert failure(web.url + NAME) == problem


def test_a_body_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_WHOLE", 4 * MIB)

    def endless(handler: Handler, number: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(MIB))
        except OSError:
            handler.close_connection = True
        return True

    with serving(MODELS, Behaviour(before=endless)) as web:
        assert failure(web.url + NAME) == (
            "cannot be fetched: its server gives out no ranges, and more than 4 MiB"
        )


def test_a_longer_answer_than_was_asked_for_is_cut() -> None:
    data = (MODELS / NAME).read_bytes()

    def longer(handler: Handler, number: int) -> bool:
        start, stop = (int(each) for each in handler.headers["Range"].removeprefix("bytes=").split("-"))
        stop = min(stop + 1, len(data))
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        handler.end_headers()
        handler.wfile.write(data[start:stop] + b"more" * 1000)
        handler.close_connection = True
        return True

    with serving(MODELS, Behaviour(before=longer)) as web:
        assert far_reports(web.url + NAME) == reports(MODELS / NAME)


def test_a_passing_failure_is_tried_again() -> None:
    def sometimes(handler: Handler, number: int) -> bool:
        if number % 2:
            handler.send_error(503)
        return bool(number % 2)

    with serving(MODELS, Behaviour(before=sometimes)) as web:
        assert far_reports(web.url + NAME) == reports(MODELS / NAME)


def test_a_lasting_failure_is_told_with_its_reason() -> None:
    def busy(handler: Handler, number: int) -> bool:
        handler.send_error(503)
        return True

    with serving(MODELS, Behaviour(before=busy)) as web:
        problem = "cannot be fetched: HTTP 503 Service Unavailable (tried 3 times)"
        assert failure(web.url + NAME) == problem


def test_a_refusal_is_not_tried_again() -> None:
    def refuse(handler: Handler, number: int) -> bool:
        handler.send_error(403)
        return True

    with serving(MODELS, Behaviour(before=refuse)) as web:
        assert failure(web.url + NAME) == "cannot be fetched: HTTP 403 Forbidden"
        assert len(web.log) == 1


def test_a_server_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(http, "STALL_SECONDS", 0.3)

    def stall(handler: Handler, number: int) -> bool:
        time.sleep(1)
        handler.close_connection = True
        return True

    with serving(MODELS, Behaviour(before=stall)) as web:
        assert "its server does not answer (tried 3 times)" in failure(web.url + NAME)


def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    def cut(handler: Handler, number: int) -> bool:
        if number == 1:
            return False
        handler.send_response(206)
        handler.send_header("Content-Range", handler.headers["Range"].replace("=", " ") + "/1139408")
        handler.send_header("Content-Length", "16384")
        handler.end_headers()
        handler.wfile.write(bytes(100))
        handler.close_connection = True
        return True

    with serving(MODELS, Behaviour(before=cut, etag=lambda path: None)) as web:
        assert "(tried 3 times)" in failure(web.url + NAME)


def test_another_range_than_was_asked_for_is_refused() -> None:
    def shifted(handler: Handler, number: int) -> bool:
        handler.send_response(206)
        handler.send_header("Content-Range", "bytes 8-15/1139408")
        handler.send_header("Content-Length", "8")
        handler.end_headers()
        handler.wfile.write(bytes(8))
        return True

    with serving(MODELS, Behaviour(before=shifted)) as web:
        assert failure(web.url + NAME).endswith("sends bytes 8 to 15 in place of 0 to 262143")


def test_a_file_that_changes_while_it_is_read_is_refused() -> None:
    tags = iter(range(100))
    with serving(MODELS, Behaviour(etag=lambda path: f'"{next(tags)}"')) as web:
        assert failure(web.url + NAME) == "cannot be fetched: it has changed while it was read"


def test_a_size_that_no_file_has_is_refused() -> None:
    def boastful(handler: Handler, number: int) -> bool:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-262143/{10**18}")
        handler.send_header("Content-Length", "262144")
        handler.end_headers()
        handler.wfile.write(bytes(262144))
        return True

    with serving(MODELS, Behaviour(before=boastful)) as web:
        assert "too large to be true" in failure(web.url + NAME)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "gopher://127.0.0.1/"])
def test_a_redirect_to_another_scheme_is_not_followed(place: str) -> None:
    def lead_away(handler: Handler, number: int) -> bool:
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    with serving(MODELS, Behaviour(before=lead_away)) as web:
        assert failure(web.url + NAME).startswith("cannot be fetched: ")


def test_a_redirect_without_an_end_is_given_up() -> None:
    def in_circles(handler: Handler, number: int) -> bool:
        handler.send_response(302)
        handler.send_header("Location", handler.path)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    with serving(MODELS, Behaviour(before=in_circles)) as web:
        assert failure(web.url + NAME) == "cannot be fetched: it is redirected in circles"


def test_a_compressed_answer_is_refused() -> None:
    def compress(handler: Handler, number: int) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    with serving(MODELS, Behaviour(before=compress)) as web:
        assert failure(web.url + NAME).endswith("compresses what it was asked not to")


def test_a_scheme_may_be_in_capitals() -> None:
    with serving(MODELS) as web:
        (item,) = remote.items(web.url.replace("http:", "HTTP:") + NAME)
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / NAME)


def test_nobody_at_home_is_an_error() -> None:
    assert "127.0.0.1:1" in failure("http://127.0.0.1:1/model.onnx")


def test_what_is_not_there_does_not_exist() -> None:
    with serving(MODELS) as web:
        (item,) = remote.items(web.url + "missing.onnx")
        with pytest.raises(EdgelintError, match="does not exist"), remote.localised(item):
            pass


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    with serving(tmp_path) as web:
        assert far_reports(web.url + "empty.onnx") == reports(tmp_path / "empty.onnx")


def test_a_failure_amid_the_weights_is_an_error_of_the_whole(tmp_path: Path) -> None:
    large_onnx(tmp_path / "model.onnx", layers=2, side=1024)

    def at_first(handler: Handler, number: int) -> bool:
        last = int(handler.headers["Range"].rpartition("-")[2])
        if last > 7 * MIB:
            handler.send_error(500)
        return last > 7 * MIB

    with serving(tmp_path, Behaviour(before=at_first)) as web:
        assert "HTTP 500" in failure(web.url + "model.onnx")
