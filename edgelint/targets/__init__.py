"""Targets: a board or core, and the runtime on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError

FOLDER = Path(__file__).parent
"""Where the data lies: `boards/` (one target per file), `runtimes/`, `operators/`, `replacements/`."""

KIB = 1024


@dataclass(frozen=True, slots=True)
class Runtime:
    """What executes a model.

    name: "tflm", "litert", "onnxruntime".
    formats: model formats it takes as they are ("tflite").
    operators: name of its operator support table.
    memory_model: "tflm" where the arena can be computed; "" where it is not modelled.
    version, source: what the facts about it were read from.
    limits: what a whole file may be at most ("opset", "ir_version").
    """

    name: str
    title: str
    formats: tuple[str, ...]
    operators: str
    memory_model: str = ""
    source: str = ""
    version: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model shall run.

    ram, flash: bytes the model may use; None where the target sets no limit.
    typical: whether these budgets are a typical value for the core, not a board's own.
    microcontroller: whether a free batch dimension means 1.
    core: "cortex-m4", "x86_64"… kernels: "cmsis-nn", "esp-nn" or "portable"; simd: "base", "dsp", "mve".
    abi: "arm32", "ilp32" or "x64", as the TFLM size tables are keyed.
    npu: accelerator whose custom operator the build registers ("ethos-u"), or "".
    """

    name: str
    title: str
    runtime: Runtime
    core: str
    ram: int | None = None
    flash: int | None = None
    typical: bool = False
    microcontroller: bool = True
    kernels: str = "portable"
    simd: str = "base"
    abi: str = "arm32"
    npu: str = ""
    source: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """The names `find` knows, sorted. Cheap: no file is read."""
    return tuple(sorted(path.stem for path in (FOLDER / "boards").glob("*.toml")))


def find(name: str) -> Target:
    """The target called `name`.

    Raises EdgelintError, naming the nearest ones, when there is none.
    """
    wanted = name.strip().lower()
    if wanted not in names():
        raise _unknown(name)
    return _read(wanted)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of one of edgelint's own data files.

    Raises EdgelintError when it is missing or not TOML, which only a broken installation explains.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgelintError(path, f"cannot be read: {error}", hint="install edgelint again") from error


def parse_toml(text: str) -> dict[str, Any]:
    """`text` as TOML. Raises ValueError when it is not."""
    import sys
    from importlib import import_module

    module = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    data: dict[str, Any] = module.loads(text)
    return data


@cache
def _read(name: str) -> Target:
    data = read_toml(FOLDER / "boards" / f"{name}.toml")
    ram, flash = data.get("ram_kib"), data.get("flash_kib")
    return Target(
        name=name,
        title=data["title"],
        runtime=_runtime(data["runtime"]),
        core=data["core"],
        ram=None if ram is None else ram * KIB,
        flash=None if flash is None else flash * KIB,
        typical=data.get("typical", False),
        microcontroller=data.get("microcontroller", True),
        kernels=data.get("kernels", "portable"),
        simd=data.get("simd", "base"),
        abi=data.get("abi", "arm32"),
        npu=data.get("npu", ""),
        source=data["source"],
        extra={"retrieved": data["retrieved"]},
    )


@cache
def _runtime(name: str) -> Runtime:
    data = read_toml(FOLDER / "runtimes" / f"{name}.toml")
    return Runtime(
        name=name,
        title=data["title"],
        formats=tuple(data["formats"]),
        operators=data["operators"],
        memory_model=data.get("memory_model", ""),
        source=data["source"],
        version=data["version"],
        limits=data.get("limits", {}),
    )


def _unknown(name: str) -> EdgelintError:
    from difflib import get_close_matches

    near = get_close_matches(name.strip().lower(), names(), 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`edgelint targets` lists them all"
    return EdgelintError(Path(), f"there is no target {name!r}", hint=hint)
