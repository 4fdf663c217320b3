"""Targets: a board or core, and the runtime on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.targets.accelerators import Accelerator
from edgelint.targets.accelerators import find as find_accelerator
from edgelint.targets.hardware import KIB, Core, Hardware
from edgelint.targets.sections import parse_toml, sections

FOLDER = Path(__file__).parent
"""Where the data lies: cores.toml, accelerators.toml, presets.toml (targets that are no board), `boards/`
(by maker), `runtimes/`, `operators/`, `replacements/`."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What executes a model.

    name: "tflm", "litert", "onnxruntime", "tensorrt", and others.
    formats: model formats it takes as they are ("tflite").
    operators: name of its operator support table. tables: by format, where it has several.
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
    tables: Mapping[str, str] = field(default_factory=dict)

    def table_for(self, format: str) -> str:
        """The name of its operator support table for files of `format`."""
        return self.tables.get(format, self.operators)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model shall run.

    ram, flash: bytes the model may use; None where the target sets no limit.
    macs: multiply-accumulates one inference may take; None without such a budget.
    reserve: bytes of RAM that the application keeps, already taken off `ram`.
    typical: whether these budgets are a typical value for the core, not a board's own.
    microcontroller: whether a free batch dimension means 1.
    core: "cortex-m4", "x86_64"… kernels: "cmsis-nn", "esp-nn", "arc-mli" or "portable"; simd: "base",
    "dsp", "mve". abi: "arm32", "ilp32" or "x64", as the TFLM size tables are keyed.
    kind: "core" or "chip" (with a typical budget), "host" (a runtime on a PC), "board".
    npu: the accelerator beside the core ("ethos-u55-128"), or "". accelerator: what is known about
    it; None where edgelint has no table of its operators.
    hardware: what else is known about a board; None for the other kinds.
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
    kind: str = "core"
    hardware: Hardware | None = None
    macs: int | None = None
    reserve: int = 0
    accelerator: Accelerator | None = None


def names() -> tuple[str, ...]:
    """The names `find` knows: cores, chips and hosts, then boards by name. Cheap: nothing is parsed."""
    presets = [section.name for section in sections(FOLDER / "presets.toml").every]
    boards = [section.name for path in (FOLDER / "boards").glob("*.toml") for section in sections(path).every]
    return tuple(filter(None, (*presets, *sorted(boards))))


def find(name: str) -> Target:
    """The target called `name`.

    Raises EdgelintError, naming the nearest ones, when there is none.
    """
    found = _find(name.strip().lower())
    if found is None:
        raise _unknown(name)
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """The content of one of edgelint's own data files.

    Raises EdgelintError when it is missing or not TOML, which only a broken installation explains.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgelintError(path, f"cannot be read: {error}", hint="install edgelint again") from error


@cache
def _find(name: str) -> Target | None:
    preset = _section(FOLDER / "presets.toml", name)
    if preset is not None:
        kind, data = preset
        return _preset(kind, name, data)
    for path in sorted((FOLDER / "boards").glob("*.toml")):
        found = _section(path, name)
        if found is not None:
            return _board(name, Hardware.read(path, name, found[1]))
    return None


def _section(path: Path, name: str) -> tuple[str, dict[str, Any]] | None:
    """The kind and content of the section called `name`, None where `path` has none."""
    file = sections(path)
    for section in file.every:
        if name and section.name == name:
            return section.kind, file.parse([section])[section.kind][name]
    return None


def _preset(kind: str, name: str, data: dict[str, Any]) -> Target:
    core = _core(name if kind == "core" else data["core"]) if kind != "host" else None
    return Target(
        name=name,
        title=data["title"] if core is None or kind == "chip" else core.title,
        runtime=_runtime(data["runtime"] if core is None else core.runtime),
        core=name if kind == "core" else data["core"],
        kind=kind,
        ram=_bytes(data.get("ram_kib")),
        flash=_bytes(data.get("flash_kib")),
        typical="ram_kib" in data or "flash_kib" in data,
        microcontroller=data.get("microcontroller", True),
        kernels=core.kernels if core else data.get("kernels", "portable"),
        simd=core.kernel_class if core else "base",
        abi=core.abi if core else data["abi"],
        npu=data.get("npu", ""),
        accelerator=_accelerator(data.get("npu", "")),
        source=data["source"],
    )


def _board(name: str, board: Hardware) -> Target:
    core = _core(board.core)
    return Target(
        name=name,
        title=board.title,
        runtime=_runtime(board.runtime or core.runtime),
        core=board.core,
        kind="board",
        ram=None if board.os else board.arena,
        flash=None if board.os else board.flash_for_models,
        microcontroller=not board.os,
        kernels=core.kernels,
        simd=core.kernel_class,
        abi=core.abi,
        npu=board.npu,
        accelerator=_accelerator(board.npu),
        source=board.source,
        hardware=board,
    )


@cache
def _core(name: str) -> Core:
    path = FOLDER / "cores.toml"
    found = _section(path, name)
    if found is None:
        raise EdgelintError(path, f"has no core {name!r}")
    return Core.read(path, name, found[1])


def _bytes(kib: int | None) -> int | None:
    return None if kib is None else kib * KIB


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
        tables=data.get("tables", {}),
    )


def _accelerator(npu: str) -> Accelerator | None:
    return find_accelerator(sections(FOLDER / "accelerators.toml"), npu) if npu else None


def _unknown(name: str) -> EdgelintError:
    from difflib import get_close_matches

    near = get_close_matches(name.strip().lower(), names(), 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`edgelint targets` lists them all"
    return EdgelintError(Path(), f"there is no target {name!r}", hint=hint)
