"""The pre-commit hook in a scratch repository, installed as pre-commit installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import FIXTURES, ROOT

pytest.importorskip("pre_commit")

LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 1234\n"


def pre_commit(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )


def git(*arguments: str, cwd: Path) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=cwd, check=True
    )


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    done = pre_commit("validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as the repository that a user's configuration names, as it is in the work tree."""
    folder = tmp_path_factory.mktemp("hook")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name.startswith(("edgelint/", "rules/")) or name in _ROOT_FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, folder / name)
    git("init", "-q", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-qm", "edgelint", cwd=folder)
    return folder


_ROOT_FILES = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


@pytest.mark.slow
def test_good_and_bad_models_pointers_and_upper_case(hook: Path, tmp_path: Path) -> None:
    models = FIXTURES / "models"
    git("init", "-q", cwd=tmp_path)
    shutil.copy(models / "digits_cnn.int8.tflite", tmp_path / "good.TFLITE")
    (tmp_path / "notes.txt").write_text("no model")
    git("add", "-A", cwd=tmp_path)
    run = ("try-repo", hook, "edgelint", "--all-files", "--verbose")
    good = pre_commit(*run, cwd=tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "good.TFLITE" in good.stdout
    assert "notes.txt" not in good.stdout

    shutil.copy(models / "cancer_softmax_one_unit.keras", tmp_path / "bad.keras")
    (tmp_path / "pulled.onnx").write_text(LFS_POINTER)
    git("add", "-A", cwd=tmp_path)
    bad = pre_commit(*run, cwd=tmp_path)
    assert bad.returncode == 1
    assert "bad.keras:" in bad.stdout
    assert "EL403" in bad.stdout
    assert "git lfs pull" in bad.stdout
    assert "exit code: 2" in bad.stdout
