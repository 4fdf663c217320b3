"""What `edgelint rule` and `edgelint targets` print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from edgelint.quantity import show_bytes
from edgelint.reporters import Style
from edgelint.reporters.operators import listed, tables
from edgelint.reporters.table import write_table
from edgelint.rule import FAMILIES, Rule, family
from edgelint.targets import Target
from edgelint.targets.describe import is_supported, limits
from edgelint.targets.table import Table

_RULE_COLUMNS = (("code", "left"), ("severity", "left"), ("rule", "left"), ("what it finds", "left"))
_TARGET_COLUMNS = (
    ("target", "left"),
    ("runtime", "left"),
    ("core", "left"),
    ("RAM", "right"),
    ("flash", "right"),
    ("what it is", "left"),
)
_NO_OPERATORS = "edgelint does not know this runtime: operators, RAM and flash are not judged\n"


def write_rules(rules: Sequence[Rule], out: TextIO, style: Style, format: str) -> None:
    """A line per rule, family by family."""
    if format == "json":
        _dump([_rule_data(rule) for rule in rules], out)
        return
    rows = [(rule.code, rule.severity.value, rule.name, rule.summary()) for rule in rules]
    write_table(out, style, _RULE_COLUMNS, rows)


def write_rule(rule: Rule, out: TextIO, format: str) -> None:
    """One rule's documentation, with its examples."""
    if format == "json":
        _dump(_rule_data(rule), out)
        return
    about = FAMILIES[family(rule.code)]
    out.write(f"{rule.code} {rule.name} ({rule.severity.value}; {about})\n\n{rule.documentation()}\n")
    if rule.options:
        out.write(f"\n## Options (--option {rule.code}.NAME=VALUE)\n")
        out.writelines(f"- {name} = {each.default}: {each.about}\n" for name, each in rule.options.items())
    if rule.INVALID:
        out.write("\n## Found in\n")
        for example, message in rule.INVALID:
            out.write(f"- {example}\n  {message}\n")
    if rule.VALID:
        out.write("\n## Quiet about\n")
        out.writelines(f"- {example}\n" for example in rule.VALID)


def write_targets(targets: Sequence[Target], out: TextIO, style: Style, format: str) -> None:
    """A line per target, in the order given, with a gap between kinds of targets."""
    if format == "json":
        _dump([_target_data(target) for target in targets], out)
        return
    rows: list[tuple[str, ...]] = []
    for before, target in zip((None, *targets), targets, strict=False):
        if before is not None and before.kind != target.kind:
            rows.append(("",) * len(_TARGET_COLUMNS))
        sizes = _budget(target.ram), _budget(target.flash)
        rows.append((target.name, target.runtime.title, target.core, *sizes, target.title))
    write_table(out, style, _TARGET_COLUMNS, rows)


def write_target(target: Target, out: TextIO, style: Style, format: str) -> None:
    """One target's facts and the operators that its runtime and accelerator have, with their limits."""
    known = list(tables(target))
    if format == "json":
        data = _target_data(target)
        data["operators"] = _operators_data(known[0]) if known else {}
        data["tables"] = {table.name: _operators_data(table) for table in known[1:]}
        _dump(data, out)
        return
    facts = [*_facts(target), *(_board_facts(target) if target.hardware else ())]
    facts += [("source", target.source)]
    facts += [("operators", f"{table.name}, {table.version}, {table.source}") for table in known]
    out.write(f"{target.name}: {target.title}\n")
    out.writelines(f"  {name:<14} {fact}\n" for name, fact in facts)
    out.write("\n")
    if not known:
        out.write(_NO_OPERATORS)
    for place, table in enumerate(known):
        out.write(f"\n{table.name}\n" if place else "")
        cells = [(entry.operator, "; ".join(entry.limits)) for entry in listed(table) if entry.supported]
        write_table(out, style, (("operator", "left"), ("limits", "left")), cells)


def _operators_data(table: Table) -> dict[str, Any]:
    return {
        name: {"supported": is_supported(rows), "limits": [list(limits(row, table.form)) for row in rows]}
        for name, rows in table.operators.items()
    }


def _facts(target: Target) -> Iterator[tuple[str, str]]:
    typical = " (typical for the core)" if target.typical else ""
    takes = ", takes " + ", ".join(target.runtime.formats) if target.runtime.formats else ""
    yield "runtime", target.runtime.title + takes
    variant = f", {target.simd} variant" if target.kernels == "cmsis-nn" else ""
    kernels = f" ({target.kernels} kernels{variant})" if target.runtime.memory_model == "tflm" else ""
    yield "core", target.core + kernels
    if target.accelerator and target.hardware is None:
        yield "accelerator", f"{target.npu}, compiled for or delegated to by {target.accelerator.tool}"
    yield "RAM budget", (_budget(target.ram) or "no limit") + (typical if target.ram else "")
    yield "flash budget", (_budget(target.flash) or "no limit") + (typical if target.flash else "")


def _board_facts(target: Target) -> Iterator[tuple[str, str]]:
    """What is on the board, for a reader; what is not there or not known is left out."""
    board = target.hardware
    if board is None:
        return
    several = f", {board.cores} cores" if board.cores > 1 else ""
    yield "chip", f"{board.chip}, {board.clock_mhz:g} MHz{several}"
    yield "RAM", f"{show_bytes(board.ram)}, largest stretch {show_bytes(board.arena)}"
    if board.regions:
        yield "RAM banks", ", ".join(f"{bank} {show_bytes(size)}" for bank, size in board.regions.items())
    sizes = {
        "RAM usable": board.ram_usable,
        "external RAM": board.ext_ram,
        "flash": board.flash,
        "flash usable": board.flash_usable,
        "external flash": board.ext_flash,
    }
    for name, size in sizes.items():
        if size is not None:
            yield name, show_bytes(size) if size else "none"
    judged = "" if target.accelerator else " (not judged)"
    words = {"accelerator": f"{board.npu}{judged}" if board.npu else "", "system": board.os}
    words |= {**board.further, "note": board.note}
    yield from ((name, fact) for name, fact in words.items() if fact)
    yield "confidence", _CONFIDENCE[board.confidence]


def _budget(limit: int | None) -> str:
    return "" if limit is None else show_bytes(limit)


_CONFIDENCE = {
    "read": "RAM, flash and clock read in the source",
    "mixed": "main sizes read in the source, regions or clock recalled",
    "recalled": "recalled from the datasheet: verify before relying on it",
}


def _rule_data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "family": FAMILIES[family(rule.code)],
        "summary": rule.summary(),
        "documentation": rule.documentation(),
    }


def _target_data(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "title": target.title,
        "runtime": target.runtime.name,
        "formats": list(target.runtime.formats),
        "core": target.core,
        "ram_bytes": target.ram,
        "flash_bytes": target.flash,
        "typical": target.typical,
        "kind": target.kind,
        "kernels": target.kernels,
        "npu": target.npu,
        "source": target.source,
        "board": asdict(target.hardware) if target.hardware else None,
    }


def _dump(data: object, out: TextIO) -> None:
    json.dump(data, out, indent=1)
    out.write("\n")
