"""Users' own targets, made of their definitions.

[board.acme-sensor]
inherits = "cortex-m4"        # any other target; or core = "cortex-m4f" alone
title = "Acme sensor, revision 2"
ram = "96 KiB"                # what a model may use; flash and macs likewise
operators = "acme"            # an operator table; runtime and accelerator likewise

[runtime.acme-rt]
inherits = "tflm"             # or title, formats and operators
[accelerator.acme-npu]
inherits = "ethos-u55-128"    # or title, table and tool
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgelint.deferred import replace
from edgelint.errors import EdgelintError
from edgelint.quantity import parse_bytes, parse_count
from edgelint.targets import FOLDER, Runtime, Target
from edgelint.targets.accelerators import Accelerator
from edgelint.targets.definitions import Definition, Definitions
from edgelint.targets.hardware import Core
from edgelint.targets.keys import a_table, nearest, only_known, words_of
from edgelint.targets.sections import sections
from edgelint.targets.table import OwnTable, TableName, root

FORMATS = ("tflite", "onnx", "keras", "keras-h5")

KERNELS = ("cmsis-nn", "esp-nn", "arc-mli", "portable")
VARIANTS = ("base", "dsp", "mve")

NO_ACCELERATOR = "none"

FORMS = {"tflm": "tflm", "litert": "litert-cpu", "onnxruntime": "onnxruntime-cpu"}
"""Runtimes that read rows of a form of their own, and the packaged table that has that form."""

DEEPEST = 8
"""How long a chain of inheritance may be."""

_BOARD_KEYS = (
    *("inherits", "title", "core", "ram", "flash", "macs", "kernels", "simd", "microcontroller"),
    *("runtime", "operators", "accelerator", "source"),
)
_RUNTIME_KEYS = ("inherits", "title", "version", "source", "formats", "operators", "tables", "limits")
_ACCELERATOR_KEYS = ("inherits", "title", "table", "tool", "source", "compiled")


class Maker:
    """Makes targets of definitions.

    packaged: what is called so among edgelint's own targets; None where none is. core, runtime,
    accelerator: the packaged ones of a name.
    """

    def __init__(
        self,
        definitions: Definitions,
        packaged: Callable[[str], Target | None],
        core: Callable[[str], Core],
        runtime: Callable[[str], Runtime],
        accelerator: Callable[[str], Accelerator | None],
    ) -> None:
        self.definitions = definitions
        self.packaged = packaged
        self.core = core
        self.runtime = runtime
        self.accelerator = accelerator
        self.making: list[tuple[str, str]] = []

    def target(self, name: str) -> Target:
        """The target that the definition of board `name` comes to.

        Raises EdgelintError, with file, place and the nearest right word, for whatever means nothing.
        """
        board = self._begin("board", name, _BOARD_KEYS)
        if self.packaged(name) is not None:
            raise _wrong(board, f"has the name of one of edgelint's own targets, {name!r}", "choose another")
        target = self._base(name, board)
        core = self._core(board) if "core" in board.data and "inherits" in board.data else None
        if core is not None:
            target = replace(
                target,
                core=board.data["core"],
                kernels=core.kernels,
                simd=core.kernel_class,
                abi=core.abi,
                fpu=core.fpu,
                hardware=None,
            )
        target = replace(
            target,
            name=name,
            kind="board",
            title=_text(board, "title", target.title),
            source=_text(board, "source", str(board.path)),
            ram=_amount(board, "ram", target.ram, parse_bytes),
            flash=_amount(board, "flash", target.flash, parse_bytes),
            macs=_amount(board, "macs", target.macs, parse_count),
            typical=target.typical and not {"ram", "flash"} & set(board.data),
            kernels=_one_of(board, "kernels", target.kernels, KERNELS),
            simd=_one_of(board, "simd", target.simd, VARIANTS),
            microcontroller=_flag(board, "microcontroller", target.microcontroller),
            runtime=self._runtime_of(board, target.runtime),
        )
        self.making.pop()
        return self._accelerated(board, target)

    def tables(self) -> tuple[TableName, ...]:
        """All operator tables that are defined. Raises EdgelintError as `target` does."""
        return tuple(
            self._any_table(self.definitions.every["operators", name], name)
            for name in self.definitions.names("operators")
        )

    def _begin(self, kind: str, name: str, known: tuple[str, ...]) -> Definition:
        found = self.definitions.get(kind, name)
        if found is None:
            raise EdgelintError(Path(), f"there is no {kind} {name!r}")
        if (kind, name) in self.making or len(self.making) >= DEEPEST:
            chain = " inherits ".join(repr(each) for _, each in [*self.making, (kind, name)])
            raise _wrong(found, f"inherits itself or too long a chain: {chain}")
        only_known(found.path, found.where, found.data, known)
        self.making.append((kind, name))
        return found

    def _base(self, name: str, board: Definition) -> Target:
        """What the board starts from: another target, or the bare build of a core."""
        if "inherits" in board.data:
            inherited = _text(board, "inherits", "")
            if self.definitions.get("board", inherited) is not None:
                return self.target(inherited)
            found = self.packaged(inherited)
            if found is None:
                from edgelint.targets import names

                known = (*names(), *self.definitions.names("board"))
                raise _wrong(board, f"inherits {inherited!r}, which is no target", nearest(inherited, known))
            return found
        if "core" not in board.data:
            raise _wrong(board, "lacks inherits or core")
        core = self._core(board)
        if not core.runtime and "runtime" not in board.data:
            raise _wrong(board, f"lacks runtime: edgelint knows none for {board.data['core']}")
        return Target(
            name=name,
            title=core.title,
            runtime=self.runtime(core.runtime or "tflm"),
            core=board.data["core"],
            kernels=core.kernels,
            simd=core.kernel_class,
            abi=core.abi,
            fpu=core.fpu,
        )

    def _core(self, board: Definition) -> Core:
        name = _text(board, "core", "")
        known = [section.name for section in sections(FOLDER / "cores.toml").every if section.kind == "core"]
        if name not in known:
            raise _wrong(board, f"has the unknown core {name!r}", nearest(name, known))
        return self.core(name)

    def _runtime_of(self, board: Definition, inherited: Runtime) -> Runtime:
        found = self._runtime(board, board.data["runtime"]) if "runtime" in board.data else inherited
        return self._with_table(board, found) if "operators" in board.data else found

    def _runtime(self, user: Definition, name: object) -> Runtime:
        if not isinstance(name, str) or self.definitions.get("runtime", name) is None:
            known = sorted(path.stem for path in (FOLDER / "runtimes").glob("*.toml"))
            if name not in known:
                known += self.definitions.names("runtime")
                raise _wrong(user, f"has the unknown runtime {name!r}", nearest(str(name), known))
            return self.runtime(str(name))
        own = self._begin("runtime", name, _RUNTIME_KEYS)
        if "inherits" in own.data:
            base = self._runtime(own, own.data["inherits"])
        else:
            _needs(own, ("title", "formats", "operators"))
            base = Runtime(name, "", (), "", version="own")
        formats = words_of(own.path, f"{own.where} formats", own.data.get("formats", list(base.formats)))
        for format in formats:
            if format not in FORMATS:
                raise _wrong(own, f"has the unknown format {format!r}", nearest(format, FORMATS))
        made = replace(
            base,
            title=_text(own, "title", base.title),
            version=_text(own, "version", base.version),
            source=_text(own, "source", str(own.path)),
            formats=formats,
            limits={**base.limits, **_limits(own)},
        )
        made = self._with_table(own, made) if "operators" in own.data else made
        tables = a_table(own.path, f"{own.where} tables", own.data.get("tables", {}))
        only_known(own.path, f"{own.where} tables", tables, FORMATS)
        made = replace(
            made, tables={**made.tables, **{each: self._table(own, made, tables[each]) for each in tables}}
        )
        self.making.pop()
        return made

    def _with_table(self, user: Definition, runtime: Runtime) -> Runtime:
        return replace(runtime, operators=self._table(user, runtime, user.data["operators"]), tables={})

    def _table(self, user: Definition, runtime: Runtime | None, name: object) -> TableName:
        """The table called `name`, in the form that `runtime` reads; None for an accelerator."""
        from edgelint.targets.own_table import ROW_TYPES

        table = self._any_table(user, name)
        wanted = FORMS.get(runtime.name, "") if runtime else ""
        given = root(table) if root(table) in ROW_TYPES else ""
        if given != wanted:
            reader = runtime.title if runtime else "an accelerator"
            form = f"like that of {wanted!r}" if wanted else f"of the general form, which {given!r} has not"
            raise _wrong(user, f"has the operator table {str(table)!r}, and {reader} reads one {form}")
        return table

    def _any_table(self, user: Definition, name: object) -> TableName:
        from edgelint.targets.own_table import verify

        if isinstance(name, str) and self.definitions.get("operators", name) is not None:
            own = self.definitions.every["operators", name]
            if ("operators", name) in self.making or len(self.making) >= DEEPEST:
                raise _wrong(own, f"inherits itself: {name!r}")
            self.making.append(("operators", name))
            inherits = self._any_table(own, own.data["inherits"]) if "inherits" in own.data else ""
            self.making.pop()
            return verify(OwnTable(name, own.path, own.where, inherits, own.data))
        known = sorted(path.stem for path in (FOLDER / "operators").glob("*.toml"))
        if name not in known:
            known += self.definitions.names("operators")
            raise _wrong(user, f"names the unknown operator table {name!r}", nearest(str(name), known))
        return str(name)

    def _accelerated(self, board: Definition, target: Target) -> Target:
        if "accelerator" not in board.data:
            return target
        name = _text(board, "accelerator", "")
        if name == NO_ACCELERATOR:
            return replace(target, npu="", accelerator=None)
        return replace(target, npu=name, accelerator=self._accelerator(board, name))

    def _accelerator(self, user: Definition, name: str) -> Accelerator:
        if self.definitions.get("accelerator", name) is None:
            found = self.accelerator(name)
            if found is None:
                known = [each.name for each in sections(FOLDER / "accelerators.toml").every if each.name]
                known += [NO_ACCELERATOR, *self.definitions.names("accelerator")]
                raise _wrong(user, f"has the unknown accelerator {name!r}", nearest(name, known))
            return found
        own = self._begin("accelerator", name, _ACCELERATOR_KEYS)
        if "inherits" in own.data:
            base = self._accelerator(own, _text(own, "inherits", ""))
        else:
            _needs(own, ("title", "table", "tool"))
            base = Accelerator(name, "", "", "", "")
        self.making.pop()
        return replace(
            base,
            name=name,
            title=_text(own, "title", base.title),
            tool=_text(own, "tool", base.tool),
            source=_text(own, "source", str(own.path)),
            compiled=_text(own, "compiled", base.compiled),
            table=self._table(own, None, own.data["table"]) if "table" in own.data else base.table,
        )


def _wrong(definition: Definition, problem: str, hint: str = "") -> EdgelintError:
    return EdgelintError(definition.path, problem, where=definition.where, hint=hint)


def _needs(definition: Definition, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if key not in definition.data]
    if missing:
        raise _wrong(definition, f"lacks inherits, or {', '.join(missing)}")


def _text(definition: Definition, key: str, default: str) -> str:
    said = definition.data.get(key, default)
    if not isinstance(said, str):
        raise _wrong(definition, f"has {said!r} for {key}, which is no string")
    return said


def _flag(definition: Definition, key: str, default: bool) -> bool:
    said = definition.data.get(key, default)
    if not isinstance(said, bool):
        raise _wrong(definition, f"has {said!r} for {key}; true or false")
    return said


def _one_of(definition: Definition, key: str, default: str, known: tuple[str, ...]) -> str:
    said = _text(definition, key, default)
    if said not in known:
        raise _wrong(definition, f"has the unknown {key} {said!r}", nearest(said, known))
    return said


def _amount(definition: Definition, key: str, default: int | None, parse: Callable[[str], int]) -> int | None:
    if key not in definition.data:
        return default
    said = definition.data[key]
    if said == "no limit":
        return None
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    try:
        return parse(said)
    except (ValueError, TypeError) as error:
        raise _wrong(definition, f"has {said!r} for {key}, which is no amount such as '96K'") from error


def _limits(definition: Definition) -> Mapping[str, Any]:
    where = f"{definition.where} limits"
    limits = a_table(definition.path, where, definition.data.get("limits", {}))
    only_known(definition.path, where, limits, ("opset", "ir_version"))
    for key, said in limits.items():
        if not isinstance(said, int) or isinstance(said, bool):
            raise _wrong(definition, f"has {said!r} for limits.{key}, which is no whole number")
    return limits
