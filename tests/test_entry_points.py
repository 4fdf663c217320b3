"""What other packages bring is found as importlib.metadata finds it, and that module left alone without."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from edgelint.entry_points import others
from tests.cli import edgelint
from tests.conftest import FIXTURES
from tests.packs import GROUP, package

MODEL = str(FIXTURES / "models" / "digits_cnn.int8.tflite")


def test_rules_of_a_pack_run(tmp_path: Path) -> None:
    package(tmp_path)
    done = edgelint("check", MODEL, env={"PYTHONPATH": str(tmp_path)})
    assert "EL999 note: this is a model" in done.stdout, done.stderr


def test_a_pack_that_is_gone_is_told(tmp_path: Path) -> None:
    package(tmp_path, points=f"[{GROUP}]\nacme = acme_gone\n")
    done = edgelint("check", MODEL, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert "EL900 error: the rule pack 'acme' cannot be imported: ModuleNotFoundError" in done.stdout


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
def test_packs_in_folders_are_found(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert others(GROUP) == ()
    package(tmp_path, kind=kind)
    monkeypatch.syspath_prepend(tmp_path)
    assert [(point.name, point.value) for point in others(GROUP)] == [("acme", "acme_rules")]
    assert others("edgelint.other") == ()


def test_packs_in_archives_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path)
    archive = tmp_path / "packs.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in tmp_path.rglob("*"):
            if path != archive:
                file.write(path, path.relative_to(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])
    assert [point.name for point in others(GROUP)] == ["acme"]


def test_packs_that_only_a_finder_knows_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            return None

        @staticmethod
        def find_distributions(context: object = None) -> list[object]:
            asked.append(context)
            return []

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert others(GROUP) == ()
    assert asked
