"""Models in an S3 bucket: a server on this machine that answers as Amazon's does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgelint.audit import remote
from edgelint.errors import EdgelintError
from tests.audit.far import reports
from tests.audit.large import MIB, large_onnx
from tests.audit.zoo import audit, rows
from tests.conftest import FIXTURES

pytest.importorskip("s3fs", reason="s3:// needs s3fs")
server = pytest.importorskip("moto.server", reason="no S3 to talk to without moto[server]")

MODELS = FIXTURES / "models"
NAMES = ("digits_wide.float32.tflite", "iris.keras", "wine.onnx")


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server with the bucket `zoo`, as the file system that the environment makes of it."""
    import fsspec

    running = server.ThreadedMotoServer("127.0.0.1", 0)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "key")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        fs = fsspec.filesystem("s3")
        fs.mkdir("zoo")
        for name in NAMES:
            fs.put_file(str(MODELS / name), f"zoo/models/{name}")
        fs.pipe_file("zoo/models/notes.txt", b"x")
        fs.put_file(str(large_onnx(tmp_path_factory.mktemp("large") / "l.onnx", 4, 1448)), "zoo/large/l.onnx")
        yield fs
    running.stop()


def test_a_prefix_means_the_models_below_it(bucket: Any) -> None:
    found = list(remote.items("s3://zoo/models"))
    assert [item.name for item in found] == [f"s3://zoo/models/{name}" for name in NAMES]
    assert all(item.size == (MODELS / Path(item.name).name).stat().st_size for item in found)


def test_results_are_kept_by_the_etag_that_the_listing_tells(bucket: Any) -> None:
    (item,) = remote.items("s3://zoo/models/*.onnx")
    etag = bucket.info("zoo/models/wine.onnx")["ETag"]
    assert item.identity == f"s3://zoo/models/wine.onnx etag={etag} size={item.size}"


def test_they_get_the_reports_of_local_files(bucket: Any) -> None:
    for item in remote.items("s3://zoo/models/"):
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / path.name)


def test_of_a_large_model_only_ranges_are_fetched(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = 0
    whole = type(bucket)._cat_file

    async def counted(*given: Any, **more: Any) -> bytes:
        nonlocal fetched
        data: bytes = await whole(*given, **more)
        fetched += len(data)
        return data

    monkeypatch.setattr(type(bucket), "_cat_file", counted)
    (item,) = remote.items("s3://zoo/large/l.onnx")
    with remote.localised(item) as path:
        assert reports(path)[0]["error"] is None
    assert item.size is not None
    assert item.size > 31 * MIB
    assert 0 < fetched < MIB // 4


def test_an_audit_of_a_bucket_is_resumed_without_a_fetch(bucket: Any, tmp_path: Path) -> None:
    first = audit(tmp_path, "s3://zoo/models", "--target", "cortex-m4")
    again = audit(tmp_path, "s3://zoo/models", "--target", "cortex-m4")
    assert "3 models judged, 0 known" in first.stderr
    assert "0 models judged, 3 known" in again.stderr
    assert {row["format"] for row in rows(tmp_path / "report.jsonl")} == {"tflite", "keras", "onnx"}


def test_a_bucket_that_is_not_there_is_one_line(bucket: Any) -> None:
    with pytest.raises(EdgelintError, match="s3://none/models does not exist"):
        list(remote.items("s3://none/models"))
