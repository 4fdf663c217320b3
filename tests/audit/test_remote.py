"""Models at URLs: the report of the local file, from a small share of its bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.ir import files
from tests.conftest import FIXTURES

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp", reason="http:// needs aiohttp")

from edgelint.audit import remote, sources, transport
from edgelint.audit.sources import Item
from tests.audit.far import failure, far_reports, reports
from tests.audit.large import MIB, interleaved_tflite, large_keras, large_onnx, large_tflite
from tests.audit.serving import Behaviour, Handler, Served, serving
from tests.audit.zoo import audit, rows, told

MODELS = FIXTURES / "models"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "WAITS", (0.01, 0.02))


@pytest.mark.parametrize(
    "name",
    [
        "digits_cnn.int8.tflite",
        "digits_wide.float32.tflite",
        "digits_cnn.onnx",
        "digits_cnn.keras",
        "digits_cnn.h5",
        "digits_mlp_saved.external.onnx",
        "digits_mlp_saved.external_missing.onnx",
        "digits_mlp_saved.weights.h5",
    ],
)
def test_a_model_at_a_url_gets_the_report_of_the_local_file(name: str) -> None:
    with serving(MODELS) as web:
        assert far_reports(web.url + name) == reports(MODELS / name)


def test_a_small_model_is_one_request() -> None:
    with serving(MODELS) as web:
        far_reports(web.url + "digits_cnn.int8.tflite")
        assert len(web.log) == 1


LARGE = {
    "onnx": (large_onnx, 128 * MIB),
    "tflite": (large_tflite, 128 * MIB),
    "keras": (large_keras, 128 * MIB),
    "interleaved.tflite": (interleaved_tflite, 20 * MIB),
}


@pytest.mark.parametrize("kind", LARGE)
def test_of_a_large_model_less_than_a_megabyte_is_fetched(kind: str, tmp_path: Path) -> None:
    write, size = LARGE[kind]
    path = write(tmp_path / f"large.{kind}")
    assert path.stat().st_size > 0.99 * size
    with serving(tmp_path) as web:
        assert far_reports(web.url + path.name) == reports(path)
        assert web.bytes_sent < MIB
        assert len(web.log) < 40


def test_weights_that_are_asked_for_are_the_true_ones(tmp_path: Path) -> None:
    import numpy as np

    path = large_onnx(tmp_path / "model.onnx", layers=4, side=1024)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 8)
        file.write(np.array([np.nan, 7e33], "<f4").tobytes())
    with serving(tmp_path) as web:
        far = far_reports(web.url + "model.onnx", weights=True)
    assert any("NaN" in finding.message for finding in far[0]["findings"])
    assert far == reports(path, weights=True)


def test_what_goes_past_the_door_finds_no_file() -> None:
    with serving(MODELS) as web:
        (item,) = remote.items(web.url + "wine.onnx")
        with remote.localised(item) as path:
            with pytest.raises(OSError, match=r"Not a directory|No such file"):
                path.open("rb")
            assert not path.exists()
            assert files.size(path) == (MODELS / "wine.onnx").stat().st_size
        assert not files.is_elsewhere(path)


def test_data_beside_a_model_is_fetched_only_when_it_is_read(tmp_path: Path) -> None:
    for name in ("digits_mlp_saved.external.onnx", "digits_mlp_saved.external.weights"):
        shutil.copy(MODELS / name, tmp_path)
    with serving(tmp_path) as web:
        far_reports(web.url + "digits_mlp_saved.external.onnx", weights=False)
        beside = [count for path, _, count in web.log if path.endswith(".weights")]
        assert beside == [1], "one byte, to learn its size"


def test_the_address_of_data_beside_a_model_never_leaves_its_folder() -> None:
    beside = remote._beside("https://host/a/b/model.onnx?token=1", "%2e%2e/../x?y#z", is_web=True)
    assert beside == "https://host/a/b/%252e%252e/../x%3Fy%23z"
    assert remote._beside("bucket/a/model.onnx", "data.bin", is_web=False) == "bucket/a/data.bin"


class TestListing:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("b.onnx", "a.tflite", "deep/er/c.keras", "deep/d.h5", "notes.txt"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        return tmp_path

    @staticmethod
    def found(web: Served, rest: str) -> list[str]:
        return [item.name.removeprefix(web.url) for item in remote.items(web.url + rest)]

    def test_the_pages_that_list_folders_are_followed(self, folder: Path) -> None:
        with serving(folder) as web:
            assert self.found(web, "") == ["a.tflite", "b.onnx", "deep/d.h5", "deep/er/c.keras"]

    def test_a_glob_chooses_among_them(self, folder: Path) -> None:
        with serving(folder) as web:
            assert self.found(web, "*.onnx") == ["b.onnx"]
            assert self.found(web, "**/*.[hk]*") == ["deep/d.h5", "deep/er/c.keras"]
            assert self.found(web, "deep/*") == ["deep/d.h5"]

    def test_a_page_without_models_is_an_error(self, folder: Path) -> None:
        with serving(folder) as web, pytest.raises(EdgelintError, match="holds no model file"):
            self.found(web, "*.nothing")

    def test_a_page_that_is_not_there_is_an_error(self, folder: Path) -> None:
        with serving(folder) as web, pytest.raises(EdgelintError, match="does not exist"):
            self.found(web, "missing/")

    def test_links_elsewhere_and_upwards_are_not_followed(self, folder: Path) -> None:
        links = (
            "http://elsewhere.invalid/x.onnx",
            "../y.onnx",
            "deep/../../z.onnx",
            "//other/w.onnx",
            "a.tflite",
        )

        def page(handler: Handler, number: int) -> bool:
            text = "".join(f'<a href="{link}">x</a>' for link in links).encode()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text)
            return True

        with serving(folder, Behaviour(before=page)) as web:
            assert self.found(web, "sub/") == ["sub/a.tflite"]


class TestIdentity:
    @staticmethod
    def content(url: str) -> Any:
        (item,) = remote.items(url)
        with remote.localised(item) as path:
            return remote.content_of(path)

    def test_a_file_that_came_whole_is_known_by_its_hash(self) -> None:
        import hashlib

        with serving(MODELS) as web:
            found = self.content(web.url + "wine.onnx")
        assert found.sha256 == hashlib.sha256((MODELS / "wine.onnx").read_bytes()).hexdigest() == found.key

    def test_a_larger_one_by_its_address_and_its_strong_etag(self) -> None:
        with serving(MODELS, Behaviour(etag=lambda path: '"a1"')) as web:
            url = web.url + "digits_wide.float32.tflite"
            found = self.content(url)
        assert (found.sha256, found.key) == ("", f'{url} etag="a1" size=1139408')

    @pytest.mark.parametrize("etag", [None, 'W/"a1"'])
    def test_one_without_such_a_tag_by_nothing(self, etag: str | None) -> None:
        with serving(MODELS, Behaviour(etag=lambda path: etag)) as web:
            assert self.content(web.url + "digits_wide.float32.tflite").key == ""

    def test_stores_say_what_changes_with_the_content(self) -> None:
        assert transport.told({"ETag": '"ab-2"', "size": 5}, "s3://b/m") == (
            "",
            's3://b/m etag="ab-2" size=5',
        )
        assert transport.told({"lfs": {"sha256": "c0ffee"}}, "hf://m") == ("c0ffee", "")
        assert transport.told({"md5Hash": "x==", "size": 1}, "gs://m") == ("", "gs://m md5hash=x== size=1")
        assert transport.told({"size": 5, "created": 1.0}, "memory://m") == ("", "")


class TestStores:
    @pytest.fixture
    def bucket(self) -> Any:
        from fsspec.implementations.memory import MemoryFileSystem

        memory = MemoryFileSystem()
        memory.store.clear()
        for name in ("wine.onnx", "iris.keras", "digits_wide.float32.tflite"):
            memory.pipe(f"/zoo/{name}", (MODELS / name).read_bytes())
        memory.pipe("/zoo/notes.txt", b"x")
        yield memory
        memory.store.clear()

    def test_a_prefix_means_the_models_below_it(self, bucket: Any) -> None:
        found = [item.name for item in remote.items("memory://zoo")]
        names = ("digits_wide.float32.tflite", "iris.keras", "wine.onnx")
        assert found == [f"memory:///zoo/{name}" for name in names]

    def test_a_glob_means_what_matches(self, bucket: Any) -> None:
        assert [item.name for item in remote.items("memory://zoo/*.onnx")] == ["memory:///zoo/wine.onnx"]

    @pytest.mark.parametrize(
        "name", ["br[1].onnx", "a::b.onnx", "a b.onnx", "a#b.onnx", "a?b.onnx", "1%.onnx"]
    )
    def test_a_name_may_have_signs_that_mean_something(self, bucket: Any, name: str) -> None:
        bucket.pipe(f"/odd/{name}", (MODELS / "wine.onnx").read_bytes())
        (item,) = remote.items("memory://odd")
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / "wine.onnx")

    def test_a_name_with_brackets_is_first_of_all_a_name(self, bucket: Any) -> None:
        bucket.pipe("/odd/br[1].onnx", b"x")
        assert [item.name for item in remote.items("memory://odd/br[1].onnx")] == ["memory:///odd/br[1].onnx"]

    def test_they_get_the_reports_of_local_files(self, bucket: Any) -> None:
        for item in remote.items("memory://zoo"):
            with remote.localised(item) as path:
                assert reports(path) == reports(MODELS / path.name)

    def test_a_store_that_breaks_off_is_an_error(self, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = type(bucket).cat_file
        monkeypatch.setattr(type(bucket), "cat_file", lambda *given, **more: whole(*given, **more)[:-1])
        assert "bytes came (tried 3 times)" in failure("memory://zoo/wine.onnx")

    def test_a_local_file_url_means_the_local_file(self) -> None:
        path = MODELS / "wine.onnx"
        assert list(remote.items(f"file://{path}")) == [Item(str(path), str(path))]

    def test_a_member_of_an_archive_at_a_url(self, tmp_path: Path) -> None:
        import zipfile

        with zipfile.ZipFile(tmp_path / "zoo.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(MODELS / "wine.onnx", "a/wine.onnx")
        with serving(tmp_path) as web:
            url = f"zip://**/*.onnx::{web.url}zoo.zip"
            (item,) = remote.items(url)
            assert item.name == f"zip://a/wine.onnx::{web.url}zoo.zip"
            with remote.localised(item) as path:
                assert reports(path) == reports(MODELS / "wine.onnx")

    def test_an_unknown_scheme_is_one_line(self) -> None:
        with pytest.raises(EdgelintError, match="foo://a cannot be opened: Protocol not known: foo"):
            list(remote.items("foo://a"))

    def test_a_missing_library_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(*given: object, **more: object) -> None:
            raise ImportError("Install gcsfs to access Google Storage")

        monkeypatch.setattr("fsspec.core.url_to_fs", missing)
        with pytest.raises(EdgelintError, match=r"gs://b/m\.onnx needs a library for gs://") as caught:
            list(remote.items("gs://b/m.onnx"))
        assert caught.value.hint == "pip install gcsfs"


@pytest.mark.parametrize(
    "url",
    ["http://[::", "https://[::1", "http://", "http:///m.onnx", "http://h:99999/m.onnx", "http://*/m.onnx"],
)
def test_an_address_that_is_none_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(EdgelintError) as caught:
        list(remote.items(url))
    assert str(caught.value) == f"{url} is no valid URL"


def test_an_ipv6_address_is_said_not_to_be_read() -> None:
    with pytest.raises(EdgelintError, match="is not read: its server is an IPv6 address") as caught:
        list(remote.items("http://[::1]:8000/m.onnx"))
    assert caught.value.hint == "give the server's name"


def test_a_file_that_changed_since_it_was_listed_is_not_taken_for_the_old_one() -> None:
    listed = Item("", "m", identity='s3://b/m etag="1" size=3')
    assert remote._differ('s3://b/m etag="2" size=3', listed.identity)
    assert not remote._differ(listed.identity, listed.identity)
    assert not remote._differ("s3://b/m versionid=7 size=3", listed.identity)
    assert not remote._differ("", listed.identity)


def test_check_says_what_reads_urls() -> None:
    from edgelint.paths import model_files

    (error,) = model_files(["https://host/m.tflite"])
    assert isinstance(error, EdgelintError)
    assert error.problem == "is a URL, and only local files are read here"
    assert error.hint == "`edgelint audit https://host/m.tflite -o report.parquet` judges models at URLs"


def test_secrets_in_a_url_are_not_shown() -> None:
    shown = remote.shown("https://me:pass@host/m.onnx?X-Amz-Signature=abc&v=2&sig=def")
    assert shown == "https://host/m.onnx?X-Amz-Signature=…&v=2&sig=…"


def test_nor_are_they_in_what_the_tables_have() -> None:
    with serving(MODELS) as web:
        url = web.url.replace("://", "://me:pass@") + "wine.onnx?sig=abc"
        (item,) = sources.items([url])
        assert item.source == item.name == web.url + "wine.onnx?sig=…"
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / "wine.onnx")


class TestAudit:
    NAMES = ("digits_wide.float32.tflite", "iris.keras", "wine.onnx")

    @pytest.fixture
    def models(self, tmp_path: Path) -> Path:
        folder = tmp_path / "models"
        folder.mkdir()
        for name in self.NAMES:
            shutil.copy(MODELS / name, folder)
        return folder

    def test_the_rows_are_those_of_the_local_files(self, models: Path, tmp_path: Path) -> None:
        audit(tmp_path, models, "--target", "cortex-m4", "--no-cache", output="near.jsonl")
        with serving(models) as web:
            audit(tmp_path, web.url, "--target", "cortex-m4", "--no-cache", output="far.jsonl")
        places = ("source", "path", "sha256", "seconds")
        near, far = (
            [
                {name: cell for name, cell in row.items() if name not in places}
                for row in rows(tmp_path / table)
            ]
            for table in ("near.jsonl", "far.jsonl")
        )
        assert far == near

    def test_what_is_known_by_its_etag_or_hash_is_not_judged_again(
        self, models: Path, tmp_path: Path
    ) -> None:
        with serving(models) as web:
            first = audit(tmp_path, web.url, "--target", "cortex-m4")
            web.log.clear()
            again = audit(tmp_path, web.url, "--target", "cortex-m4")
            asked = [path for path, _, _ in web.log if path != "/"]
            assert len(asked) == 3, "the start of each model, in which the small ones are whole"
        assert (told(first), told(again)) == ((3, 0), (0, 3))

    def test_what_has_no_identity_is_judged_again(self, models: Path, tmp_path: Path) -> None:
        with serving(models, Behaviour(etag=lambda path: None)) as web:
            audit(tmp_path, web.url, "--target", "cortex-m4")
            assert told(audit(tmp_path, web.url, "--target", "cortex-m4")) == (1, 2)

    def test_a_model_that_cannot_be_fetched_is_a_row_and_tried_the_next_time(
        self, models: Path, tmp_path: Path
    ) -> None:
        def refuse(handler: Handler, number: int) -> bool:
            refused = handler.path == "/wine.onnx"
            if refused:
                handler.send_error(403)
            return refused

        with serving(models, Behaviour(before=refuse)) as web:
            audit(tmp_path, web.url, "--target", "cortex-m4")
            bad = rows(tmp_path / "report.jsonl")[-1]
            assert (bad["error"], bad["verdict"]) == ("cannot be fetched: HTTP 403 Forbidden", "unknown")
            web.behaviour.before = lambda handler, number: False
            audit(tmp_path, web.url, "--target", "cortex-m4")
        assert rows(tmp_path / "report.jsonl")[-1]["format"] == "onnx"

    def test_a_server_without_ranges_is_told_once(self, models: Path, tmp_path: Path) -> None:
        with serving(models, Behaviour(ranges=False)) as web:
            done = audit(tmp_path, web.url, "--target", "cortex-m4", "--no-cache")
        assert done.stderr.count("gives out no ranges: files were fetched whole") == 1
