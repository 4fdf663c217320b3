"""Where the benchmarks find their Pythons and models, all made where they are missing.

Three environments, as what else lies in one slows every import in it down: edgelint with what it needs
and nothing more; what writes the models; other tools.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WRITERS = ("onnx", "flatbuffers", "h5py")
"""What `graphs` and `weights` write models with."""

PEERS = ("onnx", "onnx-tool", "polygraphy", "mcufit", "tflite-micro", "ethos-u-vela")
"""What is measured beside edgelint, each where it installs."""

SOURCES = ("edgelint", "rules", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True)
class Settings:
    """cache: folder for environments and models. runs: how often the short ones are run."""

    cache: Path
    runs: int

    @cached_property
    def python(self) -> str:
        """The Python into which edgelint was installed, as it is now and without anything else."""
        made = self._environment("edgelint", ())
        source = self.cache / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        for name in SOURCES:
            given = ROOT / name
            if given.is_dir():
                shutil.copytree(given, source / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(given, source / name)
        _install(made, str(source))
        # The same version once more, as its files may be others now.
        _install(made, "--no-deps", "--force-reinstall", str(source))
        return made

    @property
    def program(self) -> str:
        """The `edgelint` beside that Python."""
        return str(Path(self.python).with_name("edgelint"))

    @cached_property
    def writer(self) -> str:
        """The Python that writes models."""
        return self._environment("writer", WRITERS)

    @cached_property
    def peers(self) -> dict[str, str]:
        """For each other tool, "" or why it does not install; their Python is `peer_python`."""
        made = self.peer_python
        return {name: _install(made, name, may_fail=True) for name in PEERS}

    @cached_property
    def peer_python(self) -> str:
        """The Python of the other tools."""
        return self._environment("peers", ())

    def model(self, name: str, *arguments: str) -> Path:
        """The model `name`, written with `python -m benchmarks.ARGUMENTS… PATH` where it is not there."""
        folder = self.cache / "models"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        if not path.exists():
            subprocess.run([self.writer, "-m", *arguments, str(path)], check=True, cwd=ROOT)
        return path

    def copy(self, given: Path) -> Path:
        """A copy of a model of this checkout, whose own configuration is not for it there."""
        folder = self.cache / "models"
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(given, folder))

    def _environment(self, name: str, packages: tuple[str, ...]) -> str:
        folder = self.cache / name
        python = str(folder / "bin" / "python")
        if not folder.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        if packages:
            _install(python, *packages)
        return python


def _install(python: str, *packages: str, may_fail: bool = False) -> str:
    """Installs `packages`; "" or, where that may fail, pip's last complaint."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    complaint = [line for line in done.stderr.splitlines() if line.startswith(("ERROR", "error"))]
    if not may_fail:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return complaint[-1].partition(":")[2].strip()[:120] if complaint else "does not install"
