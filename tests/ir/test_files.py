"""The one door to model files: local ones as ever, those elsewhere by whoever knows them."""

from __future__ import annotations

import ast
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from edgelint.ir import files
from edgelint.ir.tensor import ExternalFile, FileRange
from tests.conftest import ROOT

FOLDER = Path(os.devnull, "elsewhere")


class Kept:
    """A place whose files are in memory."""

    def __init__(self, **contents: bytes) -> None:
        self.contents = contents

    def opened(self, path: Path) -> BinaryIO:
        return io.BytesIO(self._content(path))

    def status(self, path: Path) -> os.stat_result:
        return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, len(self._content(path)), 0, 0, 0))

    def _content(self, path: Path) -> bytes:
        try:
            return self.contents[path.name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory") from None


def test_a_file_elsewhere_is_read_through_its_place() -> None:
    with files.reachable(FOLDER, Kept(model=b"0123456789")):
        assert FileRange(FOLDER / "model", 2, 3).read() == b"234"
        assert list(FileRange(FOLDER / "model", 2, 5).pieces([2, 3])) == [b"23", b"456"]
        assert files.size(FOLDER / "model") == 10
        assert files.is_elsewhere(FOLDER / "model")


def test_it_is_gone_when_its_place_is() -> None:
    with files.reachable(FOLDER, Kept(model=b"x")):
        pass
    assert files.size(FOLDER / "model") == 0
    with pytest.raises(OSError, match=r"Not a directory|No such file"):
        files.opened(FOLDER / "model")


def test_external_data_is_found_beside_the_model_and_nowhere_else() -> None:
    with files.reachable(FOLDER, Kept(data=b"0123456789")):
        assert ExternalFile(FOLDER, "data", 4, None).read() == b"456789"
        for location in ("../data", "/dev/null", "a/../../data", "C:data"):
            assert ExternalFile(FOLDER, location, 0, 1).escapes


def test_a_place_is_not_asked_about_other_files(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"here")
    with files.reachable(FOLDER, Kept()):
        assert not files.is_elsewhere(tmp_path / "model")
        with files.opened(tmp_path / "model") as file, files.mapped(file) as data:
            assert (len(data), data[1], data[1:3], data.rfind(b"e", 0)) == (4, ord("e"), b"er", 3)


def test_what_is_no_file_has_no_size(tmp_path: Path) -> None:
    assert files.size(tmp_path) == 0
    assert files.size(tmp_path / "missing") == 0
    assert files.size(Path("a\0b")) == 0


READERS = [
    path
    for folder in (
        "edgelint/ir",
        "edgelint/loaders",
        "edgelint/analysis/files",
        "edgelint/analysis/weights",
        "rules",
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != ROOT / "edgelint" / "ir" / "files.py"
]


@pytest.mark.parametrize("module", READERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nobody_goes_past_the_door(module: Path) -> None:
    """A loader that opened a path itself would not find a model at a URL."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            arguments = [each.value for each in node.args if isinstance(each, ast.Constant)]
            assert not (node.func.attr == "open" and "rb" in arguments), f"line {node.lineno}"
            assert node.func.attr not in ("stat", "read_bytes", "is_file"), f"line {node.lineno}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "mmap"), f"line {node.lineno}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model")
    with pytest.raises(OSError, match="no regular file"):
        files.opened(tmp_path / "model")


def test_a_folder_in_place_of_a_file_is_an_error_of_the_systems(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|denied"):
        files.opened(tmp_path)
