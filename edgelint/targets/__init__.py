"""Targets: a board or core, and the runtime on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets.accelerators import Accelerator
from edgelint.targets.accelerators import find as find_accelerator
from edgelint.targets.hardware import KIB, Core, Hardware
from edgelint.targets.sections import own_toml, sections

if TYPE_CHECKING:
    from edgelint.targets.definitions import Definitions
    from edgelint.targets.own import Maker
    from edgelint.targets.table import TableName

FOLDER = Path(__file__).parent
"""Where the data lies: cores.toml, accelerators.toml, presets.toml (targets that are no board), `boards/`
(by maker), `runtimes/`, `operators/`, `replacements/`."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What executes a model.

    name: "tflm", "litert", "onnxruntime", "tensorrt", and others.
    formats: model formats it takes as they are ("tflite").
    operators: its operator support table, a packaged one by name. tables: by format, where it has several.
    memory_model: "tflm" where the arena can be computed; "" where it is not modelled.
    version, source: what the facts about it were read from.
    limits: what a whole file may be at most ("opset", "ir_version").
    """

    name: str
    title: str
    formats: tuple[str, ...]
    operators: TableName
    memory_model: str = ""
    source: str = ""
    version: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, TableName] = field(default_factory=dict)

    def table_for(self, format: str) -> TableName:
        """Its operator support table for files of `format`."""
        return self.tables.get(format, self.operators)

    def instead_of(self, subject: str, name: str, format: str = "") -> str:
        """What it offers instead of an operator, element type… called `name`; "" where nothing is known.

        format: of the file, where that decides on the table.
        """
        from edgelint.targets.replacement import instead_of

        return instead_of(self.name, subject, name, self.table_for(format))


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
    fpu: the core's floating-point unit, "none" where it has none, "" where that is not known.
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
    fpu: str = ""


def names() -> tuple[str, ...]:
    """The names `find` knows: cores, chips and hosts, then boards by name. Cheap: nothing is parsed."""
    presets = [section.name for section in sections(FOLDER / "presets.toml").every]
    boards = [section.name for path in (FOLDER / "boards").glob("*.toml") for section in sections(path).every]
    return tuple(filter(None, (*presets, *sorted(boards))))


def find(name: str, definitions: Definitions | None = None) -> Target:
    """The target called `name`: a user's, edgelint's own, or one of an installed package.

    `path/to/boards.toml` names the board that the file defines, `path/to/boards.toml#name` one of
    several. definitions: what the user's configuration defines. Raises EdgelintError, naming the
    nearest ones, when there is none, and for a definition that means nothing.
    """
    from edgelint.targets.definitions import NONE, installed

    definitions = definitions or NONE
    file, mark, board = name.partition("#")
    if file.strip().endswith(".toml"):
        return _of_file(file.strip(), board.strip() if mark else None, definitions)
    key = name.strip().lower()
    if definitions.get("board", key) is not None:
        return _own(key, definitions)
    found = _find(key)
    if found is not None:
        return found
    if installed().get("board", key) is not None:
        return _own(key, definitions.joined(installed()))
    raise _unknown(name, definitions)


def own_names(definitions: Definitions | None = None) -> tuple[str, ...]:
    """The names of the user's own targets and of those of installed packages."""
    from edgelint.targets.definitions import NONE, installed

    return tuple(dict.fromkeys((definitions or NONE).names("board") + installed().names("board")))


def own_tables(definitions: Definitions | None = None) -> tuple[TableName, ...]:
    """The user's own operator tables and those of installed packages.

    Raises EdgelintError for one that means nothing.
    """
    from edgelint.targets.definitions import NONE, installed

    return _maker((definitions or NONE).joined(installed())).tables()


def read_toml(path: Path) -> dict[str, Any]:
    """The content of one of edgelint's own data files.

    Raises EdgelintError when it is missing or not TOML, which only a broken installation explains.
    """
    try:
        return own_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgelintError(path, f"cannot be read: {error}", hint="install edgelint again") from error


def _of_file(path: str, board: str | None, definitions: Definitions) -> Target:
    """The board that a stand-alone file defines; `board` says which, where it defines several."""
    from edgelint.targets.definitions import read_file
    from edgelint.targets.keys import nearest

    inside = read_file(Path(path))
    boards = inside.names("board")
    if not boards:
        raise EdgelintError(path, "defines no [board.NAME]")
    if board is None and len(boards) > 1:
        hint = f"name one: {' or '.join(f'{path}#{each}' for each in boards[:3])}"
        raise EdgelintError(path, f"defines {len(boards)} boards", hint=hint)
    if board is not None and board not in boards:
        raise EdgelintError(path, f"defines no board {board!r}", hint=nearest(board, boards))
    return _own(board or boards[0], definitions.joined(inside))


def _own(name: str, definitions: Definitions) -> Target:
    return _maker(definitions).target(name)


def _maker(definitions: Definitions) -> Maker:
    from edgelint.targets.own import Maker

    return Maker(definitions, _find, _core, _runtime, _accelerator)


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
        fpu=core.fpu if core else "",
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
        fpu=core.fpu,
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


def _unknown(name: str, definitions: Definitions) -> EdgelintError:
    from difflib import get_close_matches

    near = get_close_matches(name.strip().lower(), (*names(), *own_names(definitions)), 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`edgelint targets` lists them all"
    return EdgelintError(Path(), f"there is no target {name!r}", hint=hint)
