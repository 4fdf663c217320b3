"""Who may import whom: the direction a model takes through the house has no way back."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgelint.rule import registry
from edgelint.targets import read_toml
from tests.conftest import ROOT

FORMAT_LIBRARIES = {"onnx", "pyfive", "flatbuffers", "tflite", "h5py", "tensorflow", "keras"}
AUDIT_LIBRARIES = {"pyarrow", "fsspec", "dask", "distributed", "ray"}
ONNX_SCHEMA_READERS = {"edgelint.analysis.support.onnxruntime"}
"""Modules outside the loaders that look up ONNX's own operator schemas."""


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("edgelint", "rules"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(("edgelint", *parts) if folder == "rules" else parts)
            yield name.removesuffix(".__init__"), path


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


MODULES = dict(modules())


@pytest.mark.parametrize("module", MODULES)
def test_only_loaders_import_format_libraries(module: str) -> None:
    if module.startswith("edgelint.loaders") or module in ONNX_SCHEMA_READERS:
        return
    roots = {name.partition(".")[0] for name in imports(MODULES[module])}
    assert not roots & FORMAT_LIBRARIES


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_the_rules(module: str) -> None:
    if module.startswith("edgelint.rules"):
        return
    assert not [name for name in imports(MODULES[module]) if name.startswith(("edgelint.rules", "rules"))]


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("edgelint.rules.")])
def test_rules_see_the_ir_analyses_and_targets_only(module: str) -> None:
    rooms = {"rule", "ir", "analysis", "targets", "examples", "context", "quantity", "printable", "errors"}
    for name in imports(MODULES[module]):
        if name.startswith("edgelint."):
            assert name.split(".")[1] in rooms | {"deferred"}, f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("edgelint.ir")])
def test_the_ir_knows_nothing_but_itself(module: str) -> None:
    for name in imports(MODULES[module]):
        if name.startswith("edgelint."):
            assert name.split(".")[1] in ("ir", "errors", "deferred"), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("edgelint.loaders.hdf5")])
def test_the_hdf5_reader_knows_nothing_of_keras_and_models(module: str) -> None:
    for name in imports(MODULES[module]):
        if name.startswith("edgelint."):
            assert name.startswith(("edgelint.loaders.hdf5", "edgelint.deferred")), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("edgelint.audit")])
def test_only_commands_know_audits(module: str) -> None:
    known = [name for name in imports(MODULES[module]) if name.startswith("edgelint.audit")]
    assert not known or module == "edgelint.commands.audit"


@pytest.mark.parametrize("module", MODULES)
def test_only_audits_use_what_their_extras_bring(module: str) -> None:
    if not module.startswith("edgelint.audit"):
        assert not {name.partition(".")[0] for name in imports(MODULES[module])} & AUDIT_LIBRARIES


@pytest.mark.parametrize("module", MODULES)
def test_only_the_command_line_prints(module: str) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls or module == "edgelint.cli"


def test_every_package_on_disk_is_listed_for_the_wheel() -> None:
    listed = read_toml(ROOT / "pyproject.toml")["tool"]["setuptools"]["packages"]
    on_disk = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    data = {
        ".".join(path.relative_to(ROOT).parts)
        for path in (ROOT / "edgelint").rglob("*")
        if path.is_dir() and path.name != "__pycache__" and any(path.glob("*.toml"))
    }
    assert set(listed) == on_disk | data


FRAMEWORKS = {
    *("tensorflow", "keras", "tf_keras", "onnxruntime", "h5py", "pyfive", "flatbuffers", "tflite", "torch"),
}
STANDARD = {
    *("asyncio", "concurrent", "csv", "difflib", "email", "http", "importlib.metadata", "logging"),
    *("multiprocessing", "random", "socket", "ssl", "subprocess", "tempfile", "unittest", "xml", "zipfile"),
}
"""Parts of the standard library that take long to import and that no check of a sound file needs."""

OTHER_WORK = {
    *("edgelint.comparison", "edgelint.layout", "edgelint.picture", "edgelint.reporters.html"),
    *("edgelint.audit", "edgelint.workers", *AUDIT_LIBRARIES),
    *("edgelint.commands.diff", "edgelint.commands.graph", "edgelint.commands.inspect"),
}
KERAS_IDLE = {
    *("numpy", "onnx", "networkx", "rich", "edgelint.loaders.tflite.model", "edgelint.loaders.onnx"),
    *("edgelint.loaders.hdf5.chunks", "edgelint.loaders.hdf5.fractal_heap", *OTHER_WORK),
}
LAZY = {
    "--help": (
        ["--help"],
        {"numpy", "onnx", "networkx", "rich", "edgelint.rules", *STANDARD} - {"difflib"},
    ),
    "tflite": (
        ["check", "digits_cnn.int8.tflite", "--target", "cortex-m4"],
        {
            *("numpy", "onnx", "networkx", "rich", *STANDARD, *OTHER_WORK),
            *("edgelint.lowering", "edgelint.loaders.onnx", "edgelint.loaders.keras.model"),
        },
    ),
    "onnx": (
        ["check", "digits_cnn.onnx", "--target", "onnxruntime-cpu"],
        {
            *("numpy", "networkx", "rich", *OTHER_WORK),
            *("edgelint.loaders.tflite.model", "edgelint.loaders.keras.model"),
        },
    ),
    "keras": (
        ["check", "digits_cnn.keras", "--target", "cortex-m4"],
        {*KERAS_IDLE, *STANDARD} - {"zipfile"},
    ),
    "h5": (
        ["check", "digits_cnn.h5", "--target", "cortex-m4"],
        {*KERAS_IDLE, *STANDARD, "edgelint.loaders.keras.archive"},
    ),
}
"""What is run, and what it must not import: that would be most of the time it takes."""


@pytest.mark.parametrize(("arguments", "idle"), LAZY.values(), ids=LAZY)
def test_nothing_is_imported_that_is_not_needed(arguments: list[str], idle: set[str]) -> None:
    models = {path.name: str(path) for path in (ROOT / "fixtures" / "models").iterdir()}
    needless = _loaded_by([models.get(word, word) for word in arguments]) & (idle | FRAMEWORKS)
    assert not needless


def test_rules_that_can_find_nothing_are_not_imported() -> None:
    model = str(ROOT / "fixtures" / "models" / "digits_cnn.int8.tflite")
    rules = {name for name in _loaded_by(["check", model]) if name.startswith("edgelint.rules.")}
    assert "edgelint.rules.heads.constant_output" in rules
    assert not {
        name for name in rules if name.startswith(("edgelint.rules.operators.", "edgelint.rules.training."))
    }
    assert "edgelint.rules.memory.exceeds_ram" not in rules
    assert "edgelint.rules.file.empty_file" not in rules
    assert len(rules) < len(registry()) / 2


def test_a_target_is_read_without_the_slow_reader_of_toml(tmp_path: Path) -> None:
    # Away from this checkout, whose pyproject.toml is read with it.
    model = shutil.copy(ROOT / "fixtures" / "models" / "digits_cnn.int8.tflite", tmp_path)
    assert not _loaded_by(["check", str(model), "--target", "cortex-m4"]) & {"tomllib", "tomli"}


def _loaded_by(arguments: list[str]) -> set[str]:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write('LOADED ' + ' '.join(sys.modules)))\n"
        f"sys.argv = ['edgelint', *{arguments!r}]\n"
        "from edgelint.cli import run\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "LOADED " in done.stderr
    return set(done.stderr.partition("LOADED ")[2].split())
