"""Models on the Hugging Face Hub: a server on this machine that answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edgelint.audit import remote
from edgelint.errors import EdgelintError
from tests.audit.far import reports
from tests.audit.large import MIB, large_onnx
from tests.audit.serving import Behaviour, Handler, Served, serving
from tests.conftest import FIXTURES

constants = pytest.importorskip("huggingface_hub.constants", reason="hf:// needs huggingface_hub")

MODELS = FIXTURES / "models"
NAMES = ("digits_wide.float32.tflite", "iris.keras", "wine.onnx")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A hub with the models `NAMES` and a text in the folder `models` of `me/zoo`."""
    from huggingface_hub import HfFileSystem

    folder = tmp_path / "hub/me/zoo/resolve/main/models"
    folder.mkdir(parents=True)
    for name in NAMES:
        shutil.copy(MODELS / name, folder)
    (folder / "notes.txt").write_bytes(b"x")
    with serving(tmp_path / "hub", Behaviour(before=_answers)) as served:
        endpoint = served.url.rstrip("/")
        template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        HfFileSystem.clear_instance_cache()
        yield served
        HfFileSystem.clear_instance_cache()


def _answers(handler: Handler, number: int) -> bool:
    """Whether `handler` is asked about the repository, and not for a file of it."""
    path = urlsplit(handler.path).path
    if path == "/api/models/me/zoo":
        _send(handler, {"id": "me/zoo", "sha": COMMIT, "siblings": []})
    elif place := re.fullmatch("/api/models/me/zoo/tree/main/?(.*)", path):
        entries = _entries(handler.served.folder / "me/zoo/resolve/main")
        below = f"{place[1]}/" if place[1] else ""
        _send(handler, [entry for entry in entries if entry["path"].startswith(below)])
    else:
        return False
    return True


def _entries(repository: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(repository.rglob("*")):
        entry = {"path": path.relative_to(repository).as_posix(), "oid": "0" * 40, "size": 0}
        if path.is_dir():
            yield {**entry, "type": "directory"}
            continue
        data = path.read_bytes()
        lfs = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        yield {**entry, "type": "file", "size": len(data), "lfs": lfs}


def _send(handler: Handler, answer: Any) -> None:
    data = json.dumps(answer).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@pytest.mark.parametrize("url", ["hf://me/zoo", "hf://me/zoo/models"])
def test_a_repository_or_a_folder_means_the_models_in_it(hub: Served, url: str) -> None:
    assert [item.name for item in remote.items(url)] == [f"hf://me/zoo/models/{name}" for name in NAMES]


def test_a_glob_means_what_it_matches(hub: Served) -> None:
    assert [item.name for item in remote.items("hf://me/zoo/**/*.onnx")] == ["hf://me/zoo/models/wine.onnx"]


def test_the_listing_tells_the_hash_of_a_large_file(hub: Served) -> None:
    (item,) = remote.items("hf://me/zoo/models/wine.onnx")
    assert item.sha256 == hashlib.sha256((MODELS / "wine.onnx").read_bytes()).hexdigest()


def test_they_get_the_reports_of_local_files(hub: Served) -> None:
    for item in remote.items("hf://me/zoo/models"):
        with remote.localised(item) as path:
            assert reports(path) == reports(MODELS / path.name)


def test_of_a_large_model_only_ranges_are_fetched(hub: Served) -> None:
    size = large_onnx(hub.folder / "me/zoo/resolve/main/models/large.onnx", 4, 1448).stat().st_size
    (item,) = remote.items("hf://me/zoo/models/large.onnx")
    with remote.localised(item) as path:
        assert reports(path)[0]["error"] is None
    assert size > 31 * MIB
    assert 0 < hub.bytes_sent < MIB // 4


def test_a_repository_that_is_not_there_is_one_line(hub: Served) -> None:
    with pytest.raises(EdgelintError, match="hf://me/none"):
        list(remote.items("hf://me/none"))
