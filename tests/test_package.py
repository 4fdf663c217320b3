"""The ways edgelint is installed: wheel, sdist, editable. Each is run as a new user would."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import FIXTURES, ROOT

MODEL = FIXTURES / "models" / "digits_cnn.int8.tflite"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources: setuptools writes `build/` beside them, where two builds at once collide."""
    copy = tmp_path_factory.mktemp("source") / "edgelint"
    made = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=made)
    return copy


@pytest.fixture(scope="module")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel made from the sdist, and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(tree))
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


@pytest.fixture(scope="module")
def environment(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new virtual environment with edgelint's run-time dependencies only."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", str(folder))
    python = folder / "bin" / "python"
    run(str(python), "-m", "pip", "install", "--quiet", str(tree))
    run(str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "edgelint")
    return python


def test_the_wheel_holds_every_module_and_data_file_of_the_tree(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        shipped = {name for name in wheel.namelist() if name.startswith("edgelint/")}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "edgelint").rglob("*")
        if path.suffix in (".py", ".toml", ".typed", ".html", ".css", ".js")
    }
    expected |= {"edgelint/" + path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.py")}
    assert shipped == expected


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_an_installed_edgelint_judges_a_model(
    kind: str, tree: Path, built: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    source = ["-e", str(tree)] if kind == "editable" else [str(built[kind])]
    run(str(environment), "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", *source)
    program = environment.parent / "edgelint"
    for command in ([str(program)], [str(environment), "-m", "edgelint"]):
        done = run(*command, "check", str(MODEL), "--target", "cortex-m4", cwd=tmp_path)
        assert done.splitlines()[-1] == "0 errors, 0 warnings, 0 notes in 1 model"
        assert "EL403" in run(*command, "rule", cwd=tmp_path)


def test_tensorflow_is_no_dependency(environment: Path) -> None:
    installed = run(str(environment), "-m", "pip", "list", "--format", "freeze").lower()
    assert "tensorflow" not in installed
    assert "h5py" not in installed


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
